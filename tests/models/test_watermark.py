"""AudioSeal: what its package makes of the same weights; 44.1 kHz stereo marked; pieces, refusals, the nodes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from drawn import HERE, shapes, sound, weights  # noqa: E402
from safetensors.numpy import load_file, save_file  # noqa: E402

from nawgraph.audio import files  # noqa: E402
from nawgraph.audio.encode import encode  # noqa: E402
from nawgraph.audio.resample import resample  # noqa: E402
from nawgraph.context import Context  # noqa: E402
from nawgraph.models import installed  # noqa: E402
from nawgraph.models.codecs.weights import Taker  # noqa: E402
from nawgraph.models.families import family  # noqa: E402
from nawgraph.models.loaders import load  # noqa: E402
from nawgraph.models.pickles import convert  # noqa: E402
from nawgraph.models.watermark import audioseal  # noqa: E402
from nawgraph.nodes import watermark as nodes  # noqa: E402
from nawgraph.values import Audio, ModelRef  # noqa: E402

NAMES = ["audioseal", "audioseal-detector"]
MESSAGE = 0b1011000101110100


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def at_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAWGRAPH_HOME", str(home))


def quiet(done: int, total: int, label: str) -> None:
    """Progress that nobody watches."""


def published(name: str) -> dict[str, Any]:
    """A checkpoint as old releases wrote it: other names, weight norm, the weights within."""
    made = {}
    for key, value in weights(shapes(name)).items():
        tensor, plain = torch.from_numpy(value), key.replace(".inner_conv.", ".")
        if ".conv.conv.weight" in plain or ".convtr.convtr.weight" in plain:
            made[plain + "_v"] = 3 * tensor
            made[plain + "_g"] = torch.linalg.vector_norm(tensor, dim=(1, 2), keepdim=True)
        else:
            made[plain] = tensor
    return {"xp.cfg": {"seanet": {"causal": False, "dilation_base": 2}, "nbits": 16}, "model": made}


def seal(name: str) -> Any:
    if not (installed.models_folder() / name).exists():
        folder = installed.models_folder().parent
        if name == "audioseal":
            torch.save(published(name), folder / "generator_base.pth")
            installed.add(folder / "generator_base.pth", convert=True, wanted=family(name))
        else:  # as the package writes them today
            save_file(weights(shapes(name)), folder / "detector.safetensors")
            installed.add(folder / "detector.safetensors", wanted=family(name))
    return load(installed.find("watermark", name).ref)


def truth(name: str) -> dict[str, np.ndarray]:
    return load_file(HERE / f"{name}.made.safetensors")


@pytest.mark.parametrize("piece", [10.0, 0.06])
def test_the_package_writes_the_same(piece: float) -> None:
    model, known = seal("audioseal"), truth("audioseal")
    model.piece = piece
    made = model.watermark(known["sound"], [int(b) for b in f"{MESSAGE:016b}"], quiet)
    assert np.abs(known["mark"]).max() > 0.01
    np.testing.assert_allclose(made, known["mark"], atol=1e-5)
    other = model.watermark(known["sound"], [0] * 16, quiet)
    assert np.abs(other - made).max() > 1e-3


@pytest.mark.parametrize("piece", [10.0, 0.06])
def test_the_package_reads_the_same(piece: float) -> None:
    model, known = seal("audioseal-detector"), truth("audioseal-detector")
    model.piece = piece
    presence, chances = model.read(known["sound"], quiet)
    assert 0.05 < (known["presence"] > 0.5).mean() < 0.99
    assert presence == pytest.approx((known["presence"] > 0.5).mean(), abs=1e-3)
    np.testing.assert_allclose(chances, known["message"][0], atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_the_published_sizes(name: str) -> None:
    told = shapes(f"{name}-full")
    plain = audioseal.renamed({k: torch.empty(v, device="meta") for k, v in told.items()})
    sizes = {k: tuple(v.shape) for k, v in plain.items()}
    shape, take = audioseal.shape_of(sizes, {}), Taker()
    kind = audioseal.WriterNetwork if name == "audioseal" else audioseal.ReaderNetwork
    kind(take, shape)
    assert take.shapes == sizes
    assert (shape.bits, shape.hop, shape.latent, shape.layers.lstm_layers) == (16, 320, 128, 2)
    known = family(name)
    assert known is not None and known.rate == shape.rate
    assert abs(known.bytes / (4 * sum(int(np.prod(s)) for s in sizes.values())) - 1) < 0.05


class _Context(Context):
    def model(self, kind: str, name: str) -> Any:
        return installed.find(kind, name).ref


CTX = _Context(lend=lambda ref: nullcontext(load(ref)))


def ref(name: str) -> ModelRef:
    seal(name)
    return nodes.model(name=name, ctx=CTX)


def test_stereo_at_44_100_hz_gets_the_watermark_of_its_mean_at_16_000() -> None:
    x = Audio(sound(44_101, 44_100, 2), 44_100)
    made = nodes.mark(x, ref("audioseal"), on=True, message=MESSAGE, strength=0.5, ctx=CTX)
    assert made.audio.samples.shape == x.samples.shape
    added = made.audio.samples - x.samples
    np.testing.assert_allclose(added[0], added[1], atol=1e-6)
    heard = resample(x.samples.mean(axis=0, keepdims=True), 44_100, 16_000)
    whole = seal("audioseal").watermark(heard, [int(b) for b in f"{MESSAGE:016b}"], quiet)
    # what a reader gets to hear beside the sound: the watermark itself, but for what lies at half its rate
    again = resample(added[:1], 44_100, 16_000)[:, : whole.shape[1]]
    low = slice(0, round(0.85 * whole.shape[1] / 2))
    spectrum, wanted = np.fft.rfft(again[0])[low], 0.5 * np.fft.rfft(whole[0])[low]
    assert np.abs(spectrum - wanted).max() < 0.01 * np.abs(wanted).max()
    above = np.abs(np.fft.rfft(added[0]))[round(8_100 / 44_100 * 44_101) :]
    assert above.max() < 0.01 * np.abs(np.fft.rfft(added[0])).max()
    assert made.table.startswith(f"message {MESSAGE} (16 bits) by audioseal") and "the sound" in made.table


def test_it_is_off_unless_switched_on() -> None:
    x = Audio(sound(1_000, 44_100, 2), 44_100)
    made = nodes.mark(x, ModelRef("watermark", "nowhere"), ctx=Context())  # loads no model
    assert made.audio is x and made.table.startswith("off")


def test_read_says_what_the_network_says() -> None:
    known = truth("audioseal-detector")
    found = nodes.read(Audio(known["sound"], 16_000), ref("audioseal-detector"), ctx=CTX)
    assert found.bits == "".join(str(int(m > 0.5)) for m in known["message"][0])
    assert found.message == int(found.bits, 2)
    assert found.presence == pytest.approx((known["presence"] > 0.5).mean(), abs=1e-3)
    assert f"message {found.message} ({found.bits})" in found.table


@pytest.mark.parametrize("frames", [1, 100, 3_001])
def test_any_sound(frames: int) -> None:
    x = np.random.default_rng(frames).normal(0, 0.2, (2, frames)).astype(np.float32)
    for rate, samples in ((8_000, x), (48_000, x[:1]), (44_100, 0 * x), (44_100, 0 * x + 1)):
        made = nodes.mark(Audio(samples, rate), ref("audioseal"), on=True, ctx=CTX).audio
        assert made.samples.shape == samples.shape and np.isfinite(made.samples).all()
        assert 0 <= nodes.read(made, ref("audioseal-detector"), ctx=CTX).presence <= 1


def test_what_cannot_be() -> None:
    x = Audio(sound(1_000, 16_000), 16_000)
    for call, words in (
        (lambda: nodes.mark(x, ref("audioseal-detector"), on=True, ctx=CTX), "reads watermarks and writes none"),
        (lambda: nodes.read(x, ref("audioseal"), ctx=CTX), "writes watermarks and reads none"),
        (lambda: nodes.read(x, ModelRef("codec", "house"), ctx=CTX), "model is a codec"),
        (lambda: nodes.read(Audio(np.zeros((1, 0)), 16_000), ref("audioseal-detector"), ctx=CTX), "empty"),
        (
            lambda: nodes.read(Audio(np.full((1, 9), np.nan), 16_000), ref("audioseal-detector"), ctx=CTX),
            "not a number",
        ),
        (lambda: nodes.model(ctx=CTX), "nawgraph models add audioseal"),
    ):
        with pytest.raises(ValueError, match=words):
            call()


def test_it_stops_when_asked() -> None:
    model, seen = seal("audioseal-detector"), []

    def stop(done: int, total: int, label: str) -> None:
        seen.append(done)
        if len(seen) == 3:
            raise InterruptedError

    model.piece = 0.1
    with pytest.raises(InterruptedError):
        model.read(sound(16_000, 16_000), stop)
    assert len(seen) == 3


def test_what_does_not_fit_is_named(tmp_path: Path) -> None:
    key = "detector.0.model.3.conv.conv.inner_conv.weight"
    for name, change, words in (
        ("audioseal-detector", lambda t: t.pop("detector.1.bias"), r"detector\.1\.bias is missing"),
        ("audioseal-detector", lambda t: t.update({key: t[key][:4]}), r"has the shape \[4, 4, 4\] where \[8, 4, 4\]"),
        ("audioseal-detector", lambda t: t.update(spare=t[key]), "spare belongs to no layer"),
        ("audioseal-detector", lambda t: t.pop("detector.0.model.0.conv.conv.inner_conv.weight"), "are missing"),
        ("audioseal", lambda t: t.pop("decoder.model.1.lstm.bias_hh_l1"), r"decoder\.layers\.1\.lstm\.bias_hh_l1"),
    ):
        tensors = weights(shapes(name))
        change(tensors)
        save_file(tensors, tmp_path / "model.safetensors")
        with pytest.raises(ValueError, match=words):
            installed.add(tmp_path, "bad")
    save_file(weights(shapes("audioseal")), tmp_path / "model.safetensors")
    with pytest.raises(ValueError, match="is a checkpoint of audioseal, not of audioseal-detector"):
        installed.add(tmp_path, "bad", wanted=family("audioseal-detector"))


def test_the_config_of_official_files_is_read_without_omegaconf(tmp_path: Path) -> None:
    told = convert(HERE / "audioseal-config.pth", tmp_path / "made.safetensors")
    assert told["nbits"] == 16 and told["seanet"]["ratios"] == [8, 5, 4, 2] and told["seanet"]["causal"] is False
    assert load_file(tmp_path / "made.safetensors")["some.weight"].tolist() == [0, 1, 2]


HOP, TONES, PILOT, EMPTY = 160, [1_500 + 100 * i for i in range(32)], 5_500, 6_000
"""Of a watermark that is written by hand: two tones for every bit, one that is always there, one that never is."""


def waves(tone: float) -> tuple[np.ndarray, np.ndarray]:
    """Cosine and sine under a window of two hops, whose repetitions add up to steady tones."""
    n = np.arange(2 * HOP)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * (n + 0.5) / (2 * HOP))
    return tuple(window * f(2 * np.pi * tone * (n + 0.5) / 16_000) for f in (np.cos, np.sin))  # type: ignore[return-value]


def empty(part: str, width: int, latent: int, model: str = "encoder.model") -> dict[str, np.ndarray]:
    """An encoder or decoder of one block and zeros, an LSTM that passes everything on among them."""
    sizes = {"0": (width, 1, 1), "2": (2 * width, width, 2 * HOP), "5": (latent, 2 * width, 1)}
    if part == "decoder":
        sizes = {"0": (2 * width, latent, 1), "3": (2 * width, width, 2 * HOP), "5": (1, width, 1)}
    lstm = "1" if part == "decoder" else "3"
    made = {}
    for number, shape in sizes.items():
        inner = "convtr.convtr" if (part, number) == ("decoder", "3") else "conv.conv"
        made[f"{model}.{number}.{inner}.weight"] = np.zeros(shape, np.float32)
        made[f"{model}.{number}.{inner}.bias"] = np.zeros(shape[1 if "tr" in inner else 0], np.float32)
    for name in ("ih", "hh"):
        made[f"{model}.{lstm}.lstm.weight_{name}_l0"] = np.zeros((8 * width, 2 * width), np.float32)
        made[f"{model}.{lstm}.lstm.bias_{name}_l0"] = np.zeros(8 * width, np.float32)
    return made


def writer_by_hand() -> dict[str, np.ndarray]:
    made = empty("encoder", 17, 34) | empty("decoder", 17, 34, "decoder.model")
    made["msg_processor.msg_processor.weight"] = np.eye(32, 34, dtype=np.float32)
    made["decoder.model.0.conv.conv.weight"][:, :, 0] = np.eye(34)
    made["decoder.model.0.conv.conv.bias"][32] = 1
    for i, tone in enumerate([*TONES, PILOT]):
        wave = (0.02 if tone == PILOT else 0.008) * waves(tone)[1]
        made["decoder.model.3.convtr.convtr.weight"][i, :2] = wave, -wave
    made["decoder.model.5.conv.conv.weight"][0, :2, 0] = 0.5, -0.5
    return made


def reader_by_hand() -> dict[str, np.ndarray]:
    made = empty("encoder", 68, 18, "detector.0.model")
    small, loud = 0.01, 4.0
    made["detector.0.model.0.conv.conv.weight"][:2, 0, 0] = small, -small
    last = made["detector.0.model.5.conv.conv.weight"]
    for i, tone in enumerate([*TONES, PILOT, EMPTY]):
        for j, wave in enumerate(waves(tone)):
            for k, sign in enumerate((1, -1)):  # ELU of both: about the magnitude
                row = 4 * i + 2 * j + k
                part = sign * loud * wave / (2 * small)
                made["detector.0.model.2.conv.conv.weight"][row, :2] = part, -part
                if tone in (PILOT, EMPTY):
                    last[1, row, 0] = 1 if tone == PILOT else -1
                else:
                    last[2 + i // 2, row, 0] = 1 if i % 2 else -1
    made["detector.0.model.5.conv.conv.bias"][1] = -2.0
    made["detector.0.reverse_convolution.weight"] = np.repeat(np.eye(18, dtype=np.float32)[:, :, None], HOP, axis=2)
    made["detector.0.reverse_convolution.bias"] = np.zeros(18, np.float32)
    made["detector.1.weight"] = np.eye(18, dtype=np.float32)[:, :, None].copy()
    made["detector.1.bias"] = np.zeros(18, np.float32)
    return made


def host(frames: int, rate: int) -> np.ndarray:
    """A decaying chord, wider than mono, with a little noise."""
    t, draw = np.arange(frames) / rate, np.random.default_rng(4)
    tones = [sum(np.sin(2 * np.pi * f * t + p) for f in (220, 277.2, 329.6, 880)) for p in (0.0, 0.4)]
    return (0.1 * np.exp(-2 * (t % 1)) * np.array(tones) + draw.normal(0, 0.005, (2, frames))).astype(np.float32)


def test_a_message_of_44_100_hz_stereo_survives_mp3_resampling_and_noise(tmp_path: Path) -> None:
    """With networks in the published form whose weights were written by hand: two tones a bit."""
    for name, tensors in (("hand-writer", writer_by_hand()), ("hand-reader", reader_by_hand())):
        save_file(tensors, tmp_path / f"{name}.safetensors")
        installed.add(tmp_path / f"{name}.safetensors", name)
    writer, reader = (nodes.model(name=f"hand-{n}", ctx=CTX) for n in ("writer", "reader"))
    x = Audio(host(132_300, 44_100), 44_100)
    marked = nodes.mark(x, writer, on=True, message=MESSAGE, ctx=CTX).audio

    def mp3(audio: Audio) -> Audio:
        (tmp_path / "sound.mp3").write_bytes(encode(audio, "mp3", quality=0.5))
        return files.read(tmp_path / "sound.mp3")

    noise = np.random.default_rng(5).normal(0, 0.01, x.samples.shape).astype(np.float32)
    attacks: dict[str, Callable[[Audio], Audio]] = {
        "nothing": lambda a: a,
        "mp3": mp3,
        "resampling": lambda a: Audio(resample(resample(a.samples, 44_100, 22_050), 22_050, 48_000), 48_000),
        "noise": lambda a: Audio(a.samples + noise, 44_100),
        "mono and quieter": lambda a: Audio(0.5 * a.samples.mean(axis=0, keepdims=True), 44_100),
        "cut": lambda a: Audio(a.samples[:, 10_007:], 44_100),
    }
    for what, attack in attacks.items():
        found = nodes.read(attack(marked), reader, ctx=CTX)
        assert found.message == MESSAGE, what
        assert found.presence > 0.9, what
        assert nodes.read(attack(x), reader, ctx=CTX).presence < 0.1, what
    other = nodes.mark(x, writer, on=True, message=0x00FF, ctx=CTX).audio
    assert nodes.read(mp3(other), reader, ctx=CTX).message == 0x00FF
