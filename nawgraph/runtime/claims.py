"""Who writes which file: two exporters of one run never share one, and always the same one is refused."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Claims:
    """Paths that the steps of a run write to. Of two steps that want one path the earlier in the plan gets it.

    Attributes:
        displaced: id of a step that had claimed a path which an earlier one then wanted → a sentence.
    """

    def __init__(self) -> None:
        self.displaced: dict[str, str] = {}
        self._owners: dict[str, tuple[int, str]] = {}
        self._done: set[str] = set()
        self._changed = threading.Condition()

    def take(self, path: str, order: int, id: str, check: Callable[[], None]) -> None:
        """Claim a path for a step. If a later step is writing there, its end is awaited; then it is displaced.

        Args:
            path: absolute.
            order: the step's position in the plan.
            id: the step.
            check: called while waiting; raises if the run was cancelled.

        Raises:
            ValueError: an earlier step writes there.
        """
        with self._changed:
            owner = self._owners.get(path, (order, id))
            if owner[0] < order:
                raise ValueError(f"{path} is already written by the node {owner[1]!r}: give one of them another name")
            while owner[1] != id and owner[1] not in self._done:
                self._changed.wait(0.1)
                check()
            if owner[1] != id:
                self.displaced[owner[1]] = f"{path} is also written by the node {id!r}: give one of them another name"
            self._owners[path] = (order, id)

    def keep(self, path: str, order: int, id: str) -> bool:
        """Claim a path for a step whose file is there already. False if another step has it."""
        with self._changed:
            self._done.add(id)
            return self._owners.setdefault(path, (order, id))[1] == id

    def done(self, id: str) -> None:
        """A step has ended, one way or the other."""
        with self._changed:
            self._done.add(id)
            self._changed.notify_all()
