"""A filter of system calls: a small BPF program, written here, handed to the kernel by prctl.

It denies by name what reaches beyond the process; files are Landlock's business. A list of what is allowed would be
shorter to argue for, but numpy, torch and the libraries of plug-ins use nearly everything else, differently in every
release, and what a new library needs must not depend on a new release of nawgraph.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Iterable

_PR_SET_SECCOMP, _PR_GET_SECCOMP, _MODE_FILTER = 22, 21, 2
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_LOAD, _JUMP_EQ, _JUMP_GE, _AND, _RETURN = 0x20, 0x15, 0x35, 0x54, 0x06
_NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data

_THREAD = 0x00010000
_NAMESPACES = 0x7E020000
_INTERNET = (2, 10)  # AF_INET, AF_INET6
_TERMINAL = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX: type into somebody's terminal
_PR_SET_PDEATHSIG = 1

Code = list[tuple[int, int, int, int]]

_ARCHITECTURES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}

# name: (number on x86-64, number on arm64); -1 where there is none.
_CALLS: dict[str, tuple[int, int]] = {
    # other processes
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    "kcmp": (312, 272),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "move_pages": (279, 239),
    "migrate_pages": (256, 238),
    "setpriority": (141, 140),
    "ioprio_set": (251, 30),
    "tkill": (200, 130),
    # the system
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "move_mount": (429, 429),
    "open_tree": (428, 428),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "unshare": (272, 97),
    "setns": (308, 268),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "adjtimex": (159, 171),
    "clock_adjtime": (305, 266),
    "syslog": (103, 116),
    "personality": (135, 92),
    "vhangup": (153, 58),
    "iopl": (172, -1),
    "ioperm": (173, -1),
    "lookup_dcookie": (212, 18),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "fanotify_init": (300, 262),
    # ways around this filter
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    # what outlives the process
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
}
# Changes of files that Landlock does not see. Whoever copies a file sets mode and times as an afterthought and fails
# over it, so these do nothing and report success.
_IGNORED: dict[str, tuple[int, int]] = {
    "chmod": (90, -1),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, -1),
    "lchown": (94, -1),
    "fchown": (93, 55),
    "fchownat": (260, 54),
    "utime": (132, -1),
    "utimes": (235, -1),
    "futimesat": (261, -1),
    "utimensat": (280, 88),
}
_UNSUPPORTED: dict[str, tuple[int, int]] = {
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "setxattrat": (463, 463),
    "removexattrat": (466, 466),
    "file_setattr": (469, 469),
}
_START = {"fork": (57, -1), "vfork": (58, -1), "execve": (59, 221), "execveat": (322, 281)}
_CLONE, _CLONE3 = (56, 220), (435, 435)
_SOCKET, _IOCTL, _PRCTL, _PRLIMIT = (41, 198), (16, 29), (157, 167), (302, 261)
_SIGNALS = {"kill": (62, 129), "tgkill": (234, 131), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240)}
_SCHEDULING = {"setaffinity": (203, 122), "setscheduler": (144, 119), "setparam": (142, 118), "setattr": (314, 274)}

_libc = ctypes.CDLL(None, use_errno=True)


def available() -> bool:
    """Whether this kernel takes filters, and this architecture's system calls are known here."""
    return platform.machine() in _ARCHITECTURES and int(_libc.prctl(_PR_GET_SECCOMP, 0, 0, 0, 0)) >= 0


def restrict(*, network: bool, subprocess: bool) -> None:
    """Put the filter in force for this thread and what it starts.

    Raises:
        OSError: the kernel refuses.
    """
    code = program(platform.machine(), os.getpid(), network, subprocess)
    text = b"".join(struct.pack("=HBBI", *instruction) for instruction in code)
    buffer = ctypes.create_string_buffer(text, len(text))

    class Filter(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_void_p))

    made = Filter(len(code), ctypes.addressof(buffer))
    if _libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(made), 0, 0):
        number = ctypes.get_errno()
        raise OSError(number, f"seccomp: the filter cannot be put in force ({os.strerror(number)})")


def program(machine: str, pid: int, network: bool, subprocess: bool) -> Code:
    """The filter as instructions (code, jump if true, jump if false, constant)."""
    arch, column = _ARCHITECTURES[machine]
    code: Code = [(_LOAD, 0, 0, _ARCH), (_JUMP_EQ, 1, 0, arch), (_RETURN, 0, 0, _KILL), (_LOAD, 0, 0, _NUMBER)]
    if machine == "x86_64":
        code += [(_JUMP_GE, 0, 1, 0x40000000), _refuse(errno.ENOSYS)]  # the x32 calls have other numbers

    def on(call: tuple[int, int], body: Code) -> None:
        if call[column] >= 0:
            code.append((_JUMP_EQ, 0, len(body), call[column]))
            code.extend(body)

    for calls, number in ((_CALLS, errno.EPERM), (_IGNORED, 0), (_UNSUPPORTED, errno.ENOTSUP)):
        for call in calls.values():
            on(call, [_refuse(number)])
    for call in _START.values() if not subprocess else ():
        on(call, [_refuse()])
    on(_CLONE3, [_refuse(errno.ENOSYS)])  # its flags lie in memory, where no filter sees them; libc falls back
    on(_CLONE, _flags(_NAMESPACES, wanted=False) if subprocess else _flags(_THREAD, wanted=True))
    on(_SOCKET, _only(0, _INTERNET, errno.EACCES) if network else [_refuse(errno.EACCES)])
    on(_IOCTL, _never(1, _TERMINAL))
    on(_PRCTL, _never(0, (_PR_SET_PDEATHSIG,)))
    on(_PRLIMIT, _only(0, (0, pid)))
    for call in _SCHEDULING.values():
        on(call, _only(0, (0, pid)))
    for call in _SIGNALS.values() if not subprocess else ():
        on(call, _only(0, (pid,)))
    return [*code, (_RETURN, 0, 0, _ALLOW)]


def _refuse(number: int = errno.EPERM) -> tuple[int, int, int, int]:
    return _RETURN, 0, 0, _ERRNO | number


def _argument(index: int) -> tuple[int, int, int, int]:
    """Load the lower half of an argument, on machines that have it first."""
    return _LOAD, 0, 0, _ARGUMENTS + 8 * index


def _only(index: int, values: Iterable[int], number: int = errno.EPERM) -> Code:
    """Allow the call if an argument is one of these."""
    code: Code = [_argument(index)]
    for value in values:
        code += [(_JUMP_EQ, 0, 1, value), (_RETURN, 0, 0, _ALLOW)]
    return [*code, _refuse(number)]


def _never(index: int, values: Iterable[int]) -> Code:
    """Refuse the call if an argument is one of these."""
    code: Code = [_argument(index)]
    for value in values:
        code += [(_JUMP_EQ, 0, 1, value), _refuse()]
    return [*code, (_RETURN, 0, 0, _ALLOW)]


def _flags(mask: int, wanted: bool) -> Code:
    """Allow the call if the first argument has one of these flags (or none of them)."""
    none, some = (_refuse(), (_RETURN, 0, 0, _ALLOW)) if wanted else ((_RETURN, 0, 0, _ALLOW), _refuse())
    return [_argument(0), (_AND, 0, 0, mask), (_JUMP_EQ, 0, 1, 0), none, some]
