"""A policy as data, and applying it to the calling process."""

from __future__ import annotations

import ctypes
import sys
from dataclasses import dataclass

from nawgraph.packs.sandbox import landlock, seccomp

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_SIGKILL = 9


@dataclass(frozen=True, slots=True)
class Policy:
    """What a process may do; everything else is refused.

    Attributes:
        read: files and folders that may be read.
        write: folders in which anything may be made, changed and removed.
        network: reach the internet.
        subprocess: start programs, which are held by the same policy.
        gpu: talk to graphics cards.
        memory: bytes that it may allocate, 0 for any number.
        enforce: False leaves everything open: for a platform or a person that wants no sandbox.
    """

    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    network: bool = False
    subprocess: bool = False
    gpu: bool = False
    memory: int = 0
    enforce: bool = True


@dataclass(frozen=True, slots=True)
class State:
    """What the kernel enforces on a process.

    Attributes:
        landlock: ABI version of the file rules in force, 0 for none.
        seccomp: whether the filter of system calls is in force.
        wrapped: whether bubblewrap gives it namespaces of its own.
        why: what is missing and why, "" where nothing is.
    """

    landlock: int = 0
    seccomp: bool = False
    wrapped: bool = False
    why: str = ""

    @property
    def sandboxed(self) -> bool:
        """Whether permissions that were not granted are enforced."""
        return self.landlock > 0 and self.seccomp

    def __str__(self) -> str:
        if not self.sandboxed:
            held = f" (only {self._parts()})" if self._parts() else ""
            return f"isolated, not sandboxed{held}: {self.why or 'it was switched off'}"
        return f"sandboxed: {self._parts()}"

    def _parts(self) -> str:
        parts = [f"landlock ABI {self.landlock}"] * (self.landlock > 0) + ["seccomp"] * self.seccomp
        return " + ".join(parts + ["bubblewrap"] * self.wrapped)


def offers() -> State:
    """What this machine's kernel could enforce."""
    if sys.platform != "linux":
        return State(why=f"{sys.platform} has no landlock and no seccomp; they are parts of Linux")
    abi, filter = landlock.abi(), seccomp.available()
    lacking = ["landlock (Linux 5.13)"] * (not abi) + ["seccomp filters"] * (not filter)
    return State(abi, filter, why=f"this kernel lacks {' and '.join(lacking)}" if lacking else "")


def apply(policy: Policy) -> State:
    """Hold the calling process to a policy, for good. Call it while the process has a single thread.

    Returns:
        What is in force. A part that the kernel lacks is left out and named; one that it has and that fails raises.

    Raises:
        OSError: the kernel has a part and refuses it.
    """
    if sys.platform != "linux":
        return offers()
    _limits(policy.memory)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)  # whatever it does, it does not outlive its host
    if not policy.enforce:
        return State()
    found = offers()
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "privileges cannot be given up")
    _drop_capabilities(libc)
    if found.landlock:
        landlock.restrict(found.landlock, policy.read, policy.write, policy.network, policy.subprocess, policy.gpu)
    if found.seccomp:
        seccomp.restrict(network=policy.network, subprocess=policy.subprocess)
    return found


def _limits(memory: int) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if memory:
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        most = memory if hard == resource.RLIM_INFINITY else min(memory, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def _drop_capabilities(libc: ctypes.CDLL) -> None:
    """A process of root keeps root's files but none of root's powers."""
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3, this process
    libc.capset(header, (ctypes.c_uint32 * 6)())
