"""Published CLAPs: what transformers and laion_clap make of the same weights; windows, words, refusals."""

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

from drawn import HERE, shapes, sound, weights  # noqa: E402
from safetensors.numpy import load_file, save_file  # noqa: E402

from nawgraph.context import Context  # noqa: E402
from nawgraph.models import installed  # noqa: E402
from nawgraph.models.clap import bpe, laion  # noqa: E402
from nawgraph.models.codecs.weights import Taker  # noqa: E402
from nawgraph.models.loaders import load  # noqa: E402
from nawgraph.nodes import clap as nodes  # noqa: E402
from nawgraph.values import Audio, Prompt  # noqa: E402


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def at_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAWGRAPH_HOME", str(home))


def source(name: str) -> Path:
    """A checkpoint as it is published: the hub's folder, or a file of laion_clap's training."""
    folder = installed.models_folder().parent / f"source-{name}"
    if folder.exists():
        return folder
    folder.mkdir(parents=True)
    if name == "laion-clap":
        state = {f"module.{k}": torch.from_numpy(v) for k, v in weights(shapes(name)).items()}
        best = {"epoch": 3, "name": "music", "state_dict": state, "best": np.float64(0.5)}
        torch.save(best, folder / "music_audioset.pt")
        for file in ("vocab.json", "merges.txt"):
            shutil.copy(HERE / "clap" / file, folder)
        return folder
    for file in (HERE / name).iterdir():
        shutil.copy(file, folder)
    save_file(weights(shapes(name)), folder / "model.safetensors")
    return folder


def model(name: str) -> laion.LaionClap:
    if not (installed.models_folder() / name).exists():
        installed.add(source(name), name, convert=True)
    made: laion.LaionClap = load(installed.find("clap", name).ref)
    return made


def truth(name: str) -> dict[str, np.ndarray]:
    return load_file(HERE / f"{name}.made.safetensors")


@pytest.mark.parametrize("name", ["clap", "clap-fused"])
def test_transformers_makes_the_same_of_sounds(name: str) -> None:
    clap, known = model(name), truth(name)
    for label, frames in (("short", 150_000), ("long", 1_200_000)):
        heard = clap.audio(Audio(sound(frames, 48_000), 48_000))
        np.testing.assert_allclose(heard.vector, known[label], atol=2e-5)
    assert np.abs(known["short"] - known["long"]).max() > 1e-3


def test_transformers_makes_the_same_of_words() -> None:
    clap, told = model("clap"), json.loads((HERE / "tokens.json").read_text())
    read = bpe.read({n: HERE / "clap" / n for n in ("vocab.json", "merges.txt")})
    assert [read(text, 77) for text in told["texts"]] == told["numbers"]
    np.testing.assert_allclose(clap.texts(told["texts"]), truth("clap")["texts"], atol=1e-5)
    assert len(read("dark bass " * 200, 77)) == 77
    assert np.isfinite(clap.texts(["", "a" * 5_000])).all()


def test_laion_clap_makes_the_same() -> None:
    clap, known = model("laion-clap"), truth("laion-clap")
    heard = clap.audio(Audio(sound(150_000, 48_000), 48_000))
    np.testing.assert_allclose(heard.vector, known["short"], atol=5e-5)
    np.testing.assert_allclose(clap.tokens(known["words"].astype(int)), known["text"], atol=1e-5)
    with pytest.raises(ValueError, match="tokens and its network 200"):
        clap.texts(["dark"])  # the tokenizer of another network


def test_both_tokenizer_files_say_the_same(tmp_path: Path) -> None:
    vocabulary = json.loads((HERE / "clap" / "vocab.json").read_text())
    merges = (HERE / "clap" / "merges.txt").read_text().splitlines()[1:]
    for form in (merges, [m.split(" ") for m in merges]):
        (tmp_path / "tokenizer.json").write_text(json.dumps({"model": {"vocab": vocabulary, "merges": form}}))
        read = bpe.read({"tokenizer.json": tmp_path / "tokenizer.json"})
        told = json.loads((HERE / "tokens.json").read_text())
        assert [read(text, 77) for text in told["texts"]] == told["numbers"]
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(ValueError, match="tokenizer beside the weights is damaged"):
        bpe.read({"tokenizer.json": tmp_path / "tokenizer.json"})


