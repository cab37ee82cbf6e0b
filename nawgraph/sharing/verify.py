"""Verify an export: make it again from the document in it, and say how the two differ."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np

from nawgraph import files
from nawgraph.audio import files as sounds
from nawgraph.audio.embed import extract
from nawgraph.files import FormatError
from nawgraph.graph import Graph, Library
from nawgraph.packs import provide
from nawgraph.runtime.local import InvalidGraphError, Runtime
from nawgraph.sharing import lock, trust
from nawgraph.values import Audio

SAME_TO_THE_EAR = -60.0
"""dB of the difference below the sound itself, up to which it is masked by it."""

Verdict = Literal["bit-exact", "same to the ear", "differs", "cannot be made"]


class Receipt(msgspec.Struct, frozen=True):
    """What came of making an export again.

    Attributes:
        difference: RMS of the difference below that of the sound, in dB; None if it is exact or could not be told.
        because: causes, the likeliest first.
        document: digest of the document in the file.
        lock: of the machine that made it again.
    """

    verdict: Verdict
    sentence: str
    difference: float | None = None
    because: tuple[str, ...] = ()
    document: str = ""
    lock: dict[str, Any] = {}


def verify(path: Path, library: Library, base: Path | None = None) -> Receipt:
    """Make a sound file again and compare.

    Args:
        path: an export with its document.
        library: node types.
        base: folder of the files that the document reads; the export's own by default.

    Raises:
        ValueError: it cannot be read, or has no document.
    """
    graph = document(path)
    graph, notes = files.upgrade_nodes(graph, library)
    because = (*lock.differences(graph, library), *(note for note in notes))
    facts: dict[str, Any] = {"document": _digest(files.dumps(graph)), "lock": lock.contents(graph, library)}
    missing = [need for need in trust.sheet(graph, library).packs if need.state == "missing"]
    if missing:
        names = ", ".join(f"{need.pack} {need.wanted}".strip() for need in missing)
        return Receipt(
            "cannot be made", f"cannot be made again: the pack {names} is not installed", None, because, **facts
        )
    with tempfile.TemporaryDirectory(prefix="nawgraph-verify-") as folder:
        made, error = _again(graph, library, base or path.parent, Path(folder), path)
        if made is None:
            return Receipt("cannot be made", f"cannot be made again: {error}", None, because, **facts)
        return _compared(path, made, because, facts)


def document(path: Path) -> Graph:
    """The document in an export. Raises ValueError if there is none to run."""
    text = extract(path)
    if text is None:
        raise ValueError(f"{path}: no nawgraph document is embedded in it")
    graph = files.loads(text, name=f"the document in {path}")
    if not graph.nodes:
        raise ValueError(f"{path} carries only the id of its document: it was exported with --embed id")
    return graph


def _again(graph: Graph, library: Library, base: Path, folder: Path, like: Path) -> tuple[Path | None, str]:
    """The file that the document makes, of several the one of that name or, renamed, of that kind."""
    try:
        with Runtime(library, None, engine=provide.engine()) as runtime:
            result = runtime.run(graph, out_dir=folder, base=base)
    except (InvalidGraphError, FormatError, KeyError) as error:
        return None, str(error)
    found = [Path(file) for file in result.files]
    named = [file for file in found if file.name == like.name]
    kind = [file for file in found if file.suffix.lower() == like.suffix.lower()]
    if named or len(kind) == 1:
        return (named or kind)[0], ""
    if kind:
        return None, f"the document makes {len(kind)} such files and none is called {like.name}: give it its name back"
    errors = "; ".join(f"{id}: {node.error}" for id, node in result.nodes.items() if node.error)
    return None, errors or "the document makes no such file"


def _compared(path: Path, made: Path, because: tuple[str, ...], facts: dict[str, Any]) -> Receipt:
    if path.read_bytes() == made.read_bytes():
        return Receipt("bit-exact", "bit-exact: the same file, byte for byte", None, (), **facts)
    old, new = sounds.read(path), sounds.read(made)
    if old.rate == new.rate and old.samples.shape == new.samples.shape and np.array_equal(old.samples, new.samples):
        return Receipt(
            "bit-exact", "bit-exact: every sample is the same; what is embedded differs", None, because, **facts
        )
    level = difference(old, new)
    shown = f" because {because[0]}" if because else ", and the file does not say why: it was made without a lock"
    if level is not None and level <= SAME_TO_THE_EAR:
        words = f"same to the ear: the difference lies {-level:.0f} dB below the sound"
        return Receipt("same to the ear", words, level, because, **facts)
    if level is None:
        words = f"differs: {_shape(old)} became {_shape(new)}{shown}"
    else:
        words = f"differs (the difference lies {-level:.0f} dB below the sound){shown}"
    return Receipt("differs", words, level, because, **facts)


def difference(old: Audio, new: Audio) -> float | None:
    """RMS of the difference of two sounds over that of the first, in dB; None if rate or shape differ."""
    if old.rate != new.rate or old.samples.shape != new.samples.shape:
        return None
    a, b = old.samples.astype(np.float64), new.samples.astype(np.float64)
    loud, rest = float(np.sqrt(np.mean(a * a))), float(np.sqrt(np.mean((a - b) ** 2)))
    if rest == 0:
        return -math.inf
    return 20 * math.log10(rest / loud) if loud else 0.0


def _shape(audio: Audio) -> str:
    return f"{audio.channels} × {audio.frames:,} samples at {audio.rate} Hz"


def _digest(text: str) -> str:
    from nawgraph.values.core import digest_bytes

    return digest_bytes(text.encode()).hex()
