"""Model residency with a real, small model: a linear map that is read from an .npz file."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from nawgraph.models import loaders
from nawgraph.runtime.models import ModelMemoryError, Residency, model_bytes
from nawgraph.values import ModelRef

SIZE = 80_000 + 800  # bytes of a linear map of 100 × 100 doubles and its bias


class Linear:
    """y = W x + b."""

    def __init__(self, weight: np.ndarray, bias: np.ndarray) -> None:
        self.weight = weight
        self.bias = bias

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return self.weight @ x + self.bias


loads: list[str] = []


@loaders.loader("linear", estimate=lambda ref: Path(ref.name).stat().st_size)
def load_linear(ref: ModelRef) -> Linear:
    loads.append(ref.name)
    if not Path(ref.name).exists():
        raise LookupError(f"there is no linear map {ref.name}")
    with np.load(ref.name) as file:
        return Linear(file["weight"], file["bias"])


@loaders.loader("untold")
def load_untold(ref: ModelRef) -> Linear:
    return load_linear(ref)


@pytest.fixture
def refs(tmp_path: Path) -> list[ModelRef]:
    loads.clear()
    made = []
    for i in range(4):
        path = tmp_path / f"{i}.npz"
        np.savez(path, weight=np.full((100, 100), float(i)), bias=np.ones(100))
        made.append(ModelRef("linear", str(path)))
    return made


def names(residency: Residency) -> list[str]:
    return [Path(model.ref.name).stem for model in residency.info().models]


def test_a_model_is_loaded_once_and_lent_again(refs: list[ModelRef]) -> None:
    residency = Residency(10 * SIZE)
    with residency.lend(refs[2]) as first, residency.lend(refs[2]) as second:
        assert first is second
        np.testing.assert_array_equal(first(np.ones(100)), np.full(100, 201.0))
        assert residency.info().models[0].loans == 2
    with residency.lend(refs[2]):
        pass
    info = residency.info()
    assert loads == [refs[2].name]
    assert (info.used, info.models[0].bytes, info.models[0].loans) == (SIZE, SIZE, 0)


def test_idle_models_make_room_and_lent_ones_stay(refs: list[ModelRef]) -> None:
    residency = Residency(int(2.5 * SIZE))
    with residency.lend(refs[0]) as kept:
        for ref in refs[1:]:
            with residency.lend(ref):
                assert residency.info().used <= residency.info().budget
        with residency.lend(refs[0]) as again:
            assert again is kept
    assert names(residency) == ["0", "3"]
    residency.clear()
    assert residency.info().used == 0


def test_what_does_not_fit_is_refused_with_the_numbers(refs: list[ModelRef]) -> None:
    residency = Residency(SIZE // 2)
    with (
        pytest.raises(ModelMemoryError, match=r"needs 0\.1 MB and does not fit into the 0\.0 MB"),
        residency.lend(refs[0]),
    ):
        pass
    assert loads == []  # refused before it was loaded


def test_a_model_that_is_larger_than_anybody_said_is_refused_too(refs: list[ModelRef]) -> None:
    residency = Residency(SIZE // 2)
    ref = ModelRef("untold", refs[0].name)
    for _ in range(2):
        with pytest.raises(ModelMemoryError), residency.lend(ref):
            pass
    assert loads == [ref.name]  # its size is known from the first time
    assert residency.info().used == 0


def test_who_holds_a_model_is_refused_and_who_holds_none_waits(refs: list[ModelRef]) -> None:
    residency = Residency(int(1.5 * SIZE))
    waited = []

    def other() -> None:
        with residency.lend(refs[1]) as model:
            waited.append(model(np.zeros(100))[0])

    with residency.lend(refs[0]):
        with pytest.raises(ModelMemoryError, match=r"lent now: .*0\.npz"), residency.lend(refs[1]):
            pass
        thread = threading.Thread(target=other)
        thread.start()
        time.sleep(0.05)
        assert waited == []
    thread.join(10)
    assert waited == [1.0]


def test_waiting_ends_with_a_cancel(refs: list[ModelRef]) -> None:
    residency = Residency(int(1.5 * SIZE))
    seen: list[str] = []

    def give_up() -> None:
        raise KeyboardInterrupt

    def other() -> None:
        try:
            with residency.lend(refs[1], give_up):
                seen.append("lent")
        except KeyboardInterrupt:
            seen.append("gave up")

    with residency.lend(refs[0]):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(10)
    assert seen == ["gave up"]
    assert names(residency) == ["0"]


def test_many_threads_load_each_model_once(refs: list[ModelRef]) -> None:
    residency = Residency(10 * SIZE)
    wrong: list[int] = []
    start = threading.Barrier(8)

    def work(seed: int) -> None:
        rng = np.random.default_rng(seed)
        start.wait()
        for i in rng.integers(0, 4, 50).tolist():
            with residency.lend(refs[i]) as model:
                if model(np.zeros(100))[0] != 1.0 or model.weight[0, 0] != i:
                    wrong.append(i)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert sorted(loads) == sorted(ref.name for ref in refs)
    assert all(model.loans == 0 for model in residency.info().models)


def test_many_threads_keep_a_budget_that_holds_only_some(refs: list[ModelRef]) -> None:
    residency = Residency(int(2.2 * SIZE))
    over: list[int] = []

    def work(seed: int) -> None:
        for i in np.random.default_rng(seed).integers(0, 4, 40).tolist():
            with residency.lend(refs[i]) as model:
                used = residency.info().used
                if used > residency.info().budget or model.weight[0, 0] != i:
                    over.append(used)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert over == []
    assert not any(thread.is_alive() for thread in threads)


def test_a_failed_load_is_tried_again_and_blocks_nobody(refs: list[ModelRef], tmp_path: Path) -> None:
    residency = Residency(10 * SIZE)
    missing = ModelRef("untold", str(tmp_path / "later.npz"))
    for _ in range(2):
        with pytest.raises(LookupError, match="no linear map"), residency.lend(missing):
            pass
    np.savez(missing.name, weight=np.eye(100), bias=np.zeros(100))
    with residency.lend(missing) as model:
        assert model(np.ones(100))[0] == 1.0


def test_an_error_in_the_block_returns_the_model(refs: list[ModelRef]) -> None:
    residency = Residency(10 * SIZE)
    with pytest.raises(ZeroDivisionError), residency.lend(refs[0]):
        raise ZeroDivisionError
    assert residency.info().models[0].loans == 0


def test_out_of_memory_while_loading_drives_idle_models_out_and_tries_again(refs: list[ModelRef]) -> None:
    """A loader that allocates what the machine does not have, until the idle model is gone."""
    residency: Residency

    def load(ref: ModelRef) -> Linear:
        if ref == refs[1] and residency.info().used:
            np.empty(1 << 62, np.uint8)
        return load_linear(ref)

    residency = Residency(10 * SIZE, load=load)
    with residency.lend(refs[0]):
        pass
    with residency.lend(refs[1]) as model:
        assert model.weight[0, 0] == 1.0
    assert names(residency) == ["1"]
    with (
        residency.lend(refs[0]),
        pytest.raises(ModelMemoryError, match="too little memory"),
        Residency(SIZE * 10, load=lambda ref: np.empty(1 << 62, np.uint8)).lend(refs[1]),
    ):
        pass


class Movable(Linear):
    """A linear map that notes where it is; a device has room for one."""

    room: list[Movable] = []  # noqa: RUF012

    def to(self, device: str) -> None:
        if device == "cpu":
            Movable.room.remove(self)
        elif len(Movable.room) == 1:
            raise type("OutOfMemoryError", (RuntimeError,), {})("no room")
        else:
            Movable.room.append(self)


@pytest.fixture
def movable(refs: list[ModelRef]) -> Callable[..., Residency]:
    Movable.room.clear()

    def load(ref: ModelRef) -> Movable:
        plain = load_linear(ref)
        return Movable(plain.weight, plain.bias)

    return lambda budget, **more: Residency(budget, load=load, device=lambda: "cuda", **more)


def test_what_leaves_a_gpu_waits_in_ram_and_comes_back_without_its_file(
    refs: list[ModelRef], movable: Callable[..., Residency]
) -> None:
    residency = movable(int(1.5 * SIZE))
    with residency.lend(refs[1]) as first:
        pass
    with residency.lend(refs[2]):
        info = residency.info()
        assert (names(residency), info.aside, info.aside_bytes) == (["2"], (refs[1].name,), SIZE)
    with residency.lend(refs[1]) as again:
        assert again is first and Movable.room == [first]
        np.testing.assert_array_equal(again(np.ones(100)), np.full(100, 101.0))
        assert residency.info().aside == (refs[2].name,)
    assert loads == [refs[1].name, refs[2].name]


def test_an_error_of_the_gpu_sends_idle_models_to_ram(refs: list[ModelRef], movable: Callable[..., Residency]) -> None:
    residency = movable(10 * SIZE)  # more than the device has: it is the device that says no
    for ref in refs[:2]:
        with residency.lend(ref) as model:
            assert Movable.room == [model]
    assert residency.info().aside == (refs[0].name,)


def test_ram_for_models_that_left_has_a_limit_too(refs: list[ModelRef], movable: Callable[..., Residency]) -> None:
    residency = movable(int(1.5 * SIZE), aside_bytes=SIZE)
    for ref in refs[:3]:
        with residency.lend(ref):
            pass
    assert len(residency.info().aside) == 1 and residency.info().aside_bytes == SIZE
    assert movable(SIZE).info().aside == ()
    nothing = movable(int(1.5 * SIZE), aside_bytes=0)
    Movable.room.clear()
    for ref in refs[:2]:
        with nothing.lend(ref):
            pass
    assert nothing.info().aside == () and len(Movable.room) == 1


def test_the_bytes_of_a_model() -> None:
    array = np.zeros(1000, np.float32)
    assert model_bytes(SimpleNamespace(nbytes=77, weight=array)) == 77
    assert model_bytes(SimpleNamespace(layers=[{"w": array}, {"same": array}], name="x")) == 4000
    assert model_bytes(array) == 4000
    assert model_bytes("no model") == 0


def test_a_kind_without_loader_is_named() -> None:
    ref = ModelRef("telepathy", "brain")
    with pytest.raises(LookupError, match=r"'telepathy' \(wanted for brain\); installed: .*linear"):
        loaders.load(ref)
    with pytest.raises(LookupError), Residency(1).lend(ref):
        pass
    assert loaders.estimate(ModelRef("untold", "x")) == 0
    assert {"linear", "untold"} <= set(loaders.kinds())
