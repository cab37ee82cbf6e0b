"""A pack's process as its host sees it: started, called, watched, ended."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nawgraph.context import Cancelled, Context
from nawgraph.home import PROGRAM
from nawgraph.packs import memory, messages
from nawgraph.packs.bubblewrap import wrapped
from nawgraph.packs.catalogue import Entry
from nawgraph.packs.sandbox import Policy, State

TICK = 0.05
"""Seconds between two looks at a cancel, at the clock and at the memory of a process at work."""

GRACE = 0.7
"""Seconds that a node has to obey a cancel before its process is ended."""

STARTING = 120.0
"""Seconds that a pack may take to be imported."""

PATIENCE = 5.0
"""Seconds that a message between the two may take."""

_PREFIX = "nawgraph-pack-"

_REASONS = {"SIGSEGV": "segmentation fault", "SIGKILL": "killed", "SIGABRT": "aborted", "SIGBUS": "bus error"}


class PackError(ValueError):
    """What went wrong in a pack's process, as one sentence; `detail` has more."""

    def __init__(self, sentence: str, detail: str = "") -> None:
        super().__init__(sentence)
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Launch:
    """How to start a pack's process.

    Attributes:
        id, module: of the pack.
        sites: folders of Python packages, the pack's own first.
        policy: what it may do, its own folders not included.
        patience: seconds that a call may go without a word.
        environment: variables that it gets beside a bare few.
        refused: permissions that it asks for and was not given.
    """

    id: str
    module: str
    sites: tuple[str, ...]
    policy: Policy
    patience: float
    environment: tuple[tuple[str, str], ...] = ()
    refused: tuple[str, ...] = ()


