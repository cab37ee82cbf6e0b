"""Demucs: small networks in the files that the package and its authors write, beside what the package makes of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from demucs.apply import BagOfModels, apply_model
from demucs.htdemucs import HTDemucs
from safetensors.torch import save_file

from nawgraph.context import Cancelled, Context
from nawgraph.models import installed, loaders
from nawgraph.models.separator.demucs import Demucs
from nawgraph.nodes import separate
from nawgraph.values import Audio, ModelRef

RATE = 44_100
FOUR = ["drums", "bass", "other", "vocals"]
SMALL: dict[str, Any] = {
    "channels": 8, "nfft": 512, "depth": 3, "t_layers": 1, "t_heads": 2, "bottom_channels": 8, "t_hidden_scale": 1.0,
    "segment": Fraction(2, 5), "samplerate": RATE, "freq_emb": 0.2, "norm_starts": 2, "norm_groups": 2,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("NAWGRAPH_HOME", str(tmp_path / "home"))
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def network(seed: int, sources: list[str] = FOUR) -> HTDemucs:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return HTDemucs(sources, **SMALL).eval()


def encoded(value: Any) -> Any:
    """As the authors' export writes arguments."""
    if isinstance(value, Fraction):
        return {"_type": "fraction", "numerator": value.numerator, "denominator": value.denominator}
    return value


def hub_file(model: HTDemucs, path: Path) -> Path:
    """The form of the hub: safetensors in half precision, class and arguments in the metadata."""
    kwargs = {k: encoded(v) for k, v in {"sources": list(model.sources), **SMALL}.items()}
    told = {"klass": "demucs.htdemucs.HTDemucs", "args": "[]", "kwargs": json.dumps(kwargs)}
    save_file({k: v.half().contiguous() for k, v in model.state_dict().items()}, path, metadata=told)
    return path


def old_file(model: HTDemucs, path: Path) -> Path:
    """The form of before: a pickle with the class itself."""
    state = {k: v.half() for k, v in model.state_dict().items()}
    torch.save(
        {"klass": HTDemucs, "args": (), "kwargs": {"sources": list(model.sources), **SMALL}, "state": state}, path
    )
    return path


def halved(model: HTDemucs) -> HTDemucs:
    """The network with the weights that are left after half precision."""
    model.load_state_dict({k: v.half().float() for k, v in model.state_dict().items()})
    return model


def song(seconds: float) -> np.ndarray:
    rng = np.random.default_rng(3)
    t = np.arange(round(seconds * RATE)) / RATE
    return (0.3 * np.sin(2 * np.pi * 220 * t) + 0.1 * rng.standard_normal((2, len(t)))).astype(np.float32)


def theirs(model: Any, mixture: np.ndarray, overlap: float = 0.25) -> np.ndarray:
    """What the package makes of it, as its command does: normalised, in segments, without shifts."""
    wav = torch.from_numpy(mixture)
    ref = wav.mean(0)
    mean, std = ref.mean(), ref.std(unbiased=False)
    with torch.no_grad():
        made = apply_model(model, ((wav - mean) / std)[None], shifts=0, split=True, overlap=overlap)[0]
    return (made * std + mean).numpy()


def sorted_as(found: np.ndarray, sources: list[str], names: tuple[str, ...]) -> np.ndarray:
    return found[[sources.index(name) for name in names]]


@pytest.mark.parametrize("seconds", [0.1, 0.4, 1.37])
def test_a_file_of_the_hub_makes_what_the_package_makes(seconds: float, tmp_path: Path) -> None:
    model = halved(network(1))
    ours = loaders.load(ModelRef("separator", str(hub_file(model, tmp_path / "955717e8.safetensors"))))
    assert ours.names == ("drums", "bass", "vocals", "other") and ours.rate == RATE
    mixture = song(seconds)
    expected = sorted_as(theirs(model, mixture), FOUR, ours.names)
    assert np.abs(expected).max() > 1e-3
    assert ours.separate(mixture) == pytest.approx(expected, abs=2e-5 * float(np.abs(expected).max()))


def test_an_old_file_is_converted_and_makes_the_same(tmp_path: Path) -> None:
    model = halved(network(2))
    file = old_file(model, tmp_path / "955717e8-8726e21a.th")
    with pytest.raises(ValueError, match="--convert"):
        installed.add(file, "mine")
    note = installed.add(file, "mine", convert=True)
    assert (note.kind, note.layout) == ("separator", "demucs")
    ours, mixture = loaders.load(note.ref), song(0.9)
    expected = sorted_as(theirs(model, mixture), FOUR, ours.names)
    assert ours.separate(mixture) == pytest.approx(expected, abs=2e-5 * float(np.abs(expected).max()))
    assert installed.verify(note) == ""


@pytest.mark.parametrize("old", [False, True])
def test_a_bag_is_averaged_as_it_says(old: bool, tmp_path: Path) -> None:
    models = [halved(network(seed)) for seed in (3, 4)]
    weights = [[1.0, 0.0, 2.0, 1.0], [0.0, 1.0, 1.0, 1.0]]
    for model, name in zip(models, ("aaaa", "bbbb"), strict=True):
        old_file(model, tmp_path / f"{name}-0123.th") if old else hub_file(model, tmp_path / f"{name}.safetensors")
    (tmp_path / "htdemucs_two.yaml").write_text(f"models: ['aaaa', 'bbbb']\nweights: {weights}\n", "utf-8")
    note = installed.add(tmp_path, "two", convert=old)
    ours, mixture = loaders.load(note.ref), song(0.7)
    expected = sorted_as(theirs(BagOfModels(models, weights), mixture), FOUR, ours.names)
    assert ours.separate(mixture) == pytest.approx(expected, abs=2e-5 * float(np.abs(expected).max()))
    (tmp_path / "bbbb-0123.th").unlink() if old else (tmp_path / "bbbb.safetensors").unlink()
    with pytest.raises(LookupError, match="bbbb, which does not lie beside it"):
        installed.add(tmp_path, "three", convert=old)


