"""The separator: segments change nothing, stems add up, a tiny one learns and resumes, files go out and in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from nawgraph.cli import main
from nawgraph.models import catalogue
from nawgraph.models.loaders import load
from nawgraph.models.separator import house
from nawgraph.models.separator.bands import BANDS, BINS, COUNT, POSITIONS, first_bins, position_of
from nawgraph.models.separator.network import Separator, Shape
from nawgraph.models.separator.spectra import gathered, seen, sound, spectrum, spread
from nawgraph.training.render.songs import SPLITS, Recipe, read, song, write
from nawgraph.training.separator.evaluate import evaluate, si_sdr
from nawgraph.training.separator.export import export
from nawgraph.training.separator.mixtures import Mixtures
from nawgraph.training.separator.train import TINY, Plan, Run, Sums, rate_at
from nawgraph.values import STEMS, ModelRef

PLAN = Plan(steps=12, batch=2, frames=24, rate=3e-3)
SMALL = Shape(width=8, hidden=8, heads=2, dilations=(1, 3))


def silent(text: str) -> None:
    """Training says nothing in a test."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("songs")
    write(folder, "train", 2, Recipe(bars=3, audio=True), silent)
    return folder


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def untrained(shape: Shape = SMALL) -> house.HouseSeparator:
    torch.manual_seed(1)
    network = Separator(shape)
    for p in network.parameters():
        torch.nn.init.normal_(p, std=0.3)
    tensors = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    return house.HouseSeparator(tensors, {"shape": shape.as_dict()})


def test_every_bin_belongs_to_one_position_and_every_position_to_one_band() -> None:
    places = position_of()
    assert len(places) == BINS
    assert np.array_equal(np.unique(places), np.arange(POSITIONS))
    assert np.array_equal(np.flatnonzero(np.diff(places, prepend=-1)), first_bins())
    assert sum(count * width for count, width in BANDS) == POSITIONS
    assert sum(count for count, _ in BANDS) == COUNT


def test_gathering_sums_and_spreading_repeats() -> None:
    power = torch.from_numpy(np.random.default_rng(0).uniform(0, 1, (2, BINS, 3)).astype(np.float32))
    got = gathered(power).numpy()
    wanted = np.zeros((2, POSITIONS, 3))
    np.add.at(wanted, (slice(None), position_of()), power.numpy())
    assert np.allclose(got, wanted, atol=1e-5)
    masks = torch.arange(POSITIONS, dtype=torch.float32)[:, None]
    assert np.array_equal(spread(masks)[:, 0].numpy(), position_of())


def test_a_spectrum_goes_back_to_its_sound_and_noise_of_rms_1_shows_1() -> None:
    noise = torch.from_numpy(np.random.default_rng(1).normal(0, 1, (1, 2, 30_000)).astype(np.float32))
    spectra = spectrum(noise)
    assert torch.allclose(sound(spectra, 30_000), noise, atol=1e-5)
    assert float(seen(spectra)[:, 4:-4].square().mean().sqrt()) == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("length", [1, 700, 4096, 5000, 60_000])
def test_segments_change_nothing_and_stems_add_up(length: int) -> None:
    separator = untrained()
    mixture = np.random.default_rng(length).normal(0, 0.2, (2, length)).astype(np.float32)
    whole = separator.separate(mixture, segment=4096)
    assert whole.shape == (4, 2, length)
    for segment in (8, 13):
        assert np.allclose(separator.separate(mixture, segment=segment), whole, atol=1e-5)
    assert np.allclose(whole.sum(axis=0), mixture, atol=1e-5)
    assert length < 4096 or np.ptp([np.abs(stem).mean() for stem in whole]) > 0.001


def test_silence_stays_silent_and_loudness_changes_nothing() -> None:
    separator = untrained()
    assert not separator.separate(np.zeros((2, 9000), np.float32)).any()
    mixture = np.random.default_rng(2).normal(0, 0.2, (2, 9000)).astype(np.float32)
    assert np.allclose(separator.separate(mixture * 0.01), separator.separate(mixture) * 0.01, atol=1e-5)


def test_the_error_without_a_transform_is_that_of_the_spectra() -> None:
    rng = np.random.default_rng(3)
    stems = torch.from_numpy(rng.normal(0, 0.3, (1, 4, 2, 20_000)).astype(np.float32))
    sums = Sums.of(stems)
    network = untrained().network
    with torch.no_grad():
        own, other = network(sums.mixture)
        spectra = spectrum(stems)
        x = spectra.sum(dim=1)
        m, n = (spread(mask.permute(0, 3, 2, 4, 1)) for mask in (own, other))
        missed = spectra - (m * x[:, None] + n * x.flip(1)[:, None])
        assert torch.allclose(sums.error(own, other), missed.abs().square().sum(dim=(2, 3, 4)), rtol=1e-3)
        perfect = sums.loss(torch.zeros_like(own), torch.zeros_like(other))
    assert float(perfect) == pytest.approx(0, abs=0.01)  # nothing found: an error as large as the stem


