"""What a host and a pack's process say to each other: msgpack of plain structs over a socket pair, never a pickle.

Arrays do not travel: they lie in memory that the host owns and both map (`nawgraph.packs.memory`). The host hands the
descriptors of that memory over the same socket; it takes none in return, and refuses whatever does not fit the schema.
"""

from __future__ import annotations

import array
import os
import socket
import struct
import threading
import time
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

import msgspec

from nawgraph.packs.catalogue import Entry

LIMIT = 32 << 20
"""Bytes of a message: plain data and small arrays only."""

_HEAD = struct.Struct("<II")
_FDS = 128
"""Descriptors that one message brings at most."""


class Slice(msgspec.Struct, array_like=True, frozen=True):
    """Where an array lies.

    Attributes:
        dtype: numpy's text for it, such as ``<f4``.
        region: number of the memory region; 0: `data` has the bytes.
        start: offset in the region.
    """

    dtype: str
    shape: tuple[int, ...]
    region: int
    start: int
    data: bytes = b""


class Parcel(msgspec.Struct, array_like=True, frozen=True):
    """A value: plain data as `nawgraph.values.core.split` makes it, and its arrays."""

    plain: Any
    arrays: tuple[Slice, ...]


# ------------------------------------------------------------------------------- host to pack


class Call(msgspec.Struct, tag=True):
    """Call a node.

    Attributes:
        node: its id.
        given: parameter → value.
        lists: parameters that take a list where the wire carries a tuple.
        regions: numbers and sizes of the regions whose descriptors come with this message; the first `kept` are for
            later calls as well, until the next ones.
        out: folder for what an exporter writes, "" for a node that is none.
        provenance: see `nawgraph.context.Context`.
    """

    node: str
    given: dict[str, Parcel]
    lists: tuple[str, ...]
    regions: tuple[tuple[int, int], ...]
    kept: int = 0
    out: str = ""
    provenance: str = ""


class Granted(msgspec.Struct, tag=True):
    """Memory for a result, whose descriptor comes with this message if it is new; or a path that `Claim` asked for."""

    region: int = 0
    size: int = 0
    path: str = ""
    error: str = ""


class Cancel(msgspec.Struct, tag=True):
    """Stop the call."""


class Describe(msgspec.Struct, tag=True):
    """Say what nodes the code has."""


Command = Call | Granted | Cancel | Describe

# ------------------------------------------------------------------------------- pack to host


class Ready(msgspec.Struct, tag=True):
    """The pack's code is imported, or why it is not; what the kernel enforces."""

    landlock: int = 0
    seccomp: bool = False
    why: str = ""
    nodes: tuple[str, ...] = ()
    error: str = ""
    detail: str = ""


class Want(msgspec.Struct, tag=True):
    """Ask for memory of so many bytes."""

    size: int


class Claim(msgspec.Struct, tag=True):
    """An exporter asks for a path."""

    name: str


class Said(msgspec.Struct, tag=True):
    """Progress of the call."""

    done: int
    total: int
    label: str = ""


class Shown(msgspec.Struct, tag=True):
    """A preview; small, since it travels in the message."""

    value: Parcel


class Returned(msgspec.Struct, tag=True):
    """The node returned, raised or obeyed a cancel.

    Attributes:
        results: one an output port.
        files: names of what an exporter wrote.
        refused: the kernel did not let it do something.
        holds: something still looks at arrays of the kept region.
    """

    results: tuple[Parcel, ...] = ()
    warnings: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    error: str = ""
    detail: str = ""
    refused: bool = False
    cancelled: bool = False
    holds: bool = False


class Described(msgspec.Struct, tag=True):
    """The nodes that the code has, or why they cannot be those of a pack."""

    nodes: tuple[Entry, ...] = ()
    error: str = ""


Reply = Ready | Want | Claim | Said | Shown | Returned | Described

T = TypeVar("T")


class BrokenError(Exception):
    """What came is no message of the schema."""


class Channel(Generic[T]):
    """One end of the connection. Any number of threads may send, one may receive.

    Args:
        end: the socket.
        incoming: union of the messages that may come.
        takes_descriptors: whether descriptors come with them.
        patience: seconds that a message may take to be sent, and to be received once it has begun; None for an end that
            trusts the other. With it, one thread alone may send and receive.
    """

    def __init__(
        self, end: socket.socket, incoming: Any, *, takes_descriptors: bool = False, patience: float | None = None
    ) -> None:
        self._socket = end
        self._takes = takes_descriptors
        self._patience = patience
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(incoming).decode
        self._lock = threading.Lock()
        self.descriptors: list[int] = []
        """Those that came with the last message."""

    def send(self, message: Any, descriptors: Sequence[int] = ()) -> None:
        """Send one message whole.

        Raises:
            OSError: the other end is gone.
            BrokenError: it does not listen.
        """
        data = self._encode(message)
        head = _HEAD.pack(len(data), len(descriptors))
        try:
            with self._lock:
                if self._patience is not None:
                    self._socket.settimeout(self._patience)
                if descriptors:
                    socket.send_fds(self._socket, [head], list(descriptors))
                    self._socket.sendall(data)
                else:
                    self._socket.sendall(head + data)
        except TimeoutError:
            raise BrokenError("it does not listen") from None

    def receive(self, timeout: float | None = None) -> T:
        """The next message.

        Raises:
            TimeoutError: none began for so many seconds.
            EOFError, OSError: the other end is gone.
            BrokenError: it sent something else.
        """
        if self._takes:
            size, _ = _HEAD.unpack(self._head())
        else:  # descriptors that come along are closed by the kernel
            if self._patience is not None:
                self._socket.settimeout(timeout)
            first = self._socket.recv(1)
            if not first:
                raise EOFError
            size, _ = _HEAD.unpack(first + self._exactly(_HEAD.size - 1))
        if size > LIMIT:
            raise BrokenError(f"a message of {size:,} bytes; {LIMIT >> 20} MiB are the most")
        try:
            return self._decode(self._exactly(size))  # type: ignore[no-any-return]
        except (msgspec.DecodeError, RecursionError) as error:
            raise BrokenError(str(error)) from None

    def _head(self) -> bytes | bytearray:
        head, ancillary, _, _ = self._socket.recvmsg(_HEAD.size, socket.CMSG_LEN(_FDS * 4))
        self.descriptors = []
        for level, kind, data in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                self.descriptors += array.array("i", data[: len(data) // 4 * 4])
        return head + self._exactly(_HEAD.size - len(head)) if head else self._exactly(_HEAD.size)

    def _exactly(self, size: int) -> bytes | bytearray:
        made = bytearray(size)
        rest = memoryview(made)
        end = time.monotonic() + self._patience if self._patience is not None else None
        while rest:
            if end is not None:
                left = end - time.monotonic()
                if left <= 0:
                    raise BrokenError("a message that stops halfway")
                self._socket.settimeout(left)
            try:
                got = self._socket.recv_into(rest)
            except TimeoutError:
                continue
            if not got:
                raise EOFError
            rest = rest[got:]
        return made

    def fileno(self) -> int:
        return self._socket.fileno()

    def close(self) -> None:
        self._socket.close()


def closed(descriptors: Sequence[int]) -> None:
    """Close descriptors."""
    for number in descriptors:
        os.close(number)
