"""Bubblewrap, where it is installed: namespaces of its own around a pack's process, beside landlock and seccomp."""

from __future__ import annotations

import shutil
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

from nawgraph.packs.sandbox import Policy

_BARE = ("--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try", "--die-with-parent", "--cap-drop", "ALL")
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc", "/sys")


@lru_cache
def program() -> str:
    """The program, if it is there and works here (user namespaces may be forbidden), else ""."""
    found = shutil.which("bwrap") if sys.platform == "linux" else None
    if found is None:
        return ""
    try:
        trial = subprocess.run(
            [found, *_BARE, "--unshare-net", "--ro-bind", "/", "/", "true"], capture_output=True, timeout=5
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return found if trial.returncode == 0 else ""


def wrapped(command: list[str], policy: Policy, folder: str) -> list[str]:
    """The command in namespaces of its own, if there is a bubblewrap; the process sees only what it may use."""
    if not policy.enforce or not program():
        return command
    made = [program(), *_BARE, "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp", "--chdir", folder]
    if not policy.network:
        made.append("--unshare-net")
    for path in dict.fromkeys((*_SYSTEM, *policy.read)):
        if Path(path).exists():
            made += ["--ro-bind", path, path]
    for path in policy.write:
        if Path(path).exists():
            made += ["--bind", path, path]
    if policy.gpu:
        made += ["--dev-bind", "/dev", "/dev"]
    return [*made, "--", *command]