def test_mixtures_are_the_same_every_time_and_have_rms_1(data: Path) -> None:
    songs = read(data, "train")
    mixtures = Mixtures(songs, 24, 7)
    first, again, other = mixtures.batch(3, 2), Mixtures(songs, 24, 7).batch(3, 2), mixtures.batch(4, 2)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert first.shape == (2, 4, 2, 23 * 1024)
    assert np.sqrt(np.mean(first.sum(axis=1) ** 2, axis=(1, 2))) == pytest.approx(1, abs=1e-3)
    with pytest.raises(ValueError, match="longer ones"):
        Mixtures(songs, 100_000, 0)


def test_training_learns_and_goes_on_where_it_stopped(data: Path, tmp_path: Path) -> None:
    run = Run(data, tmp_path / "a", PLAN, shape=TINY, say=silent)
    before = run.network.state_dict()["leave.weights.0"].clone()
    run.go()
    assert not torch.equal(before, run.network.state_dict()["leave.weights.0"])
    half = Run(data, tmp_path / "b", replace(PLAN, steps=5), shape=TINY, say=silent)
    half.plan = PLAN
    while half.step < 5:
        half._once(half._batch(half.step))
    half.save()
    rest = Run(data, tmp_path / "b", PLAN, shape=TINY, say=silent)
    assert rest.step == 5
    rest.go()
    for name, tensor in run.average.items():
        assert torch.allclose(tensor, rest.average[name], atol=1e-6), name
    assert rate_at(11, PLAN) < rate_at(5, PLAN)


def test_weights_go_through_a_file(data: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no checkpoint"):
        export(tmp_path, tmp_path / "x.safetensors")
    Run(data, tmp_path, replace(PLAN, steps=1), shape=TINY, say=silent).go()
    path = tmp_path / "x.safetensors"
    assert export(tmp_path, path) == path.stat().st_size
    made = load(ModelRef("separator", str(path)))
    assert made.network.shape == TINY
    with pytest.raises(LookupError, match="does not exist"):
        load(ModelRef("separator", str(tmp_path / "none")))
    (tmp_path / "bad").write_bytes(path.read_bytes()[:100])
    with pytest.raises(ValueError, match="damaged"):
        load(ModelRef("separator", str(tmp_path / "bad")))
    with pytest.raises(ValueError, match="belongs to no network"):
        load(ModelRef("separator", str(house.WEIGHTS.with_name("clap.safetensors"))))
    tensors, facts = house.read(path)
    house.save(path, {k: v for k, v in tensors.items() if k != "norm.bias"}, facts)
    with pytest.raises(ValueError, match="another version"):
        load(ModelRef("separator", str(path)))


def test_si_sdr() -> None:
    rng = np.random.default_rng(0)
    truth, noise = rng.normal(0, 1, (2, 2, 50_000))
    assert si_sdr(truth * 3, truth) == pytest.approx(120)
    assert si_sdr(truth + 0.1 * noise, truth) == pytest.approx(20, abs=0.1)
    assert si_sdr(noise, truth) < -30
    with pytest.raises(ValueError, match="silent"):
        si_sdr(truth, np.zeros_like(truth))


def test_the_shipped_weights_take_a_song_apart() -> None:
    """A song of the test split, which no training has seen: every stem is nearer to the truth than the mixture is."""
    separator = load(ModelRef("separator", "house"))
    assert house.WEIGHTS.stat().st_size < 3 * 2**20
    _, stems = song(SPLITS["test"] + 5, Recipe(bars=4))
    truth = np.stack([stems[stem].samples for stem in STEMS])
    found = separator.separate(truth.sum(axis=0))
    gains = [
        si_sdr(found[i], truth[i]) - si_sdr(truth.sum(axis=0), truth[i])
        for i in range(len(STEMS))
        if np.abs(truth[i]).max() > 0.001
    ]
    assert len(gains) >= 3
    assert np.mean(gains) > 6
    assert min(gains) > 0


def test_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    rows = list(evaluate(untrained(), 1, silent))
    assert {row.met for row in rows} == {None, True, False}
    assert rows[-3].gain is not None and rows[-3].gain < 8
    assert main(["eval", "separator", "--songs", "0"]) == 2
    assert "--songs must be 1 or more" in capsys.readouterr().err


def test_the_commands(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["train", "separator", "--data", str(data), "--out", str(tmp_path), "--steps", "1", "--batch", "1"]
    assert main([*arguments, "--tiny"]) == 0
    path = tmp_path / "separator.safetensors"
    assert capsys.readouterr().out.strip() == str(path)
    assert main(["eval", "separator", "--weights", str(path), "--songs", "1", "--json"]) == 1
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [row["met"] for row in rows[-3:-1]] == [False, True]
    assert main(["train", "separator", "--data", str(tmp_path)]) == 2
    assert "holds no songs" in capsys.readouterr().err
    assert main(["eval", "separator", "--weights", str(tmp_path / "none"), "--songs", "1"]) == 2
    assert "does not exist" in capsys.readouterr().err


def test_it_is_listed() -> None:
    entry = next(e for e in catalogue.listed() if e.kind == "separator")
    assert (entry.name, entry.licence, entry.state, entry.revision) == ("house", "MIT", "installed", house.REVISION)
    assert json.loads(json.dumps(entry.bytes)) == house.WEIGHTS.stat().st_size
