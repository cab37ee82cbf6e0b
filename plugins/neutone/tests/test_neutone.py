"""A model that is built here, saved as ``.nm`` by the SDK, loaded, and run."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from nawgraph_neutone import describe, run

import nawgraph as ng

MAKER = Path(__file__).parents[1] / "tools" / "make_soft_clip.py"
EXAMPLE = Path(importlib.util.find_spec("nawgraph_neutone").origin).parent / "examples" / "soft_clip.nm"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    spec = importlib.util.spec_from_file_location("make_soft_clip", MAKER)
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    path = tmp_path_factory.mktemp("model") / "soft_clip.nm"
    maker.make(path)
    return str(path)


def noise(rate: int = 48_000, frames: int = 20_001, channels: int = 2) -> ng.Audio:
    rng = np.random.default_rng(0)
    return ng.Audio((rng.standard_normal((channels, frames)) * 0.2).astype(np.float32), rate)


@pytest.mark.parametrize("drive", [0.0, 0.3, 1.0])
def test_its_knob_is_its_knob_and_nothing_is_late(model: str, drive: float) -> None:
    sound = noise()
    made = run(sound, model=model, own=False, a=drive, ctx=ng.Context())
    np.testing.assert_allclose(made.samples, np.tanh(sound.samples * (1 + 9 * drive)), atol=1e-6)


def test_its_authors_setting_is_the_default(model: str) -> None:
    sound = noise(frames=5_000)
    made = run(sound, model=model, ctx=ng.Context())
    np.testing.assert_allclose(made.samples, np.tanh(sound.samples * (1 + 9 * 0.25)), atol=1e-6)


def test_the_model_of_the_example_is_the_one_that_is_built_here(model: str) -> None:
    sound = noise(frames=3_000)
    assert (
        run(sound, model=model, ctx=ng.Context()).digest() == run(sound, model=str(EXAMPLE), ctx=ng.Context()).digest()
    )


def test_another_rate_is_resampled_there_and_back(model: str) -> None:
    wave = 0.1 * np.sin(2 * np.pi * 441 * np.arange(44_100) / 44_100).astype(np.float32)
    made = run(ng.Audio(wave[None], 44_100), model=model, own=False, a=0.0, ctx=ng.Context())
    assert (made.rate, made.samples.shape) == (44_100, (2, 44_100))  # a model of two channels makes two of one
    assert np.abs(made.samples[0] - np.tanh(wave))[1_000:-1_000].max() < 1e-3


def test_mix_of_nothing_is_the_sound(model: str) -> None:
    sound = noise(frames=4_000)
    assert run(sound, model=model, mix=0.0, ctx=ng.Context()).digest() == sound.digest()


def test_what_it_says_of_itself(model: str) -> None:
    assert describe(model=model).splitlines() == [
        "soft.clip 1.0.0, by nawgraph",
        "A soft clipper.",
        "The hyperbolic tangent of the sound, louder before it by a knob.",
        "a: drive (0.25): how much louder before clipping",
        "made for 48000 Hz",
    ]


def test_bad_input_is_a_sentence(model: str, tmp_path: Path) -> None:
    (tmp_path / "bad.nm").write_bytes(b"PK nothing")
    for file, words in (
        ("", "names no file"),
        ("none.nm", "does not exist"),
        (tmp_path / "bad.nm", "no Neutone model"),
    ):
        with pytest.raises(ValueError, match=words):
            run(noise(frames=10), model=str(file), ctx=ng.Context())
    with pytest.raises(ValueError, match="3 channels"):
        run(noise(channels=3), model=model, ctx=ng.Context())
    assert run(noise(frames=0), model=model, ctx=ng.Context()).frames == 0
