"""The originals against transformers: the same weights, the same numbers; other weights, other numbers."""

import json
from pathlib import Path

import numpy as np
import pytest
from nawgraph_reference import clap_layout, clap_parity, dac, dac_layout, dac_parity

import nawgraph as ng


def noise(rate: int, frames: int = 9_001, channels: int = 2) -> ng.Audio:
    rng = np.random.default_rng(3)
    return ng.Audio((rng.standard_normal((channels, frames)) * 0.2).astype(np.float32), rate)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_dac_codes_are_equal_and_sounds_too(seed: int) -> None:
    found = dac_parity(noise(44_100), seed=seed, ctx=ng.Context())
    assert found.equal == 1.0
    assert found.error <= 1e-6
    assert found.audio.samples.shape == (2, 9_001)
    assert np.abs(found.audio.samples).max() > 1e-3  # two silent sounds would be equal as well


def test_dac_parity_sees_a_single_wrong_weight() -> None:
    model = dac_layout.original("", 0, 44_100)
    other = dac_layout.translated(model)
    sound = dac_layout.samples(noise(44_100), 44_100)
    other.decoder.conv1.bias.data[0] += 0.5
    one, two = (dac_layout.rebuilt(network, sound, ng.Context())[1] for network in (model, other))
    assert np.abs(one - two).max() > 1e-4


def test_a_published_checkpoint_file_is_loaded(tmp_path: Path) -> None:
    """A file as `dac` writes them: the state and the arguments that made the network."""
    import torch

    model = dac_layout.original("", 5, 44_100)
    path = tmp_path / "weights.pth"
    kwargs = {**dac_layout.SMALL, "sample_rate": 44_100}
    torch.save({"state_dict": model.state_dict(), "metadata": {"kwargs": kwargs}}, path)
    sound = noise(44_100, channels=1)
    every = {"checkpoint": str(path)}, {"seed": 5}, {"seed": 6}
    from_file, same, other = (dac(sound, ctx=ng.Context(), **knobs).digest() for knobs in every)
    assert from_file == same != other
    assert dac_parity(sound, checkpoint=str(path), ctx=ng.Context()).equal == 1.0
    path.write_bytes(b"nothing")
    with pytest.raises(ValueError, match="checkpoint is no file of weights"):
        dac(sound, checkpoint=str(path), ctx=ng.Context())


@pytest.mark.parametrize("seed", [0, 1])
def test_clap_embeddings_are_the_same(seed: int) -> None:
    found = clap_parity(noise(48_000, 200_001), seed=seed, ctx=ng.Context())
    assert found.audio_error <= 1e-6
    assert found.text_error <= 2e-6


def test_clap_parity_sees_what_differs() -> None:
    model = clap_layout.original(0)
    other = clap_layout.translated(model)
    pair = clap_layout.waveform(noise(48_000, 100_000)), clap_layout.text(0)
    sound, words = clap_layout.embedded(model, None, *pair)
    other.audio_model.audio_encoder.layers[1].blocks[1].attention.self.query.bias.data += 0.5
    other.text_model.encoder.layer[0].attention.self.key.weight.data *= 2
    changed_sound, changed_words = clap_layout.embedded(model, other, *pair)
    assert abs(sound - changed_sound).max() > 1e-5
    assert abs(words - changed_words).max() > 1e-5


def test_who_gives_up_is_heard_between_two_layers() -> None:
    class Gone(ng.Context):
        def check(self) -> None:
            raise KeyboardInterrupt

    model = dac_layout.original("", 0, 44_100)
    with pytest.raises(KeyboardInterrupt):
        dac_layout.rebuilt(model, dac_layout.samples(noise(44_100), 44_100), Gone())
    dac_layout.rebuilt(model, dac_layout.samples(noise(44_100), 44_100), ng.Context())  # nothing of it is left


def test_bad_input_is_a_sentence() -> None:
    with pytest.raises(ValueError, match="CLAP wants 48000 Hz"):
        clap_parity(noise(44_100), ctx=ng.Context())
    with pytest.raises(ValueError, match="audio is empty"):
        dac(noise(44_100, 0), ctx=ng.Context())


def test_its_libraries_are_its_own() -> None:
    """What the host has in versions that do not go with these."""
    import importlib.metadata

    assert importlib.metadata.version("numpy").startswith("1.")
    assert importlib.metadata.version("protobuf").startswith("3.")
    example = Path(clap_layout.__file__).parent / "examples" / "parity.nawgraph"
    assert {n["type"] for n in json.loads(example.read_text())["nodes"].values()} >= {"reference.dac_parity"}
