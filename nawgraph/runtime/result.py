"""What a run made."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

import msgspec

from nawgraph.runtime.cache import Cache
from nawgraph.values import Digest

_WORST = ("failed", "blocked", "cancelled", "running", "ran", "cached", "skipped")


class NodeResult(msgspec.Struct, frozen=True, gc=False):
    """How one node fared.

    Attributes:
        state: ran, cached, skipped (not needed), failed, blocked (something above failed) or cancelled.
        seconds: what it cost, or once cost if cached.
        error: a sentence, for failed.
    """

    state: str
    seconds: float
    error: str | None = None
    warnings: tuple[str, ...] = ()

    @staticmethod
    def together(parts: Iterable[NodeResult]) -> NodeResult:
        """The result of a subgraph from those of its steps: the worst state, the sum of the seconds."""
        parts = list(parts)
        state = min((p.state for p in parts), key=_WORST.index, default="skipped")
        error = next((p.error for p in parts if p.error), None)
        return NodeResult(state, sum(p.seconds for p in parts), error, tuple(w for p in parts for w in p.warnings))


class Result:
    """States of all nodes, files, and values on demand: ``result["mix.audio"]``.

    Attributes:
        status: "ok", "failed" or "cancelled".
        seconds: from reading the document to the last result.
        nodes: step id → `NodeResult`, in plan order, then the document's nodes that are no steps.
        files: everything the sinks wrote or found unchanged.
    """

    def __init__(
        self,
        status: str,
        seconds: float,
        nodes: dict[str, NodeResult],
        files: list[str],
        outputs: Callable[[], dict[str, Digest]],
        targets: list[str],
        cache: Cache,
    ) -> None:
        self.status = status
        self.seconds = seconds
        self.nodes = nodes
        self.files = files
        self.targets = targets
        self._make_outputs = outputs
        self._cache = cache

    @cached_property
    def _outputs(self) -> dict[str, Digest]:
        return self._make_outputs()

    def __getitem__(self, output: str) -> Any:
        """The value of ``node.output``, or of ``node`` if it has one output.

        Raises:
            KeyError: no such output, or its value is not at hand (the node failed, or the value was evicted).
        """
        names = [n for n in self._outputs if n == output or n.partition(".")[0] == output]
        if len(names) != 1:
            known = ", ".join(self._outputs) or "none"
            raise KeyError(f"there is no single result {output!r}; results are: {known}")
        try:
            return self._cache.get(self._outputs[names[0]])
        except KeyError:
            raise KeyError(
                f"the value of {names[0]} is no longer in the cache: name the node as a target and run again"
            ) from None

    def __contains__(self, output: str) -> bool:
        return output in self._outputs

    def errors(self) -> dict[str, str]:
        """Node id → sentence, for every node that failed."""
        return {id: r.error for id, r in self.nodes.items() if r.error}

    def digest(self, output: str) -> str:
        """Digest of ``node.output`` in hex, as `freeze` wants it."""
        return self._outputs[output].hex()

    def scalars(self) -> dict[str, Any]:
        """Scalar outputs of the targets."""
        found = {}
        for name, digest in self._outputs.items():
            if name.partition(".")[0] in self.targets and digest in self._cache:
                try:
                    value = self._cache.get(digest)
                except KeyError:
                    continue
                if isinstance(value, (bool, int, float, str)):
                    found[name] = value
        return found

    def outputs(self) -> dict[str, bytes]:
        """``node.output`` → digest, of every known output."""
        return dict(self._outputs)
