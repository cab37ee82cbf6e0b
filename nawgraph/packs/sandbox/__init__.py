"""What a pack's process may touch, enforced by the kernel on the process itself before any of the pack's code runs.

Landlock decides which files can be opened, seccomp which system calls exist, rlimits how much. All three hold for the
calling thread and whatever it starts, cannot be undone, and need no privilege. This package imports the standard
library only and starts no thread: it runs first in a new process.
"""

from __future__ import annotations

from nawgraph.packs.sandbox.policy import Policy, State, apply, offers

__all__ = ["Policy", "State", "apply", "offers"]
