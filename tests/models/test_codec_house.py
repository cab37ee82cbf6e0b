"""The house codec: a tiny one learns for a few seconds and resumes; the shipped one is better than Opus at its rate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from nawgraph.cli import main  # noqa: E402
from nawgraph.models.catalogue import listed  # noqa: E402
from nawgraph.models.codec import books, house  # noqa: E402
from nawgraph.models.codec.spectra import LATENTS, RATE, STEP, features, frames_of  # noqa: E402
from nawgraph.models.loaders import load  # noqa: E402
from nawgraph.models.render.phase import phases  # noqa: E402
from nawgraph.training.codec.evaluate import evaluate, mel_distance  # noqa: E402
from nawgraph.training.codec.export import export  # noqa: E402
from nawgraph.training.codec.sounds import read, write  # noqa: E402
from nawgraph.training.codec.train import TINY, Run  # noqa: E402
from nawgraph.values import Audio, Latents, ModelRef  # noqa: E402


def silent(text: str) -> None:
    """Training says nothing in a test."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("sounds")
    write(where, "train", 3, silent)
    write(where, "test", 2, silent)
    return where


@pytest.fixture(scope="module")
def shipped() -> house.HouseCodec:
    return house.read(house.WEIGHTS)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_a_tiny_codec_learns_and_goes_on_along_the_same_curve(folder: Path, tmp_path: Path) -> None:
    sounds = read(folder, "train")
    run = Run(sounds, tmp_path / "a", TINY, say=silent)
    export_before = tmp_path / "before.safetensors"
    run.save()
    export(tmp_path / "a", export_before)
    first = [run.once(*run.batch(run.step)) for _ in range(5)]
    run.save()
    resumed = Run(sounds, tmp_path / "a", TINY, say=silent)
    assert resumed.step == 5
    assert resumed.once(*resumed.batch(5)) == pytest.approx(run.once(*run.batch(5)), rel=1e-5)
    run.go()
    last = [run.once(*run.batch(run.step)) for _ in range(5)]
    assert np.mean(last) < 0.95 * np.mean(first)
    export(tmp_path / "a", tmp_path / "after.safetensors")
    x = np.asarray(read(folder, "test")[0][: 4 * RATE], np.float32) / 32767
    distances = []
    for path in (export_before, tmp_path / "after.safetensors"):
        codec = house.read(path)
        distances.append(mel_distance(x, codec.decode(codec.encode({"a": Audio(x[None])}))["a"].samples[0]))
    assert distances[1] < distances[0]
    small = np.load(tmp_path / "a" / "books.npz")["books"]
    assert small.shape == (TINY.books, TINY.codes, LATENTS)


def test_it_comes_with_nawgraph(shipped: house.HouseCodec) -> None:
    assert load(ModelRef("codec", "house")).space == shipped.space
    assert house.WEIGHTS.stat().st_size <= 4 * 2**20
    assert ("house", "codec", "installed") in {(e.name, e.kind, e.state) for e in listed()}


def test_more_books_leave_less_over() -> None:
    rng = np.random.default_rng(0)
    rows, tables = rng.standard_normal((50, 8)).astype(np.float32), rng.standard_normal((6, 32, 8)).astype(np.float32)
    tables *= (0.7 ** np.arange(6))[:, None, None]
    errors = [
        float(np.mean((rows - books.decode(books.encode(rows, tables[:n], beam), tables[:n])) ** 2))
        for n, beam in ((1, 1), (6, 1), (6, 4))
    ]
    assert errors[0] > errors[1] > errors[2]


def test_better_than_opus_at_its_rate(folder: Path, shipped: house.HouseCodec) -> None:
    rows = {row.name.split(",")[0]: row for row in evaluate(shipped, read(folder, "test"), silent)}
    assert all(row.met is not False for row in rows.values())
    for name in ("mel distance", "STFT distance"):
        row = rows[name]
        assert row.continuous is not None and row.structure is not None and row.chance is not None
        assert row.continuous < row.codec < row.structure < row.chance


