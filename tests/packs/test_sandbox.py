"""What the kernel enforces, tried on real processes; what is said where it enforces less."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

import nawgraph
from nawgraph.packs.bubblewrap import program as bubblewrap
from nawgraph.packs.bubblewrap import wrapped
from nawgraph.packs.provide import host_sites, roots
from nawgraph.packs.sandbox import Policy, State, landlock, offers, seccomp
from nawgraph.packs.sandbox import policy as policies

ROOT = str(Path(nawgraph.__file__).parents[1])

TRY = """
import json, sys
sys.path.append(sys.argv[1])
setup = json.loads(sys.argv[2])
from nawgraph.packs.sandbox import Policy, apply
setup["read"], setup["write"] = tuple(setup["read"]), tuple(setup["write"])
state = apply(Policy(**setup))
def raw(name, *arguments):
    import ctypes
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), name)
try:
    exec(sys.argv[3])
    print("done")
except BaseException as error:
    print(type(error).__name__, getattr(error, "errno", None))
"""


def tried(code: str, folder: Path, **allowed: Any) -> str:
    """What becomes of code that is held to a policy: "done", or the error's name and number."""
    read = (*allowed.pop("read", ()), *roots(), *host_sites(), str(Path(nawgraph.__file__).parent))
    setup = asdict(Policy(read=read, write=(str(folder),), **allowed))
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", TRY, ROOT, json.dumps(setup), code],
        capture_output=True,
        text=True,
        timeout=60,
    )
    return (
        done.stdout.strip().splitlines()[-1] if done.stdout.strip() else f"died {done.returncode} {done.stderr[-300:]}"
    )


def refused(outcome: str) -> bool:
    """Whether the kernel did not let it happen. Without a sandbox there is nothing to refuse, and the state says so."""
    if not offers().sandboxed:
        assert str(offers()).startswith("isolated, not sandboxed")
        return True
    return outcome.startswith(("PermissionError", "OSError")) or outcome in ("MemoryError None", "BlockingIOError 11")


FORBIDDEN = {
    "list the home folder": "import os; os.listdir(os.path.expanduser('~'))",
    "read a file of the user": "open(SECRET).read()",
    "read the password file": "open('/etc/passwd').read()",
    "write outside": "open(OUTSIDE, 'w')",
    "make a folder outside": "import os; os.mkdir(OUTSIDE)",
    "remove a file outside": "import os; os.unlink(SECRET)",
    "move a file in": "import os; os.rename(SECRET, INSIDE + '/x')",
    "link a file in": "import os; os.link(SECRET, INSIDE + '/x')",
    "read through a link": "import os; os.symlink(SECRET, INSIDE + '/l'); open(INSIDE + '/l').read()",
    "open an internet socket": "import socket; socket.socket()",
    "open a local socket": "import socket; socket.socket(socket.AF_UNIX)",
    "fork": "import os; os.fork()",
    "start a program": "import subprocess; subprocess.run(['/bin/true'], check=True)",
    "replace itself": "import os; os.execv('/bin/true', ['true'])",
    "signal its parent": "import os; os.kill(os.getppid(), 0)",
    "signal everybody": "import os; os.kill(-1, 0)",
    "read its parent's memory": "import os; open(f'/proc/{os.getppid()}/mem')",
    "see its parent's environment": "import os; open(f'/proc/{os.getppid()}/environ').read()",
    "make namespaces": "raw('unshare', 0x10000000)",
    "trace": "raw('ptrace', 0, 0, 0, 0)",
    "use io_uring": "raw('syscall', 425, 8, 0)",
    "give its host other limits": "import os, resource; resource.prlimit(os.getppid(), resource.RLIMIT_CPU, (1, 1))",
    "take a device": "open('/dev/full', 'wb')",
    "allocate without end": "x = []\nwhile True: x.append(bytearray(1 << 24))",
}


