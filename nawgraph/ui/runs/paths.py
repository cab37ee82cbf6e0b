"""From step ids to the nodes on the canvas."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=1 << 16)
def nodes_of(step: str) -> tuple[str, ...]:
    """Ids of the nodes that a step stands in, outermost first: ``("takes", "play")`` for ``takes[3]/play``."""
    if "/" not in step and "[" not in step:
        return (step,)
    return tuple(part.partition("[")[0] for part in step.split("/"))
