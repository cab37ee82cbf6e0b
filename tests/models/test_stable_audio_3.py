"""Stable Audio 3: a small random pipeline in the folder that diffusers writes, beside what diffusers makes of it."""

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
    AutoencoderSAME,
    FlowMatchEulerDiscreteScheduler,
    StableAudio3AudioToAudioPipeline,
    StableAudio3DiTModel,
    StableAudio3DurationEmbedder,
    StableAudio3InpaintPipeline,
    StableAudio3Pipeline,
)
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from transformers import PreTrainedTokenizerFast, T5GemmaConfig, T5GemmaEncoderModel, T5GemmaModuleConfig
from watched import ctx

from nawgraph.context import Cancelled, Context
from nawgraph.models import installed, loaders
from nawgraph.nodes import generate
from nawgraph.values import Audio, ModelRef, Prompt

RATE, HOP = 3_200, 128
WORDS = ["<pad>", "</s>", "<unk>", "dark", "techno", "jazz", "piano", "with", "a", "bass"]
PROMPT = Prompt.of("dark techno with a bass")


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("NAWGRAPH_HOME", str(tmp_path / "home"))
    transformers.logging.set_verbosity_error()
    diffusers.logging.set_verbosity_error()
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def text_encoder(**sizes: int) -> Any:
    """A T5Gemma, of which only the encoder is kept."""
    config = T5GemmaConfig(
        encoder=T5GemmaModuleConfig(**sizes).to_dict(), decoder=T5GemmaModuleConfig(**sizes).to_dict(),
        is_encoder_decoder=False, vocab_size=sizes["vocab_size"],
    )  # fmt: skip
    return T5GemmaEncoderModel(config)


