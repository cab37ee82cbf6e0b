"""Documents that are the user's own, or that the user agreed to run: those need no question before a run."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import Any

from nawgraph import files
from nawgraph.graph import EMPTY, Graph, Library
from nawgraph.home import home
from nawgraph.packs.index import Index
from nawgraph.packs.provide import Packs
from nawgraph.sharing.trust import Sheet, sheet

MOST = 5000
"""Documents that are remembered; the ones that were agreed to first are forgotten first."""


def remember(graph: Graph) -> None:
    """From now on this document is known. A disk that cannot be written only means that it is asked about again."""
    with contextlib.suppress(OSError):
        folder = _folder()
        folder.mkdir(parents=True, exist_ok=True)
        (folder / fingerprint(graph)).touch()
        found = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        for old in found[:-MOST]:
            old.unlink(missing_ok=True)


def is_known(graph: Graph) -> bool:
    """Whether it was remembered as it is; moved nodes, another lock and other dates make no other document of it."""
    return (_folder() / fingerprint(graph)).is_file()


def question(graph: Graph, library: Library, packs: Packs | None = None, index: Index | None = None) -> Sheet | None:
    """The trust sheet, if a person should look at it before this document is run; None otherwise.

    That is so where the document is not known, and brings code of packs into play, speaks to the network, or reads
    files outside its folder. One that only computes, reads its own folder and exports into the output folder runs.
    """
    if is_known(graph):
        return None
    found = sheet(graph, library, packs, index)
    return found if found.packs or found.network or found.outside else None


def lines(found: Sheet) -> list[str]:
    """The sheet as text, a line for each thing."""
    made = []
    for need in found.packs:
        wanted = f" (made with {need.wanted})" if need.wanted and need.wanted != need.here else ""
        made.append(f"pack      {need.pack} {need.here or '-'}: {need.state}{wanted}")
        for name, (reason, granted) in need.permissions.items():
            made.append(f"  may{'' if granted else ' not'}     {name}: {reason}")
        made += [f"  {o.kind:<12}{o.sentence}{f': {o.command}' if o.command else ''}" for o in need.offers]
    for what, entries in (("reads", found.reads), ("writes", found.writes), ("network", found.network)):
        made += [f"{what:<10}{id}: {words}" for id, words in entries.items()]
    for model in found.models:
        terms = model.licence if model.commercial else f"{model.licence}, not known to allow commercial use"
        offer = f": {model.command}" if model.command else ""
        made.append(f"model     {model.name}: {model.state}, {terms}{offer}")
    made += [f"outside   {path}: not in the document's folder" for path in found.outside]
    return made or ["nothing but computing"]


def fingerprint(graph: Graph) -> str:
    """A name for what a document does, in hexadecimal."""
    from nawgraph.values.core import digest_bytes

    plain: Any = replace(graph, lock=EMPTY)
    return digest_bytes(files.canonical_for_embedding(plain, sorted(graph.nodes)).encode()).hex()


def _folder() -> Path:
    return home() / "trusted"
