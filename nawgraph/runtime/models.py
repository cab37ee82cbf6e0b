"""Models in memory: loaded on demand, lent to nodes, evicted when others need the room.

One `Residency` owns the memory for models of one device, so that a planner which nobody uses any more
makes room for the renderer. What is lent never leaves. Which of the others leaves first is decided as
in the cache: least seconds of reloading per byte, aged by use (`nawgraph.runtime.cache.tiers`). What leaves a GPU is
kept in RAM, from where it comes back without its file being read again.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from nawgraph.models import loaders
from nawgraph.runtime.cache.tiers import Entry, Tier
from nawgraph.values import ModelRef
from nawgraph.values.core import Digest

_PATIENCE = 0.2  # seconds between two looks at the cancel flag while waiting


class ModelMemoryError(MemoryError):
    """A model does not fit into the memory set aside for models."""


@dataclass(frozen=True, slots=True)
class Resident:
    """A model in memory: its reference, bytes, seconds it took to load, and how many nodes use it now."""

    ref: ModelRef
    bytes: int
    seconds: float
    loans: int


@dataclass(frozen=True, slots=True)
class ResidencyInfo:
    """Models in memory, in the order of their names, and bytes used of the budget; names of those that left a GPU for
    RAM, and their bytes."""

    models: tuple[Resident, ...]
    used: int
    budget: int
    aside: tuple[str, ...] = ()
    aside_bytes: int = 0


class Residency:
    """Owner of the memory for models. Any thread may borrow.

    Args:
        budget_bytes: memory for models; exceeded by none.
        load: ``load(ref)`` brings a model into memory.
        estimate: ``estimate(ref)`` says how many bytes it will need, 0 if unknown.
        device: names the device that models which have a method ``to`` are moved to, asked when one is loaded.
        aside_bytes: RAM for models that had to leave a GPU; by default as much as for those on it.
    """

    def __init__(
        self,
        budget_bytes: int,
        *,
        load: Callable[[ModelRef], Any] = loaders.load,
        estimate: Callable[[ModelRef], int] = loaders.estimate,
        device: Callable[[], str] = lambda: "cpu",
        aside_bytes: int | None = None,
    ) -> None:
        self._load = load
        self._device = device
        self._estimate = estimate
        self._changed = threading.Condition()
        self._tier = Tier(budget_bytes, lambda digest: digest in self._loans, self._leave)
        self._aside = Tier(budget_bytes if aside_bytes is None else aside_bytes, lambda digest: False)
        self._coming: dict[Digest, Entry] = {}  # on their way back from RAM: who makes room spares them
        self._placed_on: dict[Digest, str] = {}  # models that are not on the processor
        self._refs: dict[Digest, ModelRef] = {}
        self._loans: dict[Digest, int] = {}
        self._loading: dict[Digest, int] = {}  # bytes reserved for what is being loaded
        self._sizes: dict[Digest, int] = {}  # true bytes of what has been loaded once
        self._borrowers: dict[int, int] = {}  # thread → loans it holds

    @contextmanager
    def lend(self, ref: ModelRef, check: Callable[[], None] = lambda: None) -> Iterator[Any]:
        """Lend a model for the duration of a ``with`` block; it is loaded once, however many ask.

        Where lent models are in the way, a thread that holds none of them waits until enough are given
        back. One that holds a model itself is refused at once: two that wait for each other wait for ever.

        Args:
            ref: which.
            check: called a few times a second while waiting; may raise to give up.

        Raises:
            LookupError: no loader, or no such model.
            ModelMemoryError: it does not fit.
        """
        digest = ref.digest()
        thread = threading.get_ident()
        model = self._borrow(ref, digest, check)
        try:
            yield model
        finally:
            with self._changed:
                _count(self._loans, digest, -1)
                _count(self._borrowers, thread, -1)
                self._tier.reconsider(digest)
                self._changed.notify_all()

    def info(self) -> ResidencyInfo:
        """What is in memory now."""
        with self._changed:
            models = []
            for digest in self._tier:
                entry = self._tier.peek(digest)
                if entry is not None:
                    loans = self._loans.get(digest, 0)
                    models.append(Resident(self._refs[digest], entry.size, entry.seconds, loans))
            models.sort(key=lambda m: (m.ref.kind, m.ref.name, m.ref.revision))
            aside = sorted(entry.value[0].name for d in self._aside if (entry := self._aside.peek(d)) is not None)
            return ResidencyInfo(tuple(models), self._tier.used, self._tier.budget, tuple(aside), self._aside.used)

    def clear(self) -> None:
        """Evict all that is not lent."""
        with self._changed:
            self._tier.make_room(self._tier.budget)

    def _borrow(self, ref: ModelRef, digest: Digest, check: Callable[[], None]) -> Any:
        while True:
            with self._changed:
                while digest in self._loading:
                    check()
                    self._changed.wait(_PATIENCE)
                entry = self._tier.get(digest)
                if entry is not None:
                    return self._lent(digest, entry.value)
                need = self._sizes.get(digest) or self._estimate(ref)
                self._fetch_aside(digest)
                try:
                    self._reserve(ref, need, check)
                except BaseException:
                    self._put_aside(digest)
                    raise
                if digest in self._tier or digest in self._loading:
                    self._put_aside(digest)
                    continue  # another thread was quicker while this one waited for room
                self._loading[digest] = need
            try:
                model, size, seconds = self._bring(ref)
            except BaseException:
                with self._changed:
                    self._loaded(digest)
                raise
            with self._changed:
                self._loaded(digest)
                self._sizes[digest] = size
                if self._fits(size):
                    self._refs[digest] = ref
                    self._loans[digest] = 0  # it is spared from its first moment
                    self._tier.put(digest, model, size, seconds)
                    return self._lent(digest, model)
            del model  # larger than estimated: once more, with its true size

    def _fetch_aside(self, digest: Digest) -> None:
        entry = self._aside.drop(digest)
        if entry is not None:
            self._coming[digest] = entry

    def _put_aside(self, digest: Digest) -> None:
        entry = self._coming.pop(digest, None)
        if entry is not None:
            self._aside.put(digest, entry.value, entry.size, entry.seconds)

    def _loaded(self, digest: Digest) -> None:
        """Its room is no longer reserved; those who wait look again."""
        del self._loading[digest]
        self._changed.notify_all()

    def _lent(self, digest: Digest, model: Any) -> Any:
        _count(self._loans, digest, 1)
        _count(self._borrowers, threading.get_ident(), 1)
        return model

    def _reserve(self, ref: ModelRef, need: int, check: Callable[[], None]) -> None:
        """Wait until `need` bytes are free. Raises ModelMemoryError."""
        while not self._fits(need):
            if need > self._tier.budget or threading.get_ident() in self._borrowers:
                raise ModelMemoryError(self._refusal(ref, need))
            check()
            self._changed.wait(_PATIENCE)

    def _fits(self, size: int) -> bool:
        """Evict until `size` bytes are free beside what is being loaded; False if that is not possible."""
        size += sum(self._loading.values())
        if size <= self._tier.budget:
            self._tier.make_room(size)
        return self._tier.used + size <= self._tier.budget

    def _refusal(self, ref: ModelRef, need: int) -> str:
        lent = ", ".join(sorted(self._refs[d].name for d in self._loans if d in self._refs)) or "none"
        return (
            f"the model {ref.name} needs {_mega(need)} and does not fit into the {_mega(self._tier.budget)} set aside"
            f" for models ({_mega(self._tier.used)} in use; lent now: {lent}): raise the limit or use a smaller model"
        )

    def _bring(self, ref: ModelRef) -> tuple[Any, int, float]:
        """Load a model: it, its bytes, the seconds it took. Out of memory, all idle models leave and it tries again."""
        start = time.perf_counter()
        try:
            model = self._placed(ref)
        except Exception as error:
            if not _out_of_memory(error):
                raise
            self.clear()
            try:
                model = self._placed(ref)
            except Exception as again:
                if not _out_of_memory(again):
                    raise
                raise ModelMemoryError(
                    f"the device has too little memory for the model {ref.name}, although only "
                    f"{_mega(self._tier.used)} of {_mega(self._tier.budget)} for models are in use: lower the limit"
                ) from again
        return model, model_bytes(model), time.perf_counter() - start

    def _placed(self, ref: ModelRef) -> Any:
        digest = ref.digest()
        with self._changed:
            aside = self._coming.pop(digest, None)
        model = self._load(ref) if aside is None else aside.value[1]
        if hasattr(model, "to") and (device := self._device()) != "cpu":
            model.to(device)
            self._placed_on[digest] = device
        return model

    def _leave(self, digest: Digest, model: Any, seconds: float) -> None:
        """A model's room is needed. The lock is held meanwhile: who waits for that room could do nothing without it."""
        ref = self._refs.pop(digest, None)
        if self._placed_on.pop(digest, None) is None or ref is None:
            return
        try:
            model.to("cpu")
        except (MemoryError, RuntimeError):  # torch's "not enough memory" is a RuntimeError: it is loaded again, then
            return
        self._aside.put(digest, (ref, model), model_bytes(model), seconds)