def test_windows_lie_the_same_every_time_and_cover_everything() -> None:
    assert laion.windows(10, 480_000) == [0]
    assert laion.windows(1_200_000, 480_000) == [0, 360_000, 720_000]
    starts = laion.windows(48_000 * 7_200, 480_000)
    assert len(starts) == 60 and starts[-1] == 48_000 * 7_200 - 480_000
    clap, x = model("clap"), Audio(sound(700_000, 44_100, 2), 44_100)
    assert np.array_equal(clap.audio(x).vector, clap.audio(x).vector)


def test_what_cannot_be_heard() -> None:
    clap = model("clap")
    for samples, words in (
        (np.zeros((1, 48_000)), "silent"),
        (np.full((1, 48_000), np.nan), "not finite"),
        (np.ones((1, 100)), "at least 0.5 s"),
    ):
        with pytest.raises(ValueError, match=words):
            clap.audio(Audio(samples.astype(np.float32), 48_000))
    eight = clap.audio(Audio(sound(16_000, 8_000), 8_000))
    assert np.isfinite(eight.vector).all()


class _Context(Context):
    def model(self, kind: str, name: str) -> Any:
        return installed.find(kind, name).ref


def test_nodes_take_an_installed_one_and_name_it() -> None:
    clap = model("clap")
    context = _Context(lend=lambda ref: nullcontext(load(ref)))
    ref = nodes.model(name="clap", ctx=context)
    a = nodes.audio(Audio(sound(48_000, 48_000), 48_000), ref, ctx=context)
    b = nodes.text(Prompt.of("dark techno"), ref, ctx=context)
    score = nodes.score(a, b)
    assert score.checkpoint == f"clap/{installed.find('clap', 'clap').digest[:12]}"
    assert -1 <= score.value <= 1
    assert nodes.prompt_(a, None, ref, ctx=context).keyframes[0].text
    assert np.allclose(b.vector, clap.texts(["dark techno"])[0], atol=1e-6)
    house = nodes.text(Prompt.of("dark techno"), ctx=context)
    with pytest.raises(ValueError, match="different spaces"):
        nodes.score(a, house)
    file = nodes.model(file=str(source("clap") / "model.safetensors"), ctx=context)
    assert np.allclose(nodes.text(Prompt.of("dark techno"), file, ctx=context).vector, b.vector)
    with pytest.raises(ValueError, match="not both"):
        nodes.model(name="clap", file="x", ctx=context)


def test_without_its_tokenizer_it_hears_and_says_why_it_cannot_read(tmp_path: Path) -> None:
    save_file(weights(shapes("clap")), tmp_path / "model.safetensors")
    shutil.copy(HERE / "clap" / "config.json", tmp_path)
    installed.add(tmp_path, "mute")
    clap = load(installed.find("clap", "mute").ref)
    assert np.isfinite(clap.audio(Audio(sound(48_000, 48_000), 48_000)).vector).all()
    with pytest.raises(ValueError, match=r"mute cannot read words: its tokenizer is missing: put vocab\.json"):
        clap.texts(["dark"])


def test_what_does_not_fit_is_named(tmp_path: Path) -> None:
    key = "audio_model.audio_encoder.layers.1.blocks.0.attention.self.query.weight"
    for change, words in (
        (lambda t: t.pop(key), f"{key} is missing"),
        (lambda t: t.update({key: t[key][:, :8].copy()}), r"has the shape \[16, 8\] where \[16, 16\]"),
        (lambda t: t.update(spare=t[key]), "spare belongs to no layer"),
    ):
        tensors = weights(shapes("clap"))
        change(tensors)
        save_file(tensors, tmp_path / "model.safetensors")
        shutil.copy(HERE / "clap" / "config.json", tmp_path)
        with pytest.raises(ValueError, match=words):
            installed.add(tmp_path, "bad")
        assert not (installed.models_folder() / "bad").exists()


@pytest.mark.parametrize("name", ["clap-htsat-unfused", "clap-music"])
def test_the_published_sizes(name: str) -> None:
    told = json.loads((HERE / "sizes_drawn.json").read_text())[name]
    take = Taker()
    laion.Network(take, laion.shape_of(told["config"]))
    lines = "\n".join(f"{k} {list(v)}" for k, v in sorted(take.shapes.items()))
    assert sum(int(np.prod(shape)) for shape in take.shapes.values()) == told["numbers"]
    assert hashlib.sha256(lines.encode()).hexdigest() == told["sha256"]
