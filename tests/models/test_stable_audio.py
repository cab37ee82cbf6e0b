"""Stable Audio: a small random pipeline in the folder that diffusers writes, beside what diffusers makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
import transformers
from diffusers import (
    AutoencoderOobleck,
    CosineDPMSolverMultistepScheduler,
    StableAudioDiTModel,
    StableAudioPipeline,
    StableAudioProjectionModel,
)
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from transformers import PreTrainedTokenizerFast, T5Config, T5EncoderModel
from watched import ctx

from nawgraph.context import Cancelled
from nawgraph.models import installed
from nawgraph.nodes import generate
from nawgraph.values import Audio, ModelRef, Prompt

RATE = 4_000
WORDS = ["<pad>", "</s>", "<unk>", "dark", "techno", "jazz", "piano", "with", "a", "bass"]
PROMPT = Prompt.of("dark techno with a bass")

pytestmark = pytest.mark.filterwarnings("ignore:Should have t")  # torchsde, of rounding


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("NAWGRAPH_HOME", str(tmp_path / "home"))
    transformers.logging.set_verbosity_error()
    diffusers.logging.set_verbosity_error()
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def pipeline() -> Any:
    """A small pipeline with random weights and the scheduler of the published one."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        vae = AutoencoderOobleck(
            encoder_hidden_size=6, downsampling_ratios=[2, 4], decoder_channels=3, decoder_input_channels=3,
            audio_channels=2, channel_multiples=[2, 4], sampling_rate=RATE,
        )  # fmt: skip
        transformer = StableAudioDiTModel(
            sample_size=1_000, in_channels=3, num_layers=2, attention_head_dim=4, num_key_value_attention_heads=2,
            out_channels=3, cross_attention_dim=4, time_proj_dim=8, global_states_input_dim=8,
            cross_attention_input_dim=4, num_attention_heads=2,
        )  # fmt: skip
        text = T5EncoderModel(T5Config(vocab_size=40, d_model=4, d_kv=2, d_ff=8, num_layers=1, num_heads=2))
        projection = StableAudioProjectionModel(text_encoder_dim=4, conditioning_dim=4, min_value=0, max_value=32)
    words = Tokenizer(WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="<unk>"))
    words.pre_tokenizer = Whitespace()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="<pad>", eos_token="</s>", unk_token="<unk>", model_max_length=16
    )
    scheduler = CosineDPMSolverMultistepScheduler(
        solver_order=2, prediction_type="v_prediction", sigma_data=1.0, sigma_schedule="exponential"
    )
    made = StableAudioPipeline(
        vae=vae, text_encoder=text, projection_model=projection, tokenizer=tokenizer, transformer=transformer,
        scheduler=scheduler,
    )  # fmt: skip
    made.set_progress_bar_config(disable=True)
    return made


@pytest.fixture
def ref(tmp_path: Path) -> ModelRef:
    pipeline().save_pretrained(tmp_path / "stable")
    (tmp_path / "stable" / "model.safetensors").write_bytes(b"the same once more, in another form")
    note = installed.add(tmp_path / "stable", "mine")
    assert (note.kind, note.layout) == ("generator", "stable-audio")
    assert installed.verify(note) == "" and not (note.path / "model.safetensors").exists()
    return note.ref


@pytest.mark.parametrize("varied", [False, True])
def test_it_makes_what_diffusers_makes(ref: ModelRef, varied: bool) -> None:
    begin = 0.1 * np.random.default_rng(0).standard_normal((2, RATE)).astype(np.float32)
    made = generate.stable_audio(
        PROMPT, ref, Audio(begin, RATE) if varied else None, seconds=1.0, steps=5, strength=1, guidance=3,
        negative="jazz", seed=7, ctx=ctx(),
    )  # fmt: skip
    assert (made.rate, made.channels, made.frames) == (RATE, 2, RATE)
    more = {"initial_audio_waveforms": torch.tensor(begin[None]), "initial_audio_sampling_rate": RATE} if varied else {}
    theirs = pipeline()(
        prompt=PROMPT.text, negative_prompt="jazz", audio_end_in_s=1.0, num_inference_steps=5, guidance_scale=3.0,
        generator=torch.Generator().manual_seed(7), **more,
    ).audios[0]  # fmt: skip
    assert np.abs(made.samples).max() > 1e-3
    assert made.samples == pytest.approx(
        theirs.detach().numpy()[:, :RATE], abs=1e-4 * float(np.abs(made.samples).max())
    )


