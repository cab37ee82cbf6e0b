"""Models that can be used: nawgraph's own, with what a user must know about each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nawgraph.values.core import digest_bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """A model.

    Attributes:
        name: as a `ModelRef` names it.
        kind: what it can do.
        licence: of the weights.
        commercial: whether they may be used commercially.
        source: where they come from.
        revision: as nodes name it.
        digest: of the file, hexadecimal; empty where it is missing.
        bytes: of the file.
        state: ``installed`` or ``missing``.
    """

    name: str
    kind: str
    licence: str
    commercial: bool
    source: str
    revision: str
    digest: str
    bytes: int
    state: str


def listed() -> list[Entry]:
    """All models, in the order of their kinds."""
    from nawgraph.models.clap import house as clap
    from nawgraph.models.planner import house as planner
    from nawgraph.models.render import house as render
    from nawgraph.models.separator import house as separator

    drawn = [
        _own(render.HOUSE, kind, render.REVISIONS[kind], render.FOLDER / file) for kind, file in render.FILES.items()
    ]
    heard = _own(clap.HOUSE, "clap", clap.REVISION, clap.WEIGHTS)
    apart = _own(separator.HOUSE, "separator", separator.REVISION, separator.WEIGHTS)
    return [heard, _own(planner.HOUSE, "planner", planner.REVISION, planner.WEIGHTS), *drawn, apart]


def _own(name: str, kind: str, revision: str, path: Path) -> Entry:
    """A model that comes with nawgraph."""
    data = path.read_bytes() if path.is_file() else b""
    digest = digest_bytes(data).hex() if data else ""
    state = "installed" if data else "missing"
    return Entry(name, kind, "MIT", True, "nawgraph", revision, digest, len(data), state)
