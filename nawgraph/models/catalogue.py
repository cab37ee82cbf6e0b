"""All models: nawgraph's own, installed ones and published ones, with what one must know of each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nawgraph.values.core import digest_bytes

if TYPE_CHECKING:
    from nawgraph.models.families import Family


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
        digest: of the file, hexadecimal; empty where it is not here.
        bytes: of the file; rounded where it is not here.
        state: ``installed``, ``missing`` (an own one whose file is gone), ``available`` or ``known, not runnable``.
        note: why it cannot be run, or where it is found; mostly empty.
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
    note: str = ""

    @property
    def title(self) -> str:
        """A name that no other model has, as locks and bills of licences name it: ``house-planner``, ``dac-44k``."""
        return f"{self.name}-{self.kind}" if self.source == "nawgraph" else self.name


def listed() -> list[Entry]:
    """All models: own ones, installed ones, then the published families that are not installed."""
    from nawgraph.models.families import FAMILIES
    from nawgraph.models.installed import all_installed

    added = [
        Entry(m.name, m.kind, m.licence, m.commercial, m.source, m.revision, m.digest, m.bytes, "installed")
        for m in all_installed()
    ]
    taken = {entry.name for entry in added}
    return [*_house(), *added, *(_published(f) for f in FAMILIES if f.name not in taken)]


def _published(found: Family) -> Entry:
    """A family that is not installed."""
    state = "available" if found.layout else "known, not runnable"
    note = found.reason or ("" if found.hub else f"not on the hub: add the authors' file {found.file}")
    source = found.hub or found.file
    return Entry(found.name, found.kind, found.licence, found.commercial, source, "", "", found.bytes, state, note)


def _house() -> list[Entry]:
    """Models that come with nawgraph, in the order of their kinds."""
    from nawgraph.models.beats import house as beats
    from nawgraph.models.clap import house as clap
    from nawgraph.models.codec import house as codec
    from nawgraph.models.planner import house as planner
    from nawgraph.models.render import house as render
    from nawgraph.models.separator import house as separator

    drawn = [
        _own(render.HOUSE, kind, render.REVISIONS[kind], render.FOLDER / file) for kind, file in render.FILES.items()
    ]
    followed = _own(beats.HOUSE, "beats", beats.REVISION, beats.WEIGHTS)
    heard = _own(clap.HOUSE, "clap", clap.REVISION, clap.WEIGHTS)
    coded = _own(codec.HOUSE, "codec", codec.REVISION, codec.WEIGHTS)
    apart = _own(separator.HOUSE, "separator", separator.REVISION, separator.WEIGHTS)
    return [followed, heard, coded, _own(planner.HOUSE, "planner", planner.REVISION, planner.WEIGHTS), *drawn, apart]


def _own(name: str, kind: str, revision: str, path: Path) -> Entry:
    """A model that comes with nawgraph."""
    data = path.read_bytes() if path.is_file() else b""
    digest = digest_bytes(data).hex() if data else ""
    state = "installed" if data else "missing"
    return Entry(name, kind, "MIT", True, "nawgraph", revision, digest, len(data), state)