def model_bytes(model: Any) -> int:
    """Bytes of memory of a model: what its `nbytes` says, else its torch tensors or numpy arrays, each once."""
    own = getattr(model, "nbytes", None)
    if isinstance(own, int):
        return own
    module = getattr(sys.modules.get("torch.nn"), "Module", None)  # not there yet while another thread imports torch
    if module is not None and isinstance(model, module):
        held = {id(t): t.nbytes for t in (*model.parameters(), *model.buffers())}
        return sum(held.values())
    found: dict[int, int] = {}
    _arrays(model, found, set())
    return sum(found.values())


def _arrays(x: Any, found: dict[int, int], seen: set[int]) -> None:
    if id(x) in seen:
        return
    seen.add(id(x))
    size = getattr(x, "nbytes", None)
    if isinstance(size, int):
        found[id(x)] = size
    elif isinstance(x, dict):
        for item in x.values():
            _arrays(item, found, seen)
    elif isinstance(x, (list, tuple)):
        for item in x:
            _arrays(item, found, seen)
    elif hasattr(x, "__dict__") and not isinstance(x, type):
        _arrays(vars(x), found, seen)


def _count(counts: dict[Any, int], key: Any, change: int) -> None:
    counts[key] = counts.get(key, 0) + change
    if counts[key] <= 0:
        del counts[key]


def _out_of_memory(error: Exception) -> bool:
    """MemoryError, or torch's error of the same meaning, which is a RuntimeError."""
    return isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"


def _mega(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
