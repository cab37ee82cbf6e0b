"""A tiny renderer and a tiny vocoder learn for a few seconds, resume on the same curve, and make sound of a score."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from nawgraph.models.loaders import load
from nawgraph.models.render import house
from nawgraph.training.render import train
from nawgraph.training.render.export import export_renderer, export_vocoder
from nawgraph.training.render.songs import Recipe, read, song, write
from nawgraph.training.render.train import Plan, Run
from nawgraph.training.render.vocoder import VocoderRun
from nawgraph.values import STEMS, ModelRef

PLAN = Plan(steps=160, batch=2, frames=32, rate=2e-3)


def silent(text: str) -> None:
    """Training says nothing in a test."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("songs")
    write(folder, "train", 3, Recipe(bars=3, audio=True), silent)
    return folder


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    shape = train.Shape
    monkeypatch.setattr(train, "Shape", lambda *counts: shape(*counts, width=32, layers=1, heads=2, local=32, slot=16))


def test_songs_are_the_same_every_time_and_are_not_made_twice(data: Path) -> None:
    (first, second), (again, _) = song(0, Recipe(bars=2)), song(0, Recipe(bars=2))
    assert first == again
    stamp = (data / "train" / "00000" / "facts.json").stat().st_mtime_ns
    write(data, "train", 3, Recipe(bars=3, audio=True), silent)
    assert (data / "train" / "00000" / "facts.json").stat().st_mtime_ns == stamp
    examples = read(data, "train")
    assert [e.facts["seed"] for e in examples] == [0, 1, 2]
    assert all(
        e.features(s).shape[0] == e.frames == slot.shape[0] for e in examples for s in STEMS for *_, slot in e.slots()
    )
    assert second.rate == 44_100


def test_some_songs_are_one_part_alone() -> None:
    (every, sound), (lone, heard) = song(4, Recipe(bars=2)), song(4, Recipe(bars=2, alone=1))
    assert len(every.parts) > 1
    assert len(lone.parts) == 1
    stem = lone.parts[0].stem
    assert [p.notes for p in every.of_stem(stem) if p.name == lone.parts[0].name] == [lone.parts[0].notes]
    assert {name for name, audio in heard if np.abs(audio.samples).max() > 1e-4} == {stem}
    assert heard.frames == sound.frames


def test_no_songs_are_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nawgraph train songs"):
        read(tmp_path, "train")


def once(run: Run | VocoderRun) -> float:
    """The loss of one step."""
    return run._once(*run._batch(run.step))  # type: ignore[arg-type]


def test_the_loss_falls_and_a_killed_run_goes_on_along_the_same_curve(data: Path, tmp_path: Path, tiny: None) -> None:
    whole = Run(data, tmp_path / "whole", PLAN, silent)
    begin = [once(whole) for _ in range(5)]
    whole.go()
    end = [float(np.mean(begin)), float(np.mean([once(whole) for _ in range(5)]))]
    assert end[1] < 0.8 * end[0]
    half = Run(data, tmp_path / "half", replace(PLAN), silent)
    for _ in range(7):
        once(half)
    half.save()
    resumed = Run(data, tmp_path / "half", PLAN, silent)
    assert resumed.step == 7
    assert once(resumed) == pytest.approx(once(half), rel=1e-5)


def test_weights_go_through_a_file_and_make_sound(data: Path, tmp_path: Path) -> None:
    run = Run(data, tmp_path / "flow", replace(PLAN, steps=1), silent)
    run.go()
    space = tmp_path / "flow" / "space.npz"
    for drums in (True, False):
        vocoder = VocoderRun(data, tmp_path / "voc", drums, steps=12, space=run.space, batch=2, frames=16, say=silent)
        losses = [once(vocoder) for _ in range(12)]
        assert np.mean(losses[-3:]) < np.mean(losses[:3])
        vocoder.save()
    export_renderer(tmp_path / "flow", tmp_path / "r.safetensors")
    export_vocoder(tmp_path / "voc", space, tmp_path / "v.safetensors")
    paint = load(ModelRef("renderer", str(tmp_path / "r.safetensors")))
    speak = load(ModelRef("vocoder", str(tmp_path / "v.safetensors")))
    score, truth = song(5, Recipe(bars=1))
    latents = paint.render(score, seed=1, count=1, steps=lambda n, label: iter(range(n)))
    stems = speak.decode(latents, length=speak.length_of(score))
    assert stems.frames == truth.frames + house.TAIL * 44_100
    assert np.isfinite(stems["bass"].samples).all()
    idle = [stem for stem in STEMS if not any(p.notes for p in score.of_stem(stem))]
    assert all(not stems[stem].samples.any() for stem in idle)
    kept = paint.render(
        score, seed=2, count=1, steps=lambda n, label: iter(range(n)), known=latents,
        keep=np.ones((4, 4, latents.data[0].shape[1]), np.float32),
    )  # fmt: skip
    assert all(np.array_equal(a, b) for a, b in zip(kept.data, latents.data, strict=True))


def test_damaged_and_foreign_weights_are_sentences(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match="missing"):
        load(ModelRef("renderer", str(tmp_path / "none.safetensors")))
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes((house.FOLDER / "vocoder.safetensors").read_bytes()[:5000])
    with pytest.raises(ValueError, match="damaged"):
        load(ModelRef("vocoder", str(broken)))
    with pytest.raises(ValueError, match="holds no renderer"):
        load(ModelRef("renderer", str(house.FOLDER / "vocoder.safetensors")))
    with pytest.raises(ValueError, match="not finite"):
        tensors, facts = house.read(house.FOLDER / "vocoder.safetensors", "vocoder")
        tensors["drums.out.bias"] = np.full_like(tensors["drums.out.bias"], np.nan)
        house.save(broken, tensors, facts)
        load(ModelRef("vocoder", str(broken)))
