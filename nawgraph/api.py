"""nawgraph from Python: load a song, run it, get arrays. `nawgraph.song` builds one; `docs/python.md` shows it all."""

from __future__ import annotations

import atexit
import os
import sys
import threading
import warnings
from collections.abc import Iterable
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from nawgraph import files
from nawgraph.graph import Graph
from nawgraph.overrides import with_seed
from nawgraph.own_nodes import library
from nawgraph.problems import nearest
from nawgraph.song import Handle, Song

if TYPE_CHECKING:
    from nawgraph.runtime.local import Runtime
    from nawgraph.runtime.result import Result
    from nawgraph.watch import Display


class Kept(Enum):
    """Where results are kept, if it is no folder that the caller names."""

    USER = "the folder that the command line and the editor use"


def load(path: str | os.PathLike[str]) -> Song:
    """The song in a `.nawgraph` file, its nodes brought up to date.

    Raises:
        FormatError: it cannot be read, or is not a document.
    """
    song = Song(path=Path(path))
    song.graph, notes = files.upgrade_nodes(files.load(path), song.library)
    for note in notes:
        warnings.warn(note, stacklevel=2)
    return song


def run(
    song: Song | Graph | str | os.PathLike[str],
    targets: Iterable[str | Handle] | None = None,
    *,
    out: str | os.PathLike[str] = "out",
    cache: str | os.PathLike[str] | Kept | None = Kept.USER,
    seed: int | None = None,
    device: str = "auto",
    progress: bool = True,
) -> Result:
    """Run a song; only what changed runs again. The result gives values on demand: ``result["mix.audio"].samples``.

    A node that fails does not raise: ``result.status`` and ``result.errors()`` tell, and what does not depend on it
    is made.

    Args:
        song: a song, a graph, or the path of a document.
        targets: nodes to make; by default all exporters, or the last nodes where there are none.
        out: folder for exports.
        cache: folder where results are kept; None keeps them in memory, for this process.
        seed: sets every unwired seed, in this run only.
        device: "auto", "cpu" or "cuda".
        progress: bars on stderr, if that is a terminal.

    Raises:
        InvalidGraphError: the document has an error in what the targets need; nothing was run.
        ValueError: no such target.
        KeyboardInterrupt: Ctrl-C; what was finished is kept.
    """
    from nawgraph.watch import AbandonedError, watch

    song = song if isinstance(song, Song) else Song(song) if isinstance(song, Graph) else load(song)
    graph = song.graph if seed is None else with_seed(song.graph, song.library, seed)
    names = None if targets is None else [t.id if isinstance(t, Handle) else t for t in targets]
    for name in names or ():
        if name not in graph.nodes:
            raise ValueError(f"there is no node {name!r}{nearest(name, list(graph.nodes))}")
    with _Shared.of(cache, device) as shared:
        shared.runtime.library = song.library
        try:
            result = watch(
                shared.runtime,
                lambda emit: shared.runtime.run(
                    graph,
                    names,
                    out_dir=Path(out),
                    base=song.path.parent if song.path else Path(),
                    document=str(song.path.absolute()) if song.path else "",
                    emit=emit,
                ),
                _bars() if progress else None,
            )
        except AbandonedError:
            shared.forget()
            raise KeyboardInterrupt from None
    if result.status == "cancelled":
        raise KeyboardInterrupt
    return result


def _bars() -> Display | None:
    if not sys.stderr.isatty():
        return None
    from nawgraph.progress import Bars

    return Bars(sys.stderr)


class _Shared:
    """The one runtime of this process for a cache folder; it does one run at a time."""

    _all: dict[tuple[Path | None, str], _Shared] = {}  # noqa: RUF012 - shared on purpose
    _lock = threading.Lock()

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self._busy = threading.Lock()

    def __enter__(self) -> _Shared:
        self._busy.acquire()
        return self

    def __exit__(self, *error: object) -> None:
        self._busy.release()

    def forget(self) -> None:
        """Leave this runtime to a run that did not answer; the next run gets another one."""
        with self._lock:
            for key in [key for key, shared in self._all.items() if shared is self]:
                del self._all[key]

    @classmethod
    def of(cls, cache: str | os.PathLike[str] | Kept | None, device: str) -> _Shared:
        """The runtime for a folder; made when it is first asked for, closed when the process ends."""
        from nawgraph import home
        from nawgraph.packs import provide
        from nawgraph.runtime.local import Runtime

        folder = home.cache_folder() if isinstance(cache, Kept) else None if cache is None else Path(cache)
        folder = folder.absolute() if folder else None
        with cls._lock:
            found = cls._all.get((folder, device))
            if found is None:
                made = Runtime(
                    library(),
                    folder,
                    device=device,
                    engine=provide.engine(),
                    warn=lambda text: warnings.warn(text, stacklevel=4),
                )
                found = cls._all[folder, device] = cls(made)
                atexit.register(made.close)
            return found
