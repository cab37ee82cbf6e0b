"""Codecs: what the published networks make, from checkpoints that they wrote themselves; pieces, lengths, refusals."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from safetensors.numpy import load_file, save_file  # noqa: E402

from nawgraph.models import installed  # noqa: E402
from nawgraph.models.codecs.tiles import cores, through  # noqa: E402
from nawgraph.models.loaders import load  # noqa: E402
from nawgraph.values import Audio, ModelRef, Tokens  # noqa: E402

HERE = Path(__file__).parent / "upstream"
RATES = {"dac": 16_000, "dac-hub": 44_100, "encodec-24k": 24_000, "encodec-32k": 32_000, "encodec-48k": 48_000}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def at_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAWGRAPH_HOME", str(home))


def codec(name: str) -> Any:
    """A small codec, installed once."""
    if not (installed.models_folder() / name).exists():
        source = HERE / (f"{name}.pth" if name == "dac" else name)
        installed.add(source, name, convert=name == "dac")
    return load(installed.find("codec", name).ref)


def made(name: str) -> dict[str, np.ndarray]:
    return load_file(HERE / f"{name}.made.safetensors")


@pytest.mark.parametrize("name", ["dac", "dac-hub", "encodec-24k", "encodec-32k", "encodec-48k"])
def test_the_published_network_makes_the_same(name: str) -> None:
    model, truth = codec(name), made(name)
    assert model.rate == RATES[name]
    for piece in (10.0, 0.05):  # whole, and in pieces whose seams must not be there
        model.piece = piece
        tokens = model.encode({"mix": Audio(truth["sound"], model.rate)})
        assert np.array_equal(tokens.codes[0, 0], truth["codes"])
        sound = model.decode(tokens)["mix"].samples
        size = min(truth["sound"].shape[1], truth["decoded"].shape[1])  # odd strides cost it a few samples at the end
        assert size >= truth["sound"].shape[1] - model.hop
        assert sound.shape == truth["sound"].shape
        assert np.abs(truth["decoded"]).max() > 0.01
        np.testing.assert_allclose(sound[:, :size], truth["decoded"][:, :size], atol=1e-5)


def test_oobleck_makes_the_same() -> None:
    model, truth = codec("oobleck"), made("oobleck")
    for piece in (10.0, 0.02):
        model.piece = piece
        latents = model.latents({"mix": Audio(truth["sound"], 44_100)})
        np.testing.assert_allclose(latents.data[0], truth["latents"], atol=5e-5)
        np.testing.assert_allclose(model.from_latents(latents)["mix"].samples, truth["decoded"], atol=5e-5)
    with pytest.raises(ValueError, match=r"codec\.latents"):
        model.encode({"mix": Audio(truth["sound"], 44_100)})


@pytest.mark.parametrize("name", json.loads((HERE / "sizes.json").read_text()))
def test_the_published_sizes(name: str) -> None:
    from nawgraph.models.codecs import dac, encodec
    from nawgraph.models.codecs.weights import Taker

    told = json.loads((HERE / "sizes.json").read_text())[name]
    take = Taker()
    if told["layout"] == "encodec":
        encodec.Network(take, encodec.shape_of(told["config"]))
    else:
        dac.Network(take, (dac.shape_of_dac if told["layout"] == "dac" else dac.shape_of_oobleck)(told["config"]))
    lines = "\n".join(f"{k} {list(v)}" for k, v in sorted(take.shapes.items()))
    assert sum(int(np.prod(shape)) for shape in take.shapes.values()) == told["numbers"]
    assert hashlib.sha256(lines.encode()).hexdigest() == told["sha256"]


@pytest.mark.parametrize("name", ["dac", "dac-hub", "encodec-24k", "encodec-32k", "encodec-48k"])
@pytest.mark.parametrize("frames", [1, 63, 641, 5_000])
def test_any_length_in_any_pieces(name: str, frames: int) -> None:
    model = codec(name)
    x = np.random.default_rng(frames).normal(0, 0.2, (2, frames)).astype(np.float32)
    found = []
    for piece in (10.0, 0.011):
        model.piece = piece
        tokens = model.encode({"a": Audio(x, model.rate), "b": Audio(x[:, ::-1], model.rate)})
        found.append((tokens, model.decode(tokens)))
    (whole, sounds), (parts, others) = found
    assert np.array_equal(whole.codes, parts.codes)
    assert sounds["b"].samples.shape == x.shape
    np.testing.assert_allclose(sounds["b"].samples, others["b"].samples, atol=1e-6)


def test_tiles_on_several_threads_make_what_one_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    from nawgraph.models.codecs import ops, tiles

    model = codec("dac-hub")
    x = torch.randn(1, 1, 64 * 400)
    before = torch.get_num_threads()
    layers = [op for stage in model.network.encoder for op in stage]
    with torch.inference_mode():
        whole = ops.run(layers, x, 0, x.shape[2], (0, 400))
        monkeypatch.setattr(tiles, "TILE", 3_000)
        apart = through(model.network.encoder, x, 0, x.shape[2], (0, 400))
        part = through(model.network.encoder, x[..., 2_000:], 2_000, x.shape[2], (100, 250))
    assert cores() >= 1
    assert torch.get_num_threads() == before
    assert torch.allclose(whole, apart, atol=1e-5)
    assert torch.allclose(whole[..., 100:250], part, atol=1e-5)


def test_sounds_of_other_rates_and_kinds() -> None:
    model = codec("encodec-48k")
    x = np.sin(np.arange(4_000) * 0.2).astype(np.float32)[None]
    tokens = model.encode({"mix": Audio(x, 8_000)})
    assert model.decode(tokens)["mix"].samples.shape == (2, 24_000)
    silent = codec("dac-hub")
    for level in (0.0, 1.0):
        still = silent.encode({"mix": Audio(np.full((1, 3_000), level, np.float32), 44_100)})
        assert np.isfinite(silent.decode(still)["mix"].samples).all()
    with pytest.raises(ValueError, match="not a number or infinite at"):
        silent.encode({"mix": Audio(np.full((1, 100), np.nan), 44_100)})
    with pytest.raises(ValueError, match="empty"):
        silent.encode({"mix": Audio(np.zeros((1, 0)), 44_100)})
    with pytest.raises(ValueError, match="3 channels"):
        model.encode({"mix": Audio(np.zeros((3, 100)), 48_000)})


def test_wrong_tokens_are_refused() -> None:
    model = codec("dac-hub")
    good = model.encode({"mix": Audio(np.zeros((1, 700), np.float32), 44_100)})

    def other(codes: np.ndarray, space: str = good.space) -> Tokens:
        return Tokens(("mix",), codes, good.frame_rate, space, np.zeros((1, 1, 0)), 700)

    for codes, space, words in (
        (good.codes, "encodec/1", "are of encodec/1"),
        (good.codes + 32, good.space, "outside 0 to 31"),
        (good.codes[..., :0], good.space, "empty"),
        (np.repeat(good.codes, 2, axis=2), good.space, "these tokens have 6"),
    ):
        with pytest.raises(ValueError, match=words):
            model.decode(other(codes, space))
    with pytest.raises(ValueError, match="3 codebooks, 4"):
        model.encode({"mix": Audio(np.zeros((1, 700), np.float32), 44_100)}, 4)


def test_cancel_is_obeyed_between_tiles() -> None:
    class Enough(Exception):  # noqa: N818
        pass

    def stop(done: int, total: int, label: str) -> None:
        raise Enough

    with pytest.raises(Enough):
        codec("dac-hub").encode({"mix": Audio(np.zeros((1, 9_000), np.float32), 44_100)}, 0, stop)


def wrong(name: str, change: Any) -> Path:
    """A copy of a checkpoint with something wrong in it."""
    folder = installed.models_folder().parent / name
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(HERE / "dac-hub", folder)
    tensors = load_file(folder / "model.safetensors")
    change(tensors)
    save_file(tensors, folder / "model.safetensors")
    return folder


def test_what_does_not_fit_is_named() -> None:
    key = "decoder.block.1.conv_t1.weight"

    def narrow(t: dict[str, np.ndarray]) -> None:
        t[key] = np.ascontiguousarray(t[key][:, :2])

    def endless(t: dict[str, np.ndarray]) -> None:
        t["encoder.conv2.bias"] = np.full_like(t["encoder.conv2.bias"], np.inf)

    cases = {
        "missing": (lambda t: t.pop(key), rf"{key} is missing"),
        "narrow": (narrow, rf"{key} has the shape \[16, 2, 8\] where \[16, 8, 8\] is expected"),
        "more": (lambda t: t.update(spare=t["encoder.conv2.bias"]), "spare belongs to no layer"),
        "infinite": (endless, "encoder.conv2.bias holds numbers that are not finite"),
        "other": (lambda t: [t.pop(k) for k in list(t) if k != key], "belongs to no network"),
    }
    for name, (change, words) in cases.items():
        with pytest.raises(ValueError, match=words):
            installed.add(wrong(name, change), f"bad-{name}")
        assert not (installed.models_folder() / f"bad-{name}").exists()
    short = wrong("short", lambda t: None) / "model.safetensors"
    short.write_bytes(short.read_bytes()[:-1000])
    with pytest.raises(ValueError, match="damaged, cut short"):
        installed.add(short.parent)
    assert not [p for p in installed.models_folder().iterdir() if p.name.startswith(".adding")]


def test_a_reference_to_nothing() -> None:
    with pytest.raises(LookupError, match=r"no codec called 'nothing' is installed"):
        load(ModelRef("codec", "nothing"))
