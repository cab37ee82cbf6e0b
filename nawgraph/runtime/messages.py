"""What a session and its engine process say to each other: msgpack of plain structs over a socket pair.

Graphs travel as the text of their file, values never: they lie in files that both map into memory.
"""

from __future__ import annotations

import os
import subprocess
import threading
from multiprocessing.connection import Pipe
from typing import Any, Generic, TypeVar

import msgspec

from nawgraph.runtime.events import Event, Expected, Finished


class Setup(msgspec.Struct, tag=True):
    """The first message: what the engine process is to be.

    Attributes:
        parent: process id of the session.
        provider: module with `provided(library)` and `engine()`, "" for the standard nodes and the local engine alone.
        nodes: modules whose nodes are added to the standard library.
        cache_dir: folder of the disk cache, "" for memory only.
        folder: of the session, for values that lie in no cache file.
        flight, fault: files for the record of steps being worked on, and for the traceback of a crash.
    """

    parent: int
    provider: str
    nodes: tuple[str, ...]
    cache_dir: str
    folder: str
    flight: str
    fault: str
    device: str
    ram_bytes: int
    disk_bytes: int


class Execute(msgspec.Struct, tag=True):
    """Run a document; `barred` and `solo` as in `nawgraph.runtime.care.Care`."""

    run: int
    graph: str
    targets: tuple[str, ...] | None
    out_dir: str
    base: str
    document: str
    barred: dict[str, tuple[str, str]]
    solo: tuple[str, ...]


class Cancel(msgspec.Struct, tag=True):
    """Stop a run."""

    run: int


class Fetch(msgspec.Struct, tag=True):
    """Put the value with this digest where it can be mapped."""

    request: int
    digest: bytes


class Foretell(msgspec.Struct, tag=True):
    """Say what a run would do."""

    request: int
    graph: str
    targets: tuple[str, ...] | None
    out_dir: str
    base: str
    document: str


class Close(msgspec.Struct, tag=True):
    """Write what is pending and end."""


Command = Setup | Execute | Cancel | Fetch | Foretell | Close


class Ready(msgspec.Struct, tag=True):
    """The engine is set up; or, with a sentence, cannot be."""

    error: str = ""


class Packet(msgspec.Struct, tag=True):
    """Events of a run, several at once. Run 0 is the engine itself."""

    run: int
    events: tuple[Event, ...]


class Done(msgspec.Struct, tag=True):
    """A run ended: its last event, and ``node.output`` → digest of all that is known."""

    run: int
    finished: Finished
    outputs: dict[str, bytes]


class Answer(msgspec.Struct, tag=True):
    """To a request: a file, or what to expect of each step in plan order; or a sentence why not."""

    request: int
    path: str = ""
    steps: dict[str, Expected] = {}
    error: str = ""


Reply = Ready | Packet | Done | Answer

T = TypeVar("T")


class Channel(Generic[T]):
    """One end of a connection that sends messages whole and receives messages of the given union.

    Any number of threads may send, one may receive.
    """

    def __init__(self, connection: Any, incoming: Any) -> None:
        self._connection = connection
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(incoming).decode
        self._lock = threading.Lock()

    def send(self, message: Any) -> None:
        """Send one message. Raises OSError if the other end is gone."""
        data = self._encode(message)
        with self._lock:
            self._connection.send_bytes(data)

    def receive(self) -> T:
        """The next message. Raises EOFError or OSError if the other end is gone."""
        return self._decode(self._connection.recv_bytes())  # type: ignore[no-any-return]

    def close(self) -> None:
        self._connection.close()


def pair() -> tuple[Any, Any]:
    """Both ends of a new connection."""
    return Pipe()


def inheritable(connection: Any) -> dict[str, Any]:
    """Arguments of `subprocess.Popen` that give a child one end; its number there is ``connection.fileno()``."""
    number = connection.fileno()
    if os.name == "nt":
        os.set_handle_inheritable(number, True)  # type: ignore[attr-defined]
        info = subprocess.STARTUPINFO(lpAttributeList={"handle_list": [number]})  # type: ignore[attr-defined]
        return {"startupinfo": info}
    return {"pass_fds": (number,)}


def opened(number: int) -> Any:
    """The end that a child was given."""
    import multiprocessing.connection

    kind = "PipeConnection" if os.name == "nt" else "Connection"
    return getattr(multiprocessing.connection, kind)(number)
