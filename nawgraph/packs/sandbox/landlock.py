"""File and network rules by Landlock, through its three system calls (the same numbers on every architecture)."""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from collections.abc import Iterable

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_VERSION = 1
_PATH_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE, _IOCTL = 1 << 14, 1 << 15
_ON_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL
_MAKE_DEVICES = 1 << 6 | 1 << 11
_BITS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""ABI → number of file rights that it knows."""

_BIND, _CONNECT = 1, 2
_SCOPE_SOCKETS, _SCOPE_SIGNALS = 1, 2

PROGRAMS = ("/usr", "/bin", "/sbin", "/lib", "/lib64")
SYSTEM = (
    *("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/local/lib", "/usr/share"),
    *("/etc/ld.so.cache", "/etc/localtime", "/etc/ssl", "/etc/fonts", "/etc/resolv.conf", "/etc/hosts"),
    *("/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf", "/usr/bin/env", "/dev/urandom", "/dev/random"),
    *("/dev/zero", "/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/sys/devices/system"),
)
"""What programs and libraries read of the system: nothing there is anybody's own."""

DEVICES = ("/dev/null",)
GPUS = ("/dev/nvidia", "/dev/dri", "/dev/kfd", "/proc/driver/nvidia", "/sys/class/drm", "/sys/bus/pci")

_libc = ctypes.CDLL(None, use_errno=True)


def abi() -> int:
    """Version of Landlock in this kernel, 0 for none."""
    return max(0, int(_libc.syscall(_CREATE, None, ctypes.c_size_t(0), _VERSION)))


def restrict(
    abi: int, read: Iterable[str], write: Iterable[str], network: bool, subprocess: bool, gpu: bool = False
) -> None:
    """Let this thread, and what it starts, open nothing but these files and what every program needs of the system.

    Raises:
        OSError: the kernel refuses.
    """
    every = (1 << _BITS.get(abi, 16)) - 1
    net = _BIND | _CONNECT if abi >= 4 and not network else 0
    scoped = _SCOPE_SOCKETS | _SCOPE_SIGNALS if abi >= 6 else 0
    attributes = struct.pack("=QQQ", every, net, scoped)[: 8 if abi < 4 else 16 if abi < 6 else 24]
    rules = int(_libc.syscall(_CREATE, attributes, ctypes.c_size_t(len(attributes)), 0))
    _checked(rules, "a set of file rules cannot be made")
    looking = _READ_FILE | _READ_DIR
    for path in (*SYSTEM, *read):
        _allow(rules, path, looking & every)
    for path in DEVICES:
        _allow(rules, path, (_READ_FILE | _WRITE_FILE) & every)
    for path in write:
        _allow(rules, path, every & ~_EXECUTE & ~_MAKE_DEVICES & ~_IOCTL)
    for path in _gpus() if gpu else ():
        _allow(rules, path, (_READ_FILE | _READ_DIR | _WRITE_FILE | _IOCTL) & every)
    for path in PROGRAMS if subprocess else ():
        _allow(rules, path, (looking | _EXECUTE) & every)
    _checked(_libc.syscall(_RESTRICT, rules, 0), "the file rules cannot be put in force")
    os.close(rules)


def _gpus() -> list[str]:
    found = [
        f"/dev/{name}"
        for name in os.listdir("/dev")  # noqa: PTH208 - as below
        if name.startswith("nvidia")
    ]
    return found + [path for path in GPUS if os.path.exists(path)]  # noqa: PTH110 - no pathlib so early


def _allow(rules: int, path: str, access: int) -> None:
    """Grant rights beneath a path; one that does not exist needs none."""
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            access &= _ON_FILES
        rule = struct.pack("=Qi", access, place)
        _checked(_libc.syscall(_ADD, rules, _PATH_BENEATH, rule, 0), f"{path} cannot be made a rule of")
    finally:
        os.close(place)


def _checked(result: int, what: str) -> None:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"landlock: {what} ({os.strerror(code)})")