def test_pieces_are_the_whole(folder: Path, shipped: house.HouseCodec, monkeypatch: pytest.MonkeyPatch) -> None:
    """Codes and magnitudes do not depend on where a sound is cut; phases go on without a step."""
    x = np.asarray(read(folder, "test")[0][: 3 * RATE], np.float32) / 32767
    whole, plain = shipped.encode({"a": Audio(x[None])}), features(x)
    monkeypatch.setattr(house, "PIECE", 37)
    pieces = shipped.encode({"a": Audio(x[None])})
    assert np.mean(whole.codes != pieces.codes) < 0.01
    assert plain.shape[0] == whole.codes.shape[3] == frames_of(len(x))
    shipped_cut = shipped.decode(whole)["a"].samples[0]
    monkeypatch.undo()
    shipped_whole = shipped.decode(whole)["a"].samples[0]
    assert mel_distance(x, shipped_cut) == pytest.approx(mel_distance(x, shipped_whole), rel=0.05)
    steps = np.abs(np.diff(shipped_cut))
    at = np.arange(37 * STEP, len(x) - 1, 37 * STEP)
    assert steps[at].max() <= np.abs(np.diff(shipped_whole)).max() * 1.5


def test_phases_go_on_from_known_ones() -> None:
    rng = np.random.default_rng(1)
    size = np.abs(rng.standard_normal((12, 65))).astype(np.float32)
    first = phases(size, 128, 32, np.random.default_rng(2), loudest=4.0)
    again = phases(size[5:], 128, 32, np.random.default_rng(3), before=first[5], loudest=4.0)
    assert np.allclose(np.exp(1j * again[1:-1]), np.exp(1j * first[6:-1]), atol=1e-3)


def test_any_rate_channels_and_length(shipped: house.HouseCodec) -> None:
    tone = np.sin(2 * np.pi * 440 * np.arange(48_000) / 48_000).astype(np.float32) * 0.3
    made = {"a": Audio(np.stack([tone, tone]), 48_000), "b": Audio(tone[None], 48_000)}
    tokens = shipped.encode(made, 4)
    assert tokens.codes.shape[:3] == (2, 2, 4) and tokens.samples == 44_100
    back = shipped.decode(tokens)
    assert back["a"].samples.shape == (2, 44_100) and np.array_equal(*back["a"].samples)
    strongest = np.abs(np.fft.rfft(shipped.decode(shipped.encode(made))["b"].samples[0])).argmax()
    assert abs(int(strongest) - 440) <= 12
    assert shipped.decode(shipped.encode({"a": Audio(np.ones((1, 1), np.float32))}))["a"].frames == 1


def test_what_cannot_be_coded_is_said(shipped: house.HouseCodec, tmp_path: Path) -> None:
    sound = {"a": Audio(np.zeros((1, 5000), np.float32))}
    tokens, latents = shipped.encode(sound), shipped.latents(sound)
    assert not shipped.decode(tokens)["a"].samples.max() > 0.01
    for call, sentence in (
        (lambda: shipped.encode({}), "no sound"),
        (lambda: shipped.encode({"a": Audio(np.zeros((1, 0), np.float32))}), "empty"),
        (lambda: shipped.encode(sound, 21), "20 codebooks, 21 were asked for"),
        (lambda: shipped.encode({"a": Audio(np.full((1, 9), np.nan, np.float32))}), "NaN|finite"),
        (lambda: shipped.decode(replace(tokens, space="other/1")), "reads those of"),
        (lambda: shipped.decode(replace(tokens, codes=tokens.codes + 512)), "no such code"),
        (lambda: shipped.decode(replace(tokens, codes=tokens.codes[..., :0])), "empty"),
        (lambda: shipped.from_latents(replace(latents, data=(latents.data[0][:7],))), "80 channels"),
        (lambda: shipped.from_latents(Latents(("a",), (np.full((80, 2), np.nan),), 43.0, shipped.space)), "not finite"),
        (lambda: house.read(tmp_path / "none"), "missing"),
    ):
        with pytest.raises((ValueError, LookupError), match=sentence):
            call()
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(house.WEIGHTS.read_bytes()[:9000])
    with pytest.raises(ValueError, match="damaged"):
        house.read(broken)
    with pytest.raises(ValueError, match="holds no house codec"):
        house.read(house.WEIGHTS.with_name("clap.safetensors"))


def test_commands(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "run")
    assert main(["train", "codec", "--data", str(folder), "--out", out, "--steps", "2", "--tiny"]) == 0
    weights = capsys.readouterr().out.strip()
    assert main(["eval", "codec", "--weights", weights, "--data", str(folder), "--sounds", "2", "--json"]) in (0, 1)
    assert '"mel distance' in capsys.readouterr().out
    assert main(["train", "codec", "--data", str(tmp_path / "none"), "--out", out]) == 2
    assert "nawgraph train sounds" in capsys.readouterr().err
