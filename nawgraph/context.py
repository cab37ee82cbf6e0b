"""The one door from a node to the world: randomness, progress, models, files.

A node that is called as a plain function (in a test, in a notebook) gets along with `Context()`; the
runtime passes one that is wired to its cancel flag, its event stream and its model residency.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from nawgraph.values import ModelRef

T = TypeVar("T")
Lend = Callable[[ModelRef], AbstractContextManager[Any]]


class Cancelled(BaseException):
    """The user cancelled the run. Not an `Exception`, so that a node's own handlers let it pass."""


class Context:
    """Services for one call of one node. All of them work without a runtime, too."""

    provenance: str = ""
    """The graph document that makes this result, for exporters to embed; no part of any key."""

    def __init__(self, out_dir: Path | None = None, lend: Lend | None = None) -> None:
        self._lend = lend
        self.out_dir = out_dir if out_dir is not None else Path()
        self.files: list[Path] = []
        self.warnings: list[str] = []

    def rng(self, seed: int, *stream: int) -> np.random.Generator:
        """A counter-based generator for `seed`; more numbers (stem, frame) give independent streams."""
        # As spawn key, since entropy is padded with zeros: (seed,) and (seed, 0) would be one stream.
        key = [word for number in stream for word in (number & 0xFFFFFFFF, number >> 32)]
        sequence = np.random.SeedSequence([seed & 0xFFFFFFFF, seed >> 32], spawn_key=key)
        words = sequence.generate_state(2, np.uint64)
        return np.random.Generator(np.random.Philox(key=words))

    def check(self) -> None:
        """Raise `Cancelled` if the user gave up. Call it at least once a second in long loops."""

    def progress(self, done: int, total: int, label: str = "") -> None:
        """Say how far the work is; also a point where a cancel takes effect."""
        self.check()

    def steps(self, work: int | Sequence[T], label: str = "") -> Iterator[Any]:
        """Iterate over a count or a sequence, reporting progress and obeying cancel: ``for i in ctx.steps(8)``."""
        items: Sequence[Any] = range(work) if isinstance(work, int) else work
        for done, item in enumerate(items):
            self.progress(done, len(items), label)
            yield item
        self.progress(len(items), len(items), label)

    def preview(self, value: Any) -> None:
        """Show an unfinished result. Optional; never stored."""

    def warn(self, message: str) -> None:
        """Tell the user something in one sentence, beside the node."""
        self.warnings.append(message)

    def borrow(self, ref: ModelRef) -> AbstractContextManager[Any]:
        """Lend the model that `ref` names for the duration of a `with` block.

        Raises:
            LookupError: no loader for this kind of model is installed.
        """
        if self._lend is None:
            raise LookupError(f"nobody lends models here: give the context a way to, to borrow {ref.kind} {ref.name!r}")
        return self._lend(ref)

    def model(self, kind: str, name: str) -> ModelRef:
        """The installed model of this kind and name, by its weights' digest. A licence that limits use is said.

        Raises:
            LookupError: there is none.
        """
        raise LookupError(f"nobody knows of models here: the {kind} {name!r} cannot be looked up")

    def claim(self, name: str) -> Path:
        """The path that an exporter may write `name` to: in the output folder, which is made if need be.

        Raises:
            ValueError: the name is no plain file name, the folder cannot be made, or another exporter of
                this run writes there.
        """
        if name in ("", ".", "..") or Path(name).name != name or "\0" in name:
            raise ValueError(f"{name!r} is not a plain file name")
        try:
            self.out_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ValueError(f"the output folder {self.out_dir} cannot be made: {error.strerror}") from None
        return self.out_dir / name

    def wrote(self, path: Path) -> None:
        """Exporters name every file they wrote."""
        self.files.append(Path(path))