def test_a_small_strength_stays_near_the_sound(ref: ModelRef) -> None:
    begin = Audio(0.1 * np.random.default_rng(0).standard_normal((2, RATE)).astype(np.float32), RATE)
    plain = generate.stable_audio(PROMPT, ref, seconds=1.0, steps=5, seed=3, ctx=ctx())
    far, near = (
        generate.stable_audio(PROMPT, ref, begin, seconds=1.0, steps=5, strength=s, seed=3, ctx=ctx())
        for s in (1, 0.01)
    )

    def gap(one: Audio, other: Audio) -> float:
        return float(np.sqrt(np.mean((one.samples - other.samples) ** 2)))

    assert gap(far, plain) < 0.1 * gap(near, plain)
    other = Audio(-begin.samples, RATE)
    away = generate.stable_audio(PROMPT, ref, other, seconds=1.0, steps=5, strength=0.01, seed=3, ctx=ctx())
    assert gap(near, away) > 0.02 * gap(near, Audio(0 * near.samples, RATE))  # the sound is heard in what comes of it


def test_one_seed_one_sound_progress_previews_and_a_cancel(ref: ModelRef) -> None:
    told: list[int] = []
    shown: list[Audio] = []
    state = torch.get_rng_state()
    first = generate.stable_audio(PROMPT, ref, seconds=1.0, steps=8, seed=1, ctx=ctx(told, shown))
    assert first.digest() == generate.stable_audio(PROMPT, ref, seconds=1.0, steps=8, seed=1, ctx=ctx()).digest()
    assert first.digest() != generate.stable_audio(PROMPT, ref, seconds=1.0, steps=8, seed=2, ctx=ctx()).digest()
    assert torch.equal(state, torch.get_rng_state())
    assert told == list(range(9))
    assert shown and {a.frames for a in shown} == {RATE}
    with pytest.raises(Cancelled):
        generate.stable_audio(PROMPT, ref, seconds=1.0, steps=8, ctx=ctx(stop=3))


def test_what_cannot_be_done_is_said(ref: ModelRef, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"seconds is 30, and mine makes at most 2.00 s"):
        generate.stable_audio(PROMPT, ref, ctx=ctx())
    with pytest.raises(ValueError, match="mine is no MusicGen"):
        generate.musicgen(PROMPT, ref, ctx=ctx())
    (tmp_path / "stable" / "transformer" / "config.json").unlink()
    with pytest.raises(LookupError, match=r"transformer is not whole: config.json is missing"):
        installed.add(tmp_path / "stable", "other")
    for file in (tmp_path / "stable" / "vae").iterdir():
        file.unlink()
    (tmp_path / "stable" / "vae").rmdir()
    with pytest.raises(LookupError, match="is not whole: "):
        installed.add(tmp_path / "stable", "other")


def test_the_published_size() -> None:
    with torch.device("meta"):
        transformer = StableAudioDiTModel()
        vae = AutoencoderOobleck()
        text = T5EncoderModel(T5Config(d_model=768, d_kv=64, d_ff=3072, num_layers=12, num_heads=12, vocab_size=32_128))
        projection = StableAudioProjectionModel(768, 768, 0, 512)
    total = sum(p.numel() for m in (transformer, vae, text, projection) for p in m.parameters()) * 4
    assert total == pytest.approx(5290e6, rel=0.03)
    assert transformer.config.sample_size * vae.hop_length / 44_100 == pytest.approx(47.55, abs=0.01)
    assert transformer.state_dict()["transformer_blocks.23.attn1.to_q.weight"].shape == (1536, 1536)