class PackProcess:
    """One process. Not for several threads at once; the engine sees to it.

    Raises:
        PackError: it could not be started, or its code not be imported.
    """

    def __init__(self, launch: Launch) -> None:
        self._launch = launch
        self.folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
        (self.folder / "in").mkdir()
        (self.folder / "out").mkdir()
        here, there = socket.socketpair()
        self._log = (self.folder / "log").open("w+b")
        (self.folder / "work").mkdir()
        try:
            self._process = self._started(there)
        finally:
            there.close()
        self._channel: messages.Channel[messages.Reply] = messages.Channel(here, messages.Reply, patience=PATIENCE)
        self._poll = select.poll()
        self._poll.register(here, select.POLLIN)
        self.state = State()
        self.inbox = memory.Scratch()
        self.outbox = memory.Scratch()
        self._send_setup(here)
        self._greet()

    def _started(self, there: socket.socket) -> subprocess.Popen[bytes]:
        root = str(PROGRAM.parent)
        code = f"import sys; sys.path.append({root!r}); from nawgraph.packs.runner import main; main({there.fileno()})"
        work = str(self.folder / "work")
        environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": work,
            "TMPDIR": work,
            "XDG_CACHE_HOME": f"{work}/cache",
            "NUMBA_CACHE_DIR": f"{work}/numba",
            "LANG": "C.UTF-8",
            "PYTHONHASHSEED": "0",
            **dict(self._launch.environment),
        }
        command = [sys.executable, "-I", "-S", "-c", code]
        whole = wrapped(command, self._policy(), work)
        self._wrapped = whole is not command
        return subprocess.Popen(
            whole,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            env=environment,
            cwd=work,
            start_new_session=True,
            pass_fds=(there.fileno(),),
        )

    def _policy(self) -> Policy:
        policy = self._launch.policy
        own = (
            str(PROGRAM),
            *(p for p in dict.fromkeys((sys.base_prefix, sys.base_exec_prefix))),
        )
        read = (*policy.read, *own, *self._launch.sites, str(self.folder / "in"))
        write = (*policy.write, str(self.folder / "out"), str(self.folder / "work"))
        return Policy(read, write, policy.network, policy.subprocess, policy.gpu, policy.memory, policy.enforce)

    def _send_setup(self, here: socket.socket) -> None:
        setup = {
            "policy": asdict(self._policy()),
            "id": self._launch.id,
            "module": self._launch.module,
            "sites": list(self._launch.sites),
            "folder": str(self.folder / "work"),
        }
        data = json.dumps(setup).encode()
        with contextlib.suppress(OSError):  # an end that is gone is heard of at once
            here.sendall(struct.pack("<I", len(data)) + data)

    def _greet(self) -> None:
        deadline = time.monotonic() + STARTING
        while not self._poll.poll(TICK * 1000):
            if time.monotonic() > deadline:
                self.end()
                raise PackError(f"the pack {self._launch.id} did not start within {STARTING:.0f} s")
        ready = self._heard()
        if not isinstance(ready, messages.Ready):
            self.end()
            raise PackError(f"the pack {self._launch.id} broke the rules of its connection")
        self.state = State(ready.landlock, ready.seccomp, self._wrapped, ready.why)
        self.nodes = ready.nodes
        if ready.error:
            self.end()
            raise PackError(f"the pack {self._launch.id} cannot be loaded: {ready.error}", ready.detail)

    # ------------------------------------------------------------------------------------ calls

    def describe(self) -> tuple[Entry, ...]:
        """The nodes that the pack's code has. Raises `PackError`."""
        self._send(messages.Describe())
        reply = self._heard()
        if not isinstance(reply, messages.Described):
            self.end()
            raise PackError(f"the pack {self._launch.id} broke the rules of its connection")
        if reply.error:
            raise PackError(reply.error)
        return reply.nodes

    def call(
        self, command: messages.Call, descriptors: list[int], ctx: Context, shown: Callable[[messages.Parcel], Any]
    ) -> messages.Returned:
        """Have a node called. Large arrays of what it returns lie in `outbox`.

        Raises:
            Cancelled: by the user; the process may be gone.
            PackError: the process ended, broke the rules, took too much memory or too long; it is gone.
        """
        self._send(command, descriptors)
        return self._followed(command, ctx, shown)

    def _followed(
        self, command: messages.Call, ctx: Context, shown: Callable[[messages.Parcel], Any]
    ) -> messages.Returned:
        """Answer what the process asks, until it returns."""
        last = looked = time.monotonic()
        cancelled, granted = 0.0, False
        while True:
            heard = self._poll.poll(TICK * 1000)
            now = time.monotonic()
            if not cancelled and _wants_end(ctx):
                cancelled = now
                self._send(messages.Cancel())
            if now > looked + TICK:  # also while it talks without end
                looked = now
                if cancelled and now > cancelled + GRACE:
                    self.end()
                    raise Cancelled
                self._watch(0.0 if heard else now - last)
            if not heard:
                continue
            reply = self._heard()
            if isinstance(reply, messages.Returned):
                if reply.cancelled:
                    raise Cancelled
                return reply
            last = time.monotonic()
            if isinstance(reply, messages.Said):
                with contextlib.suppress(Cancelled):  # told above, as a message
                    ctx.progress(reply.done, reply.total, reply.label[:200])
            elif isinstance(reply, messages.Shown):
                shown(reply.value)
            elif isinstance(reply, messages.Want):
                if granted:
                    raise self._broke("it asks for memory twice in a call")
                granted = True
                self._grant(reply.size)
            elif isinstance(reply, messages.Claim):
                self._claim(reply.name, command.out, ctx)

    def _grant(self, size: int) -> None:
        limit = self._launch.policy.memory or memory.LARGEST
        if size > limit:
            self._send(messages.Granted(error=f"the result needs {size:,} bytes, more than the pack may use"))
            return
        try:
            region = self.outbox.fit(size)
        except (OSError, ValueError) as error:
            self._send(messages.Granted(error=f"there is no memory for the result: {error}"))
            return
        new = self.outbox.news()
        self._send(messages.Granted(region.number, region.size), [new.descriptor] if new else [])

    def _claim(self, name: str, out: str, ctx: Context) -> None:
        if not out:
            self._send(messages.Granted(error="only an exporter (a node that returns None) writes files"))
            return
        try:
            ctx.claim(name)
            self._send(messages.Granted(path=str(Path(out) / name)))
        except ValueError as error:
            self._send(messages.Granted(error=str(error)))

    def _watch(self, silent: float) -> None:
        """End a process that says nothing for too long, or takes more memory than it may."""
        if silent > self._launch.patience:
            self.end()
            raise PackError(
                f"the node said nothing for {self._launch.patience:g} s and was ended: it hangs, or should report "
                "progress with ctx.steps"
            )
        limit = self._launch.policy.memory
        used = resident(self._process.pid) if limit else 0
        if used > limit:
            self.end()
            raise PackError(
                f"the node took {used / 1e9:.1f} GB of memory and was ended; {limit / 1e9:.1f} GB are allowed"
            )

    # --------------------------------------------------------------------------------- the wire

    def _send(self, command: messages.Command, descriptors: list[int] | None = None) -> None:
        try:
            self._channel.send(command, descriptors or [])
        except OSError:
            raise self._ended() from None
        except messages.BrokenError as error:
            raise self._broke(str(error)) from None

    def _heard(self) -> messages.Reply:
        try:
            return self._channel.receive(STARTING)
        except (EOFError, OSError):
            raise self._ended() from None
        except messages.BrokenError as error:
            raise self._broke(str(error)) from None

    def _broke(self, how: str) -> PackError:
        self.end()
        return PackError(f"the pack {self._launch.id} broke the rules of its connection: {how}")

    def _ended(self) -> PackError:
        """What to say of a process that is no more."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(2.0)
        code, log = self._process.returncode, self.log()
        if code is not None and code > 128 and self._wrapped:
            code = 128 - code  # as bubblewrap passes on a signal
        self.end()
        return PackError(f"the node ended the process of its pack ({_reason(code)}); nothing else was lost", log)

    def log(self) -> str:
        """The end of what the process printed."""
        with contextlib.suppress(OSError, ValueError):
            self._log.flush()
            size = self._log.seek(0, os.SEEK_END)
            self._log.seek(max(0, size - 20_000))
            return self._log.read().decode(errors="replace")
        return ""

    def failure(self, returned: messages.Returned) -> PackError:
        """What to say of a node that raised."""
        sentence = returned.error[:2000]
        if returned.refused and self._launch.refused:
            asked = ", ".join(self._launch.refused)
            sentence += f" (it asks for {asked}, not granted: nawgraph pack grant {self._launch.id} …)"
        return PackError(sentence, returned.detail)

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def end(self) -> None:
        """End the process and what it started, remove its folder."""
        with contextlib.suppress(OSError):
            os.killpg(self._process.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(2.0)
        self._channel.close()
        self._log.close()
        self.inbox.drop()
        self.outbox.drop()
        shutil.rmtree(self.folder, ignore_errors=True)


def resident(pid: int) -> int:
    """Bytes of memory that a process and those it started have for their own, or share without a file.

    0 where nobody can tell.
    """
    try:
        with open(f"/proc/{pid}/status", "rb") as file:  # noqa: PTH123 - every 50 ms
            lines = file.read().splitlines()
        with open(f"/proc/{pid}/task/{pid}/children", "rb") as file:  # noqa: PTH123
            children = file.read().split()
    except OSError:
        return 0
    own = sum(int(line.split()[1]) * 1024 for line in lines if line.startswith((b"RssAnon:", b"RssShmem:")))
    return own + sum(resident(int(child)) for child in children)


def sweep() -> None:
    """Remove the folders that processes left behind whose host is no more."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
        owner = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if owner.isdecimal() and not os.path.exists(f"/proc/{owner}") and os.path.exists("/proc/self"):  # noqa: PTH110
            shutil.rmtree(folder, ignore_errors=True)


def _wants_end(ctx: Context) -> bool:
    try:
        ctx.check()
    except Cancelled:
        return True
    return False


def _reason(code: int | None) -> str:
    if code is None or code >= 0:
        return f"exit status {code}"
    with contextlib.suppress(ValueError):
        name = signal.Signals(-code).name
        return _REASONS.get(name, name)
    return f"signal {-code}"
