"""Published vocoders: what their own packages make of the same weights; pieces, lengths, refusals, nodes."""

from __future__ import annotations

import hashlib
import json
import shutil
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("yaml")

from drawn import HERE, shapes, sound, weights  # noqa: E402
from safetensors.numpy import load_file  # noqa: E402
from safetensors.torch import save_file  # noqa: E402

from nawgraph.context import Context  # noqa: E402
from nawgraph.models import installed  # noqa: E402
from nawgraph.models.codecs.weights import Taker  # noqa: E402
from nawgraph.models.families import family  # noqa: E402
from nawgraph.models.loaders import load  # noqa: E402
from nawgraph.models.vocoders import bigvgan, discoder, vocos  # noqa: E402
from nawgraph.models.vocoders.mel import Recipe  # noqa: E402
from nawgraph.nodes import vocoder as nodes  # noqa: E402
from nawgraph.values import Audio, Latents, ModelRef, Stems  # noqa: E402

VOCODERS = ["vocos", "vocos-same", "bigvgan", "bigvgan-snake", "discoder"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def at_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAWGRAPH_HOME", str(home))


def checkpoint(name: str) -> dict[str, Any]:
    """The tensors of a published file: drawn ones, and the constants that the package writes too."""
    made = {k: torch.from_numpy(v) for k, v in weights(shapes(name)).items()}
    if name.startswith("vocos"):
        recipe = Recipe(24_000, 256, 64, 20, 0.0, 12_000.0, "htk", True, 1e-7)
        made["feature_extractor.mel_spec.spectrogram.window"] = torch.hann_window(256)
        made["feature_extractor.mel_spec.mel_scale.fb"] = recipe.filters().T.contiguous()
        made["head.istft.window"] = torch.hann_window(256)
    return made


def source(name: str, folder: Path, tensors: dict[str, Any] | None = None) -> Path:
    """A folder as it is published; given other tensors, as somebody may have converted it."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in (HERE / name).iterdir():
        shutil.copy(file, folder)
    if tensors:
        save_file(tensors, folder / "model.safetensors")
    else:
        state = checkpoint(name)
        if name.startswith("bigvgan"):
            torch.save({"generator": state}, folder / "bigvgan_generator.pt")
        elif name == "discoder":
            told = {"model_state_dict": {f"module.{k}": v for k, v in state.items()}, "training_step": 200_000}
            torch.save(told, folder / "model.pt")
        else:
            torch.save(state, folder / "pytorch_model.bin")
    return folder


def vocoder(name: str) -> Any:
    if not (installed.models_folder() / name).exists():
        installed.add(source(name, installed.models_folder().parent / f"source-{name}"), name, convert=True)
    return load(installed.find("vocoder", name).ref)


def truth(name: str) -> dict[str, np.ndarray]:
    return load_file(HERE / f"{name}.made.safetensors")


@pytest.mark.parametrize("name", VOCODERS)
def test_its_package_makes_the_same(name: str) -> None:
    model, known = vocoder(name), truth(name)
    x = sound(model.hop * 60, model.rate)
    mel = model.latents({"mix": Audio(x, model.rate)})
    np.testing.assert_allclose(mel.data[0], known["mel"], atol=2e-4)
    exact = Latents(("mix",), (known["mel"],), mel.frame_rate, mel.space)
    assert np.abs(known["sound"]).max() > 0.01
    for piece in (10.0, 0.03):
        model.piece = piece
        made = model.from_latents(exact)["mix"].samples
        assert made.shape == known["sound"].shape
        np.testing.assert_allclose(made, known["sound"], atol=1e-5)


@pytest.mark.parametrize("name", VOCODERS)
@pytest.mark.parametrize("frames", [1, 130, 5_000])
def test_any_length_in_any_pieces(name: str, frames: int) -> None:
    model = vocoder(name)
    x = np.random.default_rng(frames).normal(0, 0.2, (2, frames)).astype(np.float32)
    mel = model.latents({"a": Audio(x, model.rate), "b": Audio(x[:, ::-1], model.rate)})
    found = []
    for piece in (10.0, 0.011):
        model.piece = piece
        found.append(model.from_latents(mel))
    assert found[0]["b"].channels == 2
    assert frames <= found[0]["b"].frames < frames + model.hop * model.recipe.even
    for stem in "ab":
        np.testing.assert_allclose(found[0][stem].samples, found[1][stem].samples, atol=1e-5)


def test_a_spectrogram_in_pieces_is_that_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    from nawgraph.models.vocoders import mel

    model, x = vocoder("vocos"), Audio(sound(20_000, 24_000, 2), 24_000)
    whole = model.latents({"mix": x}).data[0]
    monkeypatch.setattr(mel, "FRAMES", 17)
    np.testing.assert_allclose(model.latents({"mix": x}).data[0], whole, atol=1e-5)


@pytest.mark.parametrize(("name", "network"), [("vocos-mel-24k", vocos), ("bigvgan-v2-44k", bigvgan)])
def test_the_published_sizes(name: str, network: Any) -> None:
    told = json.loads((HERE / "sizes_drawn.json").read_text())[name]
    take, shape = Taker(), network.shape_of(told["config"])
    network.Network(take, shape)
    lines = "\n".join(f"{k} {list(v)}" for k, v in sorted(take.shapes.items()))
    numbers = sum(int(np.prod(shape)) for shape in take.shapes.values())
    assert numbers == told["numbers"]
    assert hashlib.sha256(lines.encode()).hexdigest() == told["sha256"]
    known = family(name)
    assert known is not None and known.rate == shape.rate
    assert abs(known.bytes / (4 * numbers) - 1) < 0.05


def test_the_published_size_of_discoder() -> None:
    told = json.loads((HERE / "sizes_drawn.json").read_text())["discoder"]
    shaped = {}
    for key, shape in shapes("discoder-full").items():
        if not key.endswith((".weight_g", ".original0")):
            plain = key.replace(".parametrizations.weight.original1", ".weight").removesuffix("_v")
            shaped[plain] = torch.empty(shape, device="meta")
    sizes = {k: tuple(v.shape) for k, v in discoder.renamed(shaped).items()}
    take, shape = Taker(), discoder.shape_of(told, sizes)
    discoder.Network(take, shape)
    assert take.shapes == sizes
    assert (shape.rate, shape.hop, shape.latent, shape.decoder.rates) == (44_100, 256, 128, (2, 4, 8, 8))
    known, size = family("discoder"), 4 * sum(int(np.prod(s)) for s in sizes.values())
    assert known is not None and abs(known.bytes / size - 1) < 0.01


class _Context(Context):
    def model(self, kind: str, name: str) -> Any:
        return installed.find(kind, name).ref


def context(**more: Any) -> Context:
    return _Context(lend=lambda ref: nullcontext(load(ref)), **more)


def test_nodes_switch_between_vocoders() -> None:
    vocoder("vocos"), vocoder("vocos-same")
    ctx, x = context(), Audio(sound(22_050, 44_100, 2), 44_100)
    one, other = (nodes.model(name=name, ctx=ctx) for name in ("vocos", "vocos-same"))
    mel = nodes.mel(x, None, one, ctx=ctx)
    assert mel.data[0].shape[0] == 40
    made = nodes.decode(mel, one, ctx=ctx)
    assert made.audio.rate == 24_000 and made.audio.channels == 2 and abs(made.audio.seconds - 0.5) < 0.003
    again = nodes.mel(None, Stems.of({"drums": x, "bass": x}), one, ctx=ctx)
    both = nodes.decode(again, one, ctx=ctx)
    np.testing.assert_allclose(both.audio.samples, 2 * made.audio.samples, atol=1e-5)
    assert both.stems.names == ("drums", "bass")
    with pytest.raises(ValueError, match=r"this spectrogram is of mel/.*make it by vocoder\.mel with the same"):
        nodes.decode(mel, other, ctx=ctx)
    with pytest.raises(ValueError, match="vocoder is a codec"):
        nodes.decode(mel, ModelRef("codec", "house"), ctx=ctx)
    with pytest.raises(ValueError, match="either audio or stems"):
        nodes.mel(x, Stems.of({"drums": x}), one, ctx=ctx)


def test_the_house_vocoder_stands_behind_the_same_nodes() -> None:
    ctx, x = context(), Audio(sound(24_000, 48_000), 48_000)
    ref = nodes.model(ctx=ctx)
    made = nodes.decode(nodes.mel(x, None, ref, ctx=ctx), None, ctx=ctx)
    assert made.audio.rate == 44_100 and made.stems["other"].frames >= 22_050
    power = np.square(x.samples).mean()
    assert 0.25 < np.square(made.audio.samples).mean() / power < 4


def test_odd_sounds() -> None:
    model = vocoder("vocos")
    for level in (0.0, 1.0):
        mel = model.latents({"mix": Audio(np.full((1, 9_000), level, np.float32), 8_000)})
        assert np.isfinite(model.from_latents(mel)["mix"].samples).all()
    with pytest.raises(ValueError, match="not a number or infinite at"):
        model.latents({"mix": Audio(np.full((1, 100), np.nan), 24_000)})
    with pytest.raises(ValueError, match="empty"):
        model.latents({"mix": Audio(np.zeros((1, 0)), 24_000)})
    with pytest.raises(ValueError, match="1 frames are too few"):
        model.from_latents(Latents(("mix",), (np.zeros((20, 1), np.float32),), mel.frame_rate, mel.space))


def test_it_stops_when_asked() -> None:
    model, seen = vocoder("vocos"), []

    def stop(done: int, total: int, label: str) -> None:
        seen.append(label)
        if len(seen) == 4:
            raise InterruptedError

    mel = model.latents({"mix": Audio(sound(48_000, 24_000), 24_000)})
    model.piece = 0.1
    with pytest.raises(InterruptedError):
        model.from_latents(mel, stop)
    assert seen == ["decode mix"] * 4


def test_what_does_not_fit_is_named(tmp_path: Path) -> None:
    key = "backbone.convnext.1.pwconv1.weight"
    for change, words in (
        (lambda t: t.pop(key), f"{key} is missing"),
        (lambda t: t.update({key: t[key][:, :8].clone()}), r"has the shape \[40, 8\] where \[40, 24\]"),
        (lambda t: t.update(spare=t[key].clone()), "spare belongs to no layer"),
        (lambda t: t.update({key: t[key] * np.nan}), "not finite"),
    ):
        tensors = checkpoint("vocos")
        change(tensors)
        with pytest.raises(ValueError, match=words):
            installed.add(source("vocos", tmp_path, tensors), "bad")
        assert not (installed.models_folder() / "bad").exists()
    folder = source("vocos", tmp_path, checkpoint("vocos"))
    for text, words in (
        ("feature_extractor: [", "damaged: it is no YAML"),
        ("a", "describes no network"),
        ("feature_extractor: 3", "the config does not describe this network"),
        ((HERE / "vocos" / "config.yaml").read_text().replace("MelSpectrogram", "Encodec"), "is EncodecFeatures"),
        ((HERE / "vocos" / "config.yaml").read_text().replace("dim: 24", "dim: 32", 1), "do not fit each other"),
    ):
        (folder / "config.yaml").write_text(text)
        with pytest.raises(ValueError, match=words):
            installed.add(folder, "bad")
    (folder / "config.yaml").unlink()
    with pytest.raises(ValueError, match="the config says nothing of feature_extractor"):
        installed.add(folder, "bad")
    with pytest.raises(ValueError, match="is a checkpoint of vocos, not of dac-44k"):
        installed.add(source("vocos", tmp_path, checkpoint("vocos")), "bad", wanted=family("dac-44k"))


def test_what_does_not_fit_bigvgan_is_named(tmp_path: Path) -> None:
    key = "resblocks.1.convs2.0.weight_v"
    for change, words in (
        (lambda t: t.pop("ups.1.0.bias"), r"ups\.1\.0\.bias is missing"),
        (lambda t: t.pop("conv_post.weight_g"), r"the length that belongs to conv_post\.weight_v is missing"),
        (lambda t: t.update({key: t[key][..., :3].clone()}), r"has the shape \[16, 16, 3\] where \[16, 16, 7\]"),
        (lambda t: t.update(spare=t[key].clone()), "spare belongs to no layer"),
    ):
        tensors = checkpoint("bigvgan")
        change(tensors)
        with pytest.raises(ValueError, match=words):
            installed.add(source("bigvgan", tmp_path, tensors), "bad")
    folder = source("bigvgan", tmp_path, checkpoint("bigvgan"))
    told = json.loads((folder / "config.json").read_text())
    for more, words in (
        ({"resblock": "2"}, "resblock is '2'"),
        ({"activation": "relu"}, "activation is 'relu'"),
        ({"hop_size": 64}, "do not fit each other"),
        ({"upsample_kernel_sizes": [8, 8, 5]}, "do not fit upsample_rates"),
        ({"num_mels": 0}, "cannot be"),
        ({"fmax": 30_000}, "mel bands from 0 to 30000 Hz at 44,100 Hz"),
    ):
        (folder / "config.json").write_text(json.dumps(told | more))
        with pytest.raises(ValueError, match=words):
            installed.add(folder, "bad")
    (folder / "config.json").write_text(json.dumps(told))
    with pytest.raises(ValueError, match="is a checkpoint of bigvgan, not of vocos-mel-24k"):
        installed.add(folder, "bad", wanted=family("vocos-mel-24k"))


def test_what_does_not_fit_discoder_is_named(tmp_path: Path) -> None:
    key = "encoder.resblocks.1.convs2.0.parametrizations.weight.original1"
    for change, words in (
        (lambda t: t.pop("encoder.output_conv.bias"), r"encoder\.output_conv\.bias is missing"),
        (lambda t: t.pop("decoder.dac_decoder.model.0.weight_v"), r"decoder\.conv1\.weight or the blocks after it"),
        (lambda t: t.pop("decoder.dac_decoder.model.2.block.0.alpha"), r"decoder\.block\.1\.snake1\.alpha is missing"),
        (lambda t: t.update({key: t[key][..., :3].clone()}), r"has the shape \[10, 10, 3\] where \[10, 10, 7\]"),
        (lambda t: t.update(spare=t[key].clone()), "spare belongs to no layer"),
    ):
        tensors = checkpoint("discoder")
        change(tensors)
        with pytest.raises(ValueError, match=words):
            installed.add(source("discoder", tmp_path, tensors), "bad")
    folder = source("discoder", tmp_path, checkpoint("discoder"))
    told = json.loads((folder / "config.json").read_text())
    for more, words in (
        ({"predict_type": "quant_latents"}, "predict_type is 'quant_latents'"),
        ({"n_resblocks": 9}, "do not fit each other"),
        ({"initial_out_channels": 16}, "do not fit the hop"),
    ):
        (folder / "config.json").write_text(json.dumps(told | {"model": told["model"] | more}))
        with pytest.raises(ValueError, match=words):
            installed.add(folder, "bad")