def test_six_stems_add_up_to_the_song(tmp_path: Path) -> None:
    six = [*FOUR, "guitar", "piano"]
    file = hub_file(network(5, six), tmp_path / "5c90dfd2.safetensors")
    ref = separate.model(file=str(file), ctx=ctx())
    audio = Audio(song(1.0)[:, : RATE // 2], 22_050)
    stems = separate.demucs(audio, ref, ctx=ctx())
    assert stems.names == ("drums", "bass", "vocals", "other", "guitar", "piano")
    assert (stems.rate, stems.frames) == (22_050, audio.frames)
    rest = np.sum([a.samples for _, a in stems], axis=0) - audio.samples
    assert np.abs(rest).max() < 10 ** (-90 / 20)
    house = separate.house(audio, ref, ctx=ctx())
    assert house.names == stems.names


@contextmanager
def lend(ref: ModelRef) -> Iterator[Any]:
    yield loaders.load(ref)


def ctx() -> Context:
    return Context(lend=lend)


def test_shifts_come_from_the_seed_and_change_little_but_something(tmp_path: Path) -> None:
    ours: Demucs = loaders.load(ModelRef("separator", str(hub_file(network(6), tmp_path / "a.safetensors"))))
    mixture = song(1.1)
    plain = ours.separate(mixture)
    once, again, other = (ours.separate(mixture, shifts=2, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(once, again) and not np.array_equal(once, other)
    assert once.shape == plain.shape and not np.array_equal(once, plain)
    steps: list[int] = []
    ours.separate(mixture, lambda n, label: steps.append(n) or range(n), shifts=2, seed=1)  # type: ignore[func-returns-value]
    assert steps[0] >= 2 * len(range(0, mixture.shape[1], round(0.75 * 0.4 * RATE)))


def test_what_the_network_sees_does_not_grow_with_the_song_and_a_cancel_is_obeyed(tmp_path: Path) -> None:
    model = network(7)
    ours: Demucs = loaders.load(ModelRef("separator", str(hub_file(model, tmp_path / "a.safetensors"))))
    seen: list[int] = []
    ours.networks[0].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].shape[-1]))

    def steps(count: int, _label: str) -> Iterator[int]:
        for n in range(count):
            if n == 3:
                raise Cancelled
            yield n

    noise = np.random.default_rng(0).standard_normal((2, 60 * RATE)).astype(np.float32)
    with pytest.raises(Cancelled):
        ours.separate(noise, steps)
    assert len(seen) == 3 and set(seen) == {int(RATE * Fraction(2, 5))}
    still = ours.separate(np.full((2, RATE), 0.3, np.float32))  # nothing but an offset: nothing to take apart
    assert len(seen) == 3 and not still.any()


def test_what_does_not_fit_is_said(tmp_path: Path) -> None:
    model = network(8)
    state = dict(model.state_dict())
    told = {"klass": "demucs.htdemucs.HTDemucs", "args": "[]",
            "kwargs": json.dumps({k: encoded(v) for k, v in {"sources": FOUR, **SMALL}.items()})}  # fmt: skip
    first = sorted(state)[0]

    def refused(tensors: dict[str, torch.Tensor], sentence: str, **more: str) -> None:
        path = tmp_path / "x.safetensors"
        save_file({k: v.contiguous() for k, v in tensors.items()}, path, metadata=told | more)
        with pytest.raises(ValueError, match=sentence):
            loaders.load(ModelRef("separator", str(path)))

    refused({k: v for k, v in state.items() if k != first}, f"{first} is missing")
    refused({**state, first: torch.zeros(3)}, rf"{first} is \[3\], and not")
    refused({**state, "more.weight": torch.zeros(3)}, "more.weight belongs to no layer")
    refused(state, "it holds a os.system", klass="os.system")
    with pytest.raises(ValueError, match="needs a Demucs"):
        separate.demucs(Audio(song(0.5), RATE), ModelRef("separator", "house", "1"), ctx=ctx())
    with pytest.raises(ValueError, match="give a name or a file"):
        separate.model(name="a", file="b", ctx=ctx())
    with pytest.raises(LookupError, match="no separator called"):
        installed.find("separator", "htdemucs")


@pytest.mark.parametrize(("stems", "bottom", "megabytes"), [(4, 512, 84), (6, 0, 55)])
def test_the_published_sizes(stems: int, bottom: int, megabytes: int) -> None:
    with torch.device("meta"):
        model = HTDemucs([*FOUR, "guitar", "piano"][:stems], bottom_channels=bottom, dconv_mode=3)
    state = model.state_dict()
    total = sum(v.numel() for v in state.values()) * 2  # half precision
    assert total / 1e6 == pytest.approx(megabytes, rel=0.02)
    marks = ("tencoder.0.", "tdecoder.0.", "crosstransformer.layers.0.")
    assert all(any(key.startswith(mark) for key in state) for mark in marks)
