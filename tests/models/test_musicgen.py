"""MusicGen: small random networks in the folders that transformers writes, beside what transformers makes of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from transformers import (
    EncodecConfig,
    MusicgenConfig,
    MusicgenDecoderConfig,
    MusicgenForConditionalGeneration,
    MusicgenMelodyConfig,
    MusicgenMelodyDecoderConfig,
    MusicgenMelodyForConditionalGeneration,
    PreTrainedTokenizerFast,
    T5Config,
)
from transformers.models.musicgen_melody.feature_extraction_musicgen_melody import MusicgenMelodyFeatureExtractor

from nawgraph.cli import main
from nawgraph.context import Cancelled, Context
from nawgraph.models import installed, loaders
from nawgraph.models.generators import chroma
from nawgraph.nodes import generate
from nawgraph.values import Audio, ModelRef, Prompt

RATE = 8_000
WORDS = ["<pad>", "</s>", "<unk>", "dark", "techno", "jazz", "piano", "with", "a", "bass"]
PROMPT = Prompt.of("dark techno with a bass")


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("NAWGRAPH_HOME", str(tmp_path / "home"))
    transformers.logging.set_verbosity_error()
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def network(channels: int = 1, melody: bool = False) -> Any:
    """A network with random weights, codebooks too, and the configuration of the published ones on a small scale."""
    text = T5Config(vocab_size=40, d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2)
    codec = EncodecConfig(
        target_bandwidths=[1.2], sampling_rate=RATE, audio_channels=1, num_filters=4, upsampling_ratios=[4, 5, 8],
        hidden_size=16, codebook_size=64, codebook_dim=16, num_lstm_layers=1, normalize=False, use_causal_conv=False,
        norm_type="weight_norm", chunk_length_s=None,
    )  # fmt: skip
    config, decoder, made = (
        (MusicgenMelodyConfig, MusicgenMelodyDecoderConfig, MusicgenMelodyForConditionalGeneration)
        if melody
        else (MusicgenConfig, MusicgenDecoderConfig, MusicgenForConditionalGeneration)
    )
    small = decoder(
        vocab_size=64, max_position_embeddings=256, num_hidden_layers=2, ffn_dim=32, num_attention_heads=2,
        hidden_size=16, num_codebooks=4 * channels, audio_channels=channels, pad_token_id=64, bos_token_id=64,
    )  # fmt: skip
    more = {"num_chroma": 12, "chroma_length": 8} if melody else {}
    whole = config(text_encoder=text.to_dict(), audio_encoder=codec.to_dict(), decoder=small.to_dict(), **more)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        model = made(whole).eval()
        for key, value in model.state_dict().items():
            if key.endswith("codebook.embed") or "audio_enc_to_dec_proj.weight" in key:
                value.normal_()
    model.generation_config.update(decoder_start_token_id=64, pad_token_id=64, bos_token_id=64)
    return model


def folder(path: Path, model: Any) -> Path:
    model.save_pretrained(path)
    tokenizer = Tokenizer(WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = Whitespace()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>")
    fast.save_pretrained(path)
    return path


@contextmanager
def lend(ref: ModelRef) -> Iterator[Any]:
    yield loaders.load(ref)


def ctx(told: list[tuple[int, int]] | None = None, stop: int = 10**9) -> Context:
    class Watched(Context):
        def progress(self, done: int, total: int, label: str = "") -> None:
            if told is not None:
                told.append((done, total))
            if done >= stop:
                raise Cancelled

    return Watched(lend=lend)


@pytest.mark.parametrize(("channels", "guidance"), [(1, 1.0), (1, 3.0), (2, 3.0)])
def test_without_chance_it_makes_what_transformers_makes(channels: int, guidance: float, tmp_path: Path) -> None:
    model = network(channels)
    note = installed.add(folder(tmp_path / "musicgen", model), "mine")
    assert (note.kind, note.layout) == ("generator", "musicgen")
    made = generate.musicgen(PROMPT, note.ref, seconds=0.8, temperature=0, guidance=guidance, ctx=ctx())
    assert (made.rate, made.channels, made.frames) == (RATE, channels, round(0.8 * RATE))
    words = torch.tensor([[WORDS.index(w) for w in PROMPT.text.split()]])
    with torch.no_grad():
        theirs = model.generate(
            input_ids=words, attention_mask=torch.ones_like(words), do_sample=False, guidance_scale=guidance,
            max_new_tokens=40 + 3,
        )[0].numpy()  # fmt: skip
    assert np.abs(theirs).max() > 1e-3
    assert made.samples == pytest.approx(theirs[:, : made.frames], abs=1e-5 * float(np.abs(theirs).max()))


def test_one_seed_one_sound_and_no_random_numbers_of_others(tmp_path: Path) -> None:
    ref = installed.add(folder(tmp_path / "musicgen", network()), "mine").ref
    state = torch.get_rng_state()
    told: list[tuple[int, int]] = []
    first = generate.musicgen(PROMPT, ref, seconds=0.7, seed=1, ctx=ctx(told))
    assert first.digest() == generate.musicgen(PROMPT, ref, seconds=0.7, seed=1, ctx=ctx()).digest()
    assert first.digest() != generate.musicgen(PROMPT, ref, seconds=0.7, seed=2, ctx=ctx()).digest()
    assert torch.equal(state, torch.get_rng_state())
    assert told[0] == (0, 35) and told[-1] == (35, 35) and told == sorted(told)
    with pytest.raises(Cancelled):
        generate.musicgen(PROMPT, ref, seconds=0.7, ctx=ctx(stop=5))


@pytest.mark.parametrize("channels", [1, 2])
def test_it_goes_on_from_a_sound_and_from_itself(
    channels: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nawgraph.models.generators import musicgen

    monkeypatch.setattr(musicgen, "WINDOW", 1.0)
    monkeypatch.setattr(musicgen, "KEPT", 0.4)
    ref = installed.add(folder(tmp_path / "musicgen", network(channels)), "mine").ref
    begin = generate.musicgen(PROMPT, ref, seconds=0.6, seed=1, ctx=ctx())
    told: list[tuple[int, int]] = []
    whole = generate.musicgen(PROMPT, ref, begin, seconds=2.3, seed=2, ctx=ctx(told))
    assert whole.frames == round(2.3 * RATE) and whole.channels == channels
    assert np.array_equal(whole.samples[:, : begin.frames], begin.samples)
    assert told == sorted(told) and told[-1] == (85, 85)
    assert np.abs(whole.samples[:, begin.frames :]).reshape(-1)[::50].max() > 1e-3
    with pytest.raises(ValueError, match="raise seconds"):
        generate.musicgen(PROMPT, ref, whole, seconds=2.0, ctx=ctx())


def test_a_melody_is_heard_by_weights_of_its_kind(tmp_path: Path) -> None:
    note = installed.add(folder(tmp_path / "melody", network(melody=True)), "tune")
    assert note.layout == "musicgen-melody"
    t = np.arange(4 * RATE) / RATE
    low, high = (Audio(np.sin(2 * np.pi * f * t, dtype=np.float64).astype(np.float32)[None], RATE) for f in (220, 311))
    made = [
        generate.musicgen(PROMPT, note.ref, melody=m, seconds=0.6, temperature=0, ctx=ctx()) for m in (low, high, low)
    ]
    assert made[0].digest() == made[2].digest() != made[1].digest()
    plain = installed.add(folder(tmp_path / "musicgen", network()), "mine")
    with pytest.raises(ValueError, match="mine hears no melody"):
        generate.musicgen(PROMPT, plain.ref, melody=low, ctx=ctx())


def test_chroma_is_that_of_the_extractor() -> None:
    rng = np.random.default_rng(0)
    t = np.arange(3 * 32_000) / 32_000
    sound = (np.sin(2 * np.pi * 440 * t) + 0.3 * rng.standard_normal(len(t))).astype(np.float32)
    from transformers.audio_utils import chroma_filter_bank

    def spectrogram(wave: torch.Tensor) -> torch.Tensor:  # what torchaudio's would make, normalised by its window
        window = torch.hann_window(16_384)
        found = torch.stft(wave, 16_384, 4_096, window=window, center=True, return_complex=True)
        return (found / window.square().sum().sqrt()).abs().square()

    filters = torch.from_numpy(
        chroma_filter_bank(sampling_rate=32_000, num_frequency_bins=16_384, tuning=0, num_chroma=12)
    )
    extractor = SimpleNamespace(n_fft=16_384, spectrogram=spectrogram, chroma_filters=filters.float())
    for piece in (sound, sound[:5_000]):
        theirs = MusicgenMelodyFeatureExtractor._torch_extract_fbank_features(extractor, torch.from_numpy(piece[None]))
        assert np.array_equal(chroma.features(piece, 32_000), theirs[0].numpy())


def test_what_is_not_whole_or_of_another_kind_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = folder(tmp_path / "musicgen", network())
    note = installed.add(whole, "mine")
    assert installed.verify(note) == "" and main(["models", "verify"]) == 0
    weights = note.path / "model.safetensors"
    data = weights.read_bytes()
    weights.write_bytes(data[:-100])
    assert "cut short" in installed.verify(note)
    weights.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert "have changed" in installed.verify(note)
    with pytest.raises(ValueError, match="is installed already"):
        installed.add(whole, "mine")
    (whole / "tokenizer.json").unlink()
    with pytest.raises(LookupError, match=r"tokenizer.json or spiece.model is missing"):
        installed.add(whole, "other")
    (whole / "model.safetensors").rename(whole / "pytorch_model.bin")
    with pytest.raises(ValueError, match="as a pickle"):
        installed.add(whole, "other")
    (whole / "config.json").write_text("{")
    with pytest.raises(ValueError, match="no JSON"):
        installed.add(whole, "other")
    assert [m.name for m in installed.all_installed()] == ["mine"]
    assert not list((tmp_path / "home").glob("**/.adding-*"))
    capsys.readouterr()
    assert main(["models", "add", str(whole), "--family", "musicgen-small"]) == 2
    assert "--yes" in capsys.readouterr().err
    with pytest.raises(ValueError, match="the prompt is empty"):
        generate.musicgen(Prompt.of(" "), note.ref, ctx=ctx())
    with pytest.raises(ValueError, match="needs a generator"):
        generate.musicgen(PROMPT, ModelRef("clap", "house"), ctx=ctx())
    with pytest.raises(LookupError, match="no generator called"):
        loaders.load(ModelRef("generator", "musicgen-large"))
    with pytest.raises(ValueError, match="name is empty"):
        generate.model(ctx=ctx())


PUBLISHED = {"small": (1024, 24, 16, 1), "stereo": (1024, 24, 16, 2)}


@pytest.mark.parametrize(("size", "bytes_"), [("small", 2360e6), ("stereo", 2400e6)])
def test_the_published_sizes(size: str, bytes_: float) -> None:
    width, layers, heads, channels = PUBLISHED[size]
    decoder = MusicgenDecoderConfig(
        hidden_size=width, num_hidden_layers=layers, num_attention_heads=heads, ffn_dim=4 * width,
        num_codebooks=4 * channels, audio_channels=channels,
    )  # fmt: skip
    text = T5Config(
        d_model=768, d_kv=64, d_ff=3072, num_layers=12, num_heads=12, vocab_size=32_128, num_decoder_layers=12
    )
    codec = EncodecConfig.from_dict(
        json.loads((Path(__file__).parent / "upstream" / "encodec-32k" / "config.json").read_text())
        | {
            "num_filters": 64,
            "hidden_size": 128,
            "codebook_dim": 128,
            "codebook_size": 2048,
            "upsampling_ratios": [8, 5, 4, 4],
            "target_bandwidths": [2.2],
        }
    )
    with torch.device("meta"):
        model = MusicgenForConditionalGeneration(
            MusicgenConfig(text_encoder=text.to_dict(), audio_encoder=codec.to_dict(), decoder=decoder.to_dict())
        )
    state = model.state_dict()
    assert sum(v.numel() for v in model.parameters()) * 4 == pytest.approx(bytes_, rel=0.02)
    assert state["decoder.model.decoder.layers.23.fc1.weight"].shape == (4 * width, width)
    assert state["decoder.lm_heads.3.weight"].shape == (2048, width)