def pipeline(kind: Any = StableAudio3Pipeline, distilled: bool = True) -> Any:
    """A small pipeline with random weights and the scheduler of the published ones."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        vae = AutoencoderSAME(
            patch_size=16, encoder_channels=4, encoder_c_mults=(2,), encoder_strides=(8,),
            encoder_transformer_depths=(1,), latent_dim=4, dim_heads=4, ff_mult=1, sampling_rate=RATE,
        )  # fmt: skip
        transformer = StableAudio3DiTModel(
            io_channels=4, embed_dim=16, depth=2, num_heads=2, cond_token_dim=8, global_cond_dim=8,
            local_add_cond_dim=5, timestep_features_dim=8, ff_mult=1.0, num_memory_tokens=2,
        )  # fmt: skip
        for weight in (*transformer.parameters(), *vae.parameters()):  # what begins at nothing would hide the rest
            if weight.detach().abs().max() < 1e-3:
                torch.nn.init.normal_(weight, std=0.3)
        seconds = StableAudio3DurationEmbedder(output_dim=8, fourier_dim=8, max_val=3.0)
        text = text_encoder(
            vocab_size=40, hidden_size=8, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
            num_key_value_heads=1, head_dim=4,
        )  # fmt: skip
    words = Tokenizer(WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="<unk>"))
    words.pre_tokenizer = Whitespace()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="<pad>", eos_token="</s>", unk_token="<unk>", model_max_length=16
    )
    made = kind(
        vae=vae, text_encoder=text, tokenizer=tokenizer, duration_embedder=seconds, transformer=transformer.eval(),
        scheduler=FlowMatchEulerDiscreteScheduler(num_train_timesteps=1, shift=1.0, stochastic_sampling=distilled),
    )  # fmt: skip
    made.set_progress_bar_config(disable=True)
    return made


@pytest.fixture(params=[True, False], ids=["distilled", "base"])
def distilled(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def ref(tmp_path: Path, distilled: bool) -> ModelRef:
    pipeline(distilled=distilled).save_pretrained(tmp_path / "stable")
    note = installed.add(tmp_path / "stable", "mine")
    assert (note.kind, note.layout) == ("generator", "stable-audio-3") and installed.verify(note) == ""
    return note.ref


def sound(seconds: float, seed: int = 0) -> Audio:
    samples = 0.1 * np.random.default_rng(seed).standard_normal((2, round(seconds * RATE)))
    return Audio(samples.astype(np.float32), RATE)


def theirs(kind: Any, distilled: bool, seed: int, **more: Any) -> np.ndarray[Any, np.dtype[np.float32]]:
    """What diffusers makes of it."""
    noise = torch.Generator().manual_seed(seed)
    return np.asarray(pipeline(kind, distilled)(prompt=PROMPT.text, generator=noise, **more).audios[0].numpy())


def near(made: np.ndarray[Any, Any], wanted: np.ndarray[Any, Any]) -> bool:
    """Whether two sounds are the same within 1e-4 of the loudest sample."""
    loudest = float(np.abs(made).max())
    return loudest > 1e-3 and made == pytest.approx(wanted, abs=1e-4 * loudest)


def test_it_makes_of_words_what_diffusers_makes(ref: ModelRef, distilled: bool) -> None:
    made = generate.stable_audio_3(PROMPT, ref, seconds=1.5, steps=5, guidance=3, negative="jazz", seed=7, ctx=ctx())
    assert (made.rate, made.channels, made.frames) == (RATE, 2, 4_800)
    more = {"num_inference_steps": 5, "guidance_scale": 3.0, "negative_prompt": "jazz"}
    assert near(made.samples, theirs(StableAudio3Pipeline, distilled, 7, duration=1.5, **more))


def test_a_varied_sound_is_that_of_diffusers(ref: ModelRef, distilled: bool) -> None:
    tune = sound(1.5)
    made = generate.stable_audio_3(PROMPT, ref, tune, task="vary", strength=0.6, steps=5, seed=7, ctx=ctx())
    more = {"audio": torch.tensor(tune.samples[None]), "init_noise_level": 0.6, "num_inference_steps": 5}
    assert near(made.samples, theirs(StableAudio3AudioToAudioPipeline, distilled, 7, duration=1.5, **more))


def test_a_span_is_made_anew_and_the_rest_stays_as_it_was(ref: ModelRef, distilled: bool) -> None:
    tune = sound(1.6)
    made = generate.stable_audio_3(
        PROMPT, ref, tune, task="inpaint", start=0.4, end=1.2, steps=5, seed=5, ctx=ctx()
    ).samples
    first, last, fade = round(0.4 * RATE), round(1.2 * RATE), 32
    assert np.array_equal(made[:, : first - fade], tune.samples[:, : first - fade])
    assert np.array_equal(made[:, last + fade :], tune.samples[:, last + fade :])
    more = {"audio": torch.tensor(tune.samples[None]), "mask_start_seconds": 0.4001, "mask_end_seconds": 1.2001}
    wanted = theirs(StableAudio3InpaintPipeline, distilled, 5, duration=1.6, num_inference_steps=5, **more)
    assert near(made[:, first:last], wanted[:, first:last])


def test_a_sound_goes_on(ref: ModelRef) -> None:
    one, two = (
        generate.stable_audio_3(PROMPT, ref, sound(1.01, i), task="extend", seconds=2.03, steps=3, ctx=ctx()).samples
        for i in (0, 1)
    )
    there = round(1.01 * RATE)
    assert one.shape == (2, round(2.03 * RATE))
    assert np.array_equal(one[:, : there - 32], sound(1.01).samples[:, : there - 32])
    assert np.abs(one[:, there:]).max() > 1e-4 and not np.array_equal(one[:, there:], two[:, there:])


@pytest.mark.parametrize("distilled", [True], indirect=True)
def test_one_seed_one_sound_progress_previews_and_a_cancel(ref: ModelRef) -> None:
    told: list[int] = []
    shown: list[Audio] = []
    state = torch.get_rng_state()

    def made(seed: int, watched: Context) -> Audio:
        return generate.stable_audio_3(PROMPT, ref, seconds=1.0, seed=seed, ctx=watched)

    first = made(1, ctx(told, shown))
    assert first.digest() == made(1, ctx()).digest() != made(2, ctx()).digest()
    assert torch.equal(state, torch.get_rng_state())
    assert told == list(range(9))  # as many steps as distilled weights want
    assert len(shown) == 3 and {a.frames for a in shown} == {RATE}
    assert shown[0].digest() != shown[2].digest() != first.digest()
    with pytest.raises(Cancelled):
        made(1, ctx(stop=3))


@pytest.mark.parametrize("distilled", [True], indirect=True)
def test_what_cannot_be_done_is_said(ref: ModelRef, tmp_path: Path) -> None:
    for sentence, tune, more in (
        ("task is vary, and no audio is wired", None, {"task": "vary"}),
        ("audio is wired, and task is text", sound(1), {}),
        ("the span from 0.9 s to 0.5 s is empty", sound(1), {"task": "inpaint", "start": 0.9, "end": 0.5}),
        ("end is 2, and audio lasts 1.00 s", sound(1), {"task": "inpaint", "end": 2}),
        ("the whole is to last 1 s: raise seconds", sound(2), {"task": "extend", "seconds": 1}),
        ("mine makes at most 3.00 s", None, {"seconds": 4}),
        ("guidance works for words alone", sound(1), {"task": "vary", "guidance": 3}),
        ("negative is heard only with guidance", None, {"seconds": 1, "negative": "jazz"}),
    ):
        with pytest.raises(ValueError, match=sentence):
            generate.stable_audio_3(PROMPT, ref, tune, ctx=ctx(), **more)
    with pytest.raises(ValueError, match="mine is no Stable Audio Open"):
        generate.stable_audio(PROMPT, ref, ctx=ctx())
    (tmp_path / "stable" / "duration_embedder" / "config.json").unlink()
    with pytest.raises(LookupError, match=r"duration_embedder is not whole: config.json is missing"):
        installed.add(tmp_path / "stable", "other")
    (tmp_path / "home" / "models" / "mine" / "transformer" / "config.json").write_text('{"embed_dim": 32}')
    with pytest.raises(ValueError, match="does not fit: "):
        loaders.load(ref)


def test_the_published_size() -> None:
    """The medium folder has 10.4 GB in float32; its authors count 852 million parameters of its autoencoder."""
    with torch.device("meta"):
        transformer = StableAudio3DiTModel()
        vae = AutoencoderSAME(encoder_channels=256, encoder_transformer_depths=(12,))
        text = text_encoder(
            vocab_size=256_000, hidden_size=768, intermediate_size=2048, num_hidden_layers=12, num_attention_heads=12,
            num_key_value_heads=12, head_dim=64,
        )  # fmt: skip
    counts = [sum(p.numel() for p in part.parameters()) for part in (transformer, vae, text)]
    assert counts[0] == pytest.approx(1.4e9, rel=0.05) and counts[1] == pytest.approx(852e6, rel=0.001)
    assert sum(counts) * 4 == pytest.approx(10.4e9, rel=0.01)
    assert vae.downsampling_ratio == 4096
    assert transformer.state_dict()["transformer_blocks.23.cross_attn.to_q.weight"].shape == (3072, 1536)
