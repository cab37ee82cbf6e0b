"""The beat network: numpy computes what PyTorch trains, a tiny one learns and resumes, files go out and in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from nawgraph.cli import main
from nawgraph.models import catalogue
from nawgraph.models.beats import hearing, house
from nawgraph.models.beats.network import Shape, probabilities
from nawgraph.models.loaders import load
from nawgraph.training.beats import songs
from nawgraph.training.beats.export import export
from nawgraph.training.beats.train import TINY, Crops, Network, Plan, Run
from nawgraph.values import ModelRef

PLAN = Plan(steps=6, batch=2, frames=256)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("beats")
    rng = np.random.default_rng(0)
    for seed in (1, 2):
        beats = 0.3 + 0.5 * np.arange(20)
        levels = rng.uniform(0, 0.1, (4, hearing.BANDS, 900))
        levels[0][:, np.rint(beats * hearing.FRAME_RATE).astype(int)] += 1
        np.savez(folder / f"{seed}.npz", levels=levels.astype(np.float16), beats=beats, bars=beats[::4])
    return folder


def test_numpy_computes_what_pytorch_does() -> None:
    torch.manual_seed(2)
    shape = Shape(width=6, kernel=5, blocks=6)
    network = Network(shape)
    x = np.random.default_rng(3).normal(0, 1, (2 * hearing.BANDS, 150)).astype(np.float32)
    tensors = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    assert {n: t.shape for n, t in tensors.items()} == shape.tensors()
    with torch.no_grad():
        wanted = torch.sigmoid(network(torch.from_numpy(x)[None]))[0].numpy()
    assert np.abs(probabilities(tensors, shape, x) - wanted).max() < 1e-5
    assert probabilities(tensors, shape, x[:, :0]).shape == (2, 0)


def test_blocks_change_nothing_that_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = np.random.default_rng(4).normal(0, 0.1, (2, 60_000)).astype(np.float32)
    whole = hearing.levels(sound, 22_050)
    monkeypatch.setattr(hearing, "_BLOCK", 50)
    assert np.allclose(hearing.levels(sound, 22_050), whole, atol=1e-7)
    assert whole.shape == (hearing.BANDS, 235)
    loud = hearing.heard(hearing.levels(sound * np.float32(0.01), 22_050))
    assert np.allclose(loud, hearing.heard(whole), atol=1e-3)
    assert not hearing.heard(np.zeros((hearing.BANDS, 9), np.float32)).any()


def test_the_same_seed_makes_the_same_song(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(songs, "BARS", 2)
    songs.write(tmp_path, 5, 2, lambda text: None)
    first, second = songs.read(tmp_path)
    again = songs.example(5)
    assert np.array_equal(first.levels, again.levels) and np.array_equal(first.beats, again.beats)
    assert not np.array_equal(first.beats, second.beats)
    assert set(first.bars) <= set(first.beats)
    with pytest.raises(ValueError, match="holds no songs"):
        songs.read(tmp_path / "none")


def test_batches_depend_on_their_number_alone(data: Path) -> None:
    crops = Crops(songs.read(data), 256, 7)
    (x, y), (again, _), (other, _) = crops.batch(3, 2), crops.batch(3, 2), crops.batch(4, 2)
    assert torch.equal(x, again) and not torch.equal(x, other)
    assert x.shape == (2, 2 * hearing.BANDS, 256) and y.shape == (2, 2, 256)
    assert 0 < float(y.max()) <= 1


def test_a_tiny_network_learns_and_goes_on_where_it_stopped(data: Path, tmp_path: Path) -> None:
    said: list[str] = []
    whole = Run(data, tmp_path / "a", PLAN, TINY, said.append)
    whole.train()
    half = Run(data, tmp_path / "b", Plan(steps=3, batch=2, frames=256), TINY, said.append)
    half.plan = PLAN
    while half.step < 3:
        half._step()
    half.save()
    rest = Run(data, tmp_path / "b", PLAN, TINY, said.append)
    assert rest.step == 3
    rest.train()
    for name, tensor in whole.network.state_dict().items():
        assert torch.allclose(tensor, rest.network.state_dict()[name], atol=1e-6)
    assert export(tmp_path / "a", tmp_path / "w.safetensors") < 20_000
    network = load(ModelRef("beats", str(tmp_path / "w.safetensors")))
    assert network.probabilities(np.zeros((1, 22_050), np.float32), 22_050).shape == (2, 87)
    with pytest.raises(ValueError, match="holds no checkpoint"):
        export(tmp_path / "none", tmp_path / "w.safetensors")


def test_the_command_trains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(songs, "BARS", 2)
    out = tmp_path / "run"
    arguments = ["train", "beats", "--data", str(tmp_path / "songs"), "--out", str(out), "--songs", "1"]
    assert main([*arguments, "--steps", "1", "--batch", "1", "--tiny"]) == 0
    assert capsys.readouterr().out.strip() == str(out / "beats.safetensors")
    assert main([*arguments, "--steps", "0"]) == 2


def test_files_of_weights_are_checked(tmp_path: Path) -> None:
    for content, says in ((b"x" * 40, "damaged"), (None, "missing")):
        path = tmp_path / "a.safetensors"
        path.unlink(missing_ok=True)
        if content:
            path.write_bytes(content)
        with pytest.raises((ValueError, LookupError), match=says):
            load(ModelRef("beats", str(path)))
    shape = Shape(width=4, blocks=1)
    tensors = {name: np.zeros(size, np.float32) for name, size in shape.tensors().items()}
    house.save(path, {**tensors, "last.bias": np.zeros(5)}, {"shape": shape.as_dict()})
    with pytest.raises(ValueError, match=r"another version of nawgraph \(last\.bias"):
        load(ModelRef("beats", str(path)))


def test_the_shipped_weights_are_listed() -> None:
    found = next(e for e in catalogue.listed() if e.kind == "beats")
    assert (found.state, found.licence, found.commercial) == ("installed", "MIT", True)
    assert found.bytes < 100_000
