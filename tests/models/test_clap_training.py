"""A tiny CLAP learns for a few seconds which words belong to which sound, resumes, and goes through a file."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from nawgraph.cli import main
from nawgraph.models.clap import house
from nawgraph.models.loaders import load
from nawgraph.training.clap import clips as data
from nawgraph.training.clap.batches import Pairs, cut, moved
from nawgraph.training.clap.clips import Clip, Facts, clip, read, sound, write
from nawgraph.training.clap.evaluate import evaluate, fit, reader
from nawgraph.training.clap.measures import retrieval, telling
from nawgraph.training.clap.train import TINY, Plan, Run
from nawgraph.training.clap.words import TELLING, described, typed
from nawgraph.values import Audio, ModelRef

PLAN = Plan(steps=220, batch=10, rate=3e-3, decay=0.9)
COUNT = 10


def silent(text: str) -> None:
    """Training says nothing in a test."""


def said(facts: Facts) -> str:
    """A description in the wording of training: a tiny network knows no other."""
    return described(facts, np.random.default_rng(facts.number), odds=TELLING)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data, "SHARD", COUNT)
        where = tmp_path_factory.mktemp("clips")
        write(where, "train", COUNT, say=silent)
        yield where


@pytest.fixture(scope="module")
def clips(folder: Path) -> list[Clip]:
    return read(folder, "train")


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_a_clip_is_the_same_every_time_and_is_not_made_twice(folder: Path, clips: list[Clip]) -> None:
    again = clip(clips[3].facts.number)
    assert again.facts == clips[3].facts
    assert np.array_equal(again.bands, clips[3].bands)
    (file,) = folder.glob("train-*.npz")
    stamp = file.stat().st_mtime_ns
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data, "SHARD", COUNT)
        write(folder, "train", COUNT, say=silent)
    assert file.stat().st_mtime_ns == stamp
    with pytest.raises(ValueError, match="other clips"):
        write(folder, "train", COUNT, seed=1, say=silent)
    with pytest.raises(ValueError, match="nawgraph train clips"):
        read(folder, "test")


def test_words_say_what_is_true(clips: list[Clip]) -> None:
    """The prompt reader, which knows nothing of training, finds the style, tempo and key that the facts have."""
    hits = [fit(telling(c.facts), c.facts) for c in clips]
    assert np.mean(hits) > 2.5
    assert reader(clips, COUNT, telling) > 0.9
    faster = moved(clips[0].facts, 1.1, 3)
    assert (faster.bpm, faster.tonic) == (clips[0].facts.bpm * 1.1, (clips[0].facts.tonic + 3) % 12)


def test_descriptions_differ_and_are_the_same_for_the_same_seed(clips: list[Clip]) -> None:
    made = [described(clips[0].facts, np.random.default_rng(seed)) for seed in range(20)]
    assert len(set(made)) > 15
    assert made == [described(clips[0].facts, np.random.default_rng(seed)) for seed in range(20)]
    assert all(isinstance(typed(text, np.random.default_rng(1)), str) for text in ("", "a", *made))


def test_a_window_of_a_clip_is_what_is_heard_of_its_sound(clips: list[Clip]) -> None:
    from nawgraph.models.clap.hearing import window

    _, samples = sound(clips[2].facts.number)
    bands, _ = window(samples.mean(axis=0), 0)
    kept, _ = cut(clips[2], 0.0)
    inner = slice(2, -4)
    assert np.corrcoef(bands[inner].ravel(), kept[inner].ravel())[0, 1] > 0.99


def test_the_loss_falls_and_words_find_their_sounds(clips: list[Clip], tmp_path: Path) -> None:
    run = Run(clips, clips, tmp_path / "run", PLAN, shape=TINY, say=silent)
    before = retrieval(run.averaged(), clips, COUNT, said).found
    first = np.mean([run.once() for _ in range(4)])
    run.go()
    last = np.mean([run.once(run.pairs.batch(900 + i, COUNT)) for i in range(4)])
    after = retrieval(run.averaged(), clips, COUNT, said).found
    assert last < 0.75 * first
    assert after >= before + 0.3
    path = tmp_path / "clap.safetensors"
    run.export(path)
    clap = load(ModelRef("clap", str(path)))
    assert clap.space.startswith("house-clap/")
    again = tmp_path / "again.safetensors"
    run.export(again)
    assert again.read_bytes() == path.read_bytes()
    _, samples = sound(clips[0].facts.number)
    steps: list[int] = []
    embedding = clap.audio(Audio(samples, 44_100), lambda n, label: (steps.append(n), range(n))[1])
    assert np.linalg.norm(embedding.vector) == pytest.approx(1, abs=1e-5)
    assert steps == [1]


def test_a_killed_run_goes_on_along_the_same_curve(clips: list[Clip], tmp_path: Path) -> None:
    whole = Run(clips, clips, tmp_path / "a", PLAN, shape=TINY, say=silent)
    half = Run(clips, clips, tmp_path / "b", PLAN, shape=TINY, say=silent)
    losses = [whole.once() for _ in range(8)]
    assert [half.once() for _ in range(5)] == losses[:5]
    half.save()
    resumed = Run(clips, clips, tmp_path / "b", PLAN, shape=TINY, say=silent)
    assert resumed.step == 5
    assert [resumed.once() for _ in range(3)] == pytest.approx(losses[5:], rel=1e-5)
    with pytest.raises(ValueError, match="another shape"):
        Run(clips, clips, tmp_path / "b", PLAN, say=silent)


def test_a_batch_depends_on_its_number_alone(clips: list[Clip]) -> None:
    a, b = Pairs(clips, 3), Pairs(clips, 3)
    b.batch(0, 4)
    one, two = a.batch(5, 4), b.batch(5, 4)
    assert np.array_equal(one.bands, two.bands)
    assert np.array_equal(one.pages.rows, two.pages.rows)
    assert not np.array_equal(one.bands, a.batch(6, 4).bands)


def test_the_commands(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = tmp_path / "clips"
    shutil.copytree(folder, where)
    for split in ("validation", "test"):
        shutil.copy(where / "train-00000.npz", where / f"{split}-00000.npz")
    out = tmp_path / "run"
    common = ["train", "clap", "--data", str(where), "--out", str(out), "--batch", "4", "--tiny", "--device", "cpu"]
    assert main([*common, "--steps", "2"]) == 0
    path = capsys.readouterr().out.strip()
    assert path == str(out / "clap.safetensors")
    assert '"step": 2' in (out / "log.jsonl").read_text()
    assert main([*common, "--steps", "0"]) == 2
    assert "--steps must be 1 or more" in capsys.readouterr().err
    assert main(["train", "clap", "--data", str(tmp_path / "none"), "--out", str(out)]) == 2
    assert "nawgraph train clips" in capsys.readouterr().err
    assert main(["train", "clips", "--seed", "70000"]) == 2
    assert "0 to 65535" in capsys.readouterr().err
    assert main(["eval", "clap", "--weights", path, "--clips", "8"]) == 2
    assert "32 or more" in capsys.readouterr().err
    assert main(["eval", "clap", "--weights", path, "--data", str(where), "--clips", "32"]) == 2
    assert "holds 10 test clips" in capsys.readouterr().err


def test_the_table_has_every_row_with_chance_beside_it(clips: list[Clip], tmp_path: Path) -> None:
    run = Run(clips, clips, tmp_path / "run", replace(PLAN, steps=1), shape=TINY, say=silent)
    many = [replace(c, facts=replace(c.facts, varied=False)) for c in clips * 4]
    rows = list(evaluate(run.averaged(), many, silent))
    assert [row.name.split(",")[0] for row in rows[:2]] == ["R@1 of 32", "R@1 of 32"]
    assert len(rows) == 8
    assert all(row.chance is not None and 0 <= row.clap <= 1 for row in rows)
    assert rows[0].reader is not None
    assert rows[0].met is False


def test_damaged_and_foreign_weights_are_sentences(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match="does not exist"):
        load(ModelRef("clap", str(tmp_path / "none.safetensors")))
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(house.WEIGHTS.read_bytes()[:5000])
    with pytest.raises(ValueError, match="damaged"):
        load(ModelRef("clap", str(broken)))
    with pytest.raises(ValueError, match="belongs to no network"):
        load(ModelRef("clap", str(house.WEIGHTS.with_name("vocoder.safetensors"))))
    tensors, facts = house.read(house.WEIGHTS)
    house.save(broken, {**tensors, "sharpness": np.float16(np.nan)}, {"shape": facts["shape"]})
    with pytest.raises(ValueError, match="not finite"):
        load(ModelRef("clap", str(broken)))
    house.save(broken, tensors, {"shape": {**facts["shape"], "words": 64}})
    with pytest.raises(ValueError, match="another version"):
        load(ModelRef("clap", str(broken)))
    del tensors["sharpness"]
    house.save(broken, tensors, {"shape": facts["shape"]})
    with pytest.raises(ValueError, match="another version"):
        load(ModelRef("clap", str(broken)))