@pytest.mark.parametrize("what", list(FORBIDDEN))
def test_what_is_not_granted_does_not_happen(what: str, tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    secret, outside = tmp_path / "secret", tmp_path / "outside"
    secret.write_text("secret")
    names = f"SECRET, OUTSIDE, INSIDE = {str(secret)!r}, {str(outside)!r}, {str(inside)!r}\n"
    assert refused(tried(names + FORBIDDEN[what], inside, memory=500_000_000))
    assert secret.read_text() == "secret" or not offers().sandboxed
    assert not outside.exists() or not offers().sandboxed


def test_modes_and_times_of_others_files_stay(tmp_path: Path) -> None:
    inside, secret = tmp_path / "inside", tmp_path / "secret"
    inside.mkdir()
    secret.write_text("secret")
    secret.chmod(0o600)
    before = secret.stat()
    tried(f"import os; os.chmod({str(secret)!r}, 0o777); os.utime({str(secret)!r}, (0, 0))", inside)
    after = secret.stat()
    assert (after.st_mode, after.st_mtime) == (before.st_mode, before.st_mtime) or not offers().sandboxed


ALLOWED = {
    "compute": "import math; math.sqrt(2)",
    "thread": "import threading; t = threading.Thread(target=print); t.start(); t.join()",
    "write in its folder": "import os; open(INSIDE + '/a', 'w').write('x'); os.rename(INSIDE + '/a', INSIDE + '/b')",
    "numpy": "import sys; sys.path += SITES\nimport numpy as np; np.linalg.svd(np.ones((50, 50)))",
    "scipy and numba": "import sys; sys.path += SITES\nimport scipy.signal, numba",
    "exit": "import os; print('done'); os.abort",
}


@pytest.mark.parametrize("what", list(ALLOWED))
def test_what_needs_no_permission_works(what: str, tmp_path: Path) -> None:
    names = f"SITES, INSIDE = {list(host_sites())!r}, {str(tmp_path)!r}\n"
    assert tried(names + ALLOWED[what], tmp_path) == "done"


def test_granted_permissions_work(tmp_path: Path) -> None:
    assert tried("import socket; socket.socket()", tmp_path, network=True) == "done"
    assert tried("import subprocess; subprocess.run(['/bin/true'], check=True)", tmp_path, subprocess=True) == "done"
    (tmp_path / "in").mkdir()
    other = tmp_path / "other"
    other.mkdir()
    (other / "a").write_text("a")
    assert tried(f"open({str(other / 'a')!r}).read()", tmp_path / "in", read=(str(other),)) == "done"
    assert refused(tried(f"open({str(other / 'a')!r}, 'a')", tmp_path / "in", read=(str(other),)))
    assert refused(tried("import socket; socket.socket(socket.AF_UNIX)", tmp_path, network=True))


def test_programs_that_were_allowed_are_held_too(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    inside = tmp_path / "inside"
    inside.mkdir()
    code = f"import subprocess; subprocess.run(['/bin/cat', {str(secret)!r}], check=True)"
    assert tried(code, inside, subprocess=True).startswith("CalledProcessError") or not offers().sandboxed


def test_it_can_be_switched_off_and_says_so(tmp_path: Path) -> None:
    assert tried("open('/etc/passwd').read()", tmp_path, enforce=False) == "done"
    assert str(State()) == "isolated, not sandboxed: it was switched off"


@pytest.mark.parametrize(("abi", "filter"), [(0, True), (3, False), (0, False), (5, True)])
def test_the_state_is_told_as_it_is(abi: int, filter: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landlock, "abi", lambda: abi)
    monkeypatch.setattr(seccomp, "available", lambda: filter)
    monkeypatch.setattr(policies.sys, "platform", "linux")
    state = offers()
    assert state.sandboxed is bool(abi and filter)
    if state.sandboxed:
        assert str(state) == "sandboxed: landlock ABI 5 + seccomp"
    else:
        assert str(state).startswith("isolated, not sandboxed")
        assert ("landlock (Linux 5.13)" in str(state)) is not abi
    monkeypatch.setattr(policies.sys, "platform", "darwin")
    assert str(offers()).startswith("isolated, not sandboxed: darwin has no landlock")


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_is_a_program_that_ends(machine: str) -> None:
    for network in (False, True):
        for start in (False, True):
            code = seccomp.program(machine, 1234, network, start)
            assert len(code) < 4096
            for place, (word, yes, no, _) in enumerate(code):
                jumps = word in (0x15, 0x35)
                assert place + 1 + max(yes, no) < len(code) if jumps else yes == no == 0
            assert code[-1][0] == 0x06
            assert _answer(code, machine, 1, ()) == 0x7FFF0000
            assert _answer(code, machine, 435, ()) == 0x00050000 | errno.ENOSYS


def test_the_filter_decides_by_arguments() -> None:
    allow, refuse = 0x7FFF0000, 0x00050000 | errno.EPERM
    closed = seccomp.program("x86_64", 77, False, False)
    assert _answer(closed, "x86_64", 62, (77, 9)) == allow
    assert _answer(closed, "x86_64", 62, (78, 9)) == refuse
    assert _answer(closed, "x86_64", 56, (0x10000,)) == allow
    assert _answer(closed, "x86_64", 56, (17,)) == refuse
    assert _answer(closed, "x86_64", 41, (2,)) == 0x00050000 | errno.EACCES
    opened = seccomp.program("x86_64", 77, True, True)
    assert _answer(opened, "x86_64", 41, (2,)) == allow
    assert _answer(opened, "x86_64", 41, (1,)) == 0x00050000 | errno.EACCES
    assert _answer(opened, "x86_64", 56, (17,)) == allow
    assert _answer(opened, "x86_64", 56, (0x10000000,)) == refuse
    assert _answer(opened, "x86_64", 0x40000000 | 41, ()) == 0x00050000 | errno.ENOSYS
    assert _answer(opened, "aarch64", 41, ()) == 0x80000000


def _answer(code: seccomp.Code, machine: str, number: int, arguments: tuple[int, ...]) -> int:
    """What the kernel would answer: the program run by hand."""
    arch = seccomp._ARCHITECTURES[machine][0]
    data = {0: number, 4: arch, **{16 + 8 * i: value for i, value in enumerate(arguments)}}
    held, place = 0, 0
    while True:
        word, yes, no, value = code[place]
        place += 1
        if word == 0x20:
            held = data.get(value, 0)
        elif word == 0x54:
            held &= value
        elif word == 0x15:
            place += yes if held == value else no
        elif word == 0x35:
            place += yes if held >= value else no
        else:
            assert word == 0x06
            return value


def test_bubblewrap_is_used_where_it_is_and_works(tmp_path: Path) -> None:
    made = wrapped(["true"], Policy(read=(str(tmp_path),)), str(tmp_path))
    assert (made == ["true"]) is (not bubblewrap())
    assert wrapped(["true"], Policy(enforce=False), str(tmp_path)) == ["true"]
    if bubblewrap():
        assert made[-2:] == ["--", "true"]
        assert "--unshare-net" in made
