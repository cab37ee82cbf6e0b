"""ACE-Step 1.5: a small random pipeline in the folder that diffusers writes, beside what diffusers makes of it."""

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
    AceStepAudioTokenDetokenizer,
    AceStepAudioTokenizer,
    AceStepConditionEncoder,
    AceStepPipeline,
    AceStepTransformer1DModel,
    AutoencoderOobleck,
    FlowMatchEulerDiscreteScheduler,
)
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3Model
from watched import ctx

from nawgraph.context import Cancelled, Context
from nawgraph.models import installed, loaders
from nawgraph.nodes import generate
from nawgraph.values import Audio, ModelRef, Prompt

RATE = 1_600
WORDS = [
    "<pad>",
    "</s>",
    "<unk>",
    "dark",
    "techno",
    "jazz",
    "verse",
    "with",
    "a",
    "bass",
    "120",
    "A",
    "minor",
    "Repaint",
]
PROMPT = Prompt.of("dark techno with a bass")
SIZES = {
    "hidden_size": 8, "intermediate_size": 16, "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 4,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("NAWGRAPH_HOME", str(tmp_path / "home"))
    transformers.logging.set_verbosity_error()
    diffusers.logging.set_verbosity_error()
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def pipeline(turbo: bool = False, covers: bool = True) -> Any:
    """A small pipeline with random weights, at the published frame rate of 25 Hz."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        vae = AutoencoderOobleck(
            encoder_hidden_size=8, downsampling_ratios=[8, 8], decoder_channels=4, decoder_input_channels=4,
            audio_channels=2, channel_multiples=[2, 4], sampling_rate=RATE,
        )  # fmt: skip
        transformer = AceStepTransformer1DModel(
            **SIZES, num_hidden_layers=2, in_channels=12, audio_acoustic_hidden_dim=4, sliding_window=8, is_turbo=turbo
        )
        conditions = AceStepConditionEncoder(
            **SIZES, text_hidden_dim=8, timbre_hidden_dim=4, num_lyric_encoder_hidden_layers=1,
            num_timbre_encoder_hidden_layers=1, sliding_window=8,
        )  # fmt: skip
        conditions.silence_latent.copy_(torch.randn(conditions.silence_latent.shape))
        coarse = AceStepAudioTokenizer(
            **SIZES, audio_acoustic_hidden_dim=4, fsq_dim=8, num_attention_pooler_hidden_layers=1
        )
        fine = AceStepAudioTokenDetokenizer(**SIZES, audio_acoustic_hidden_dim=4, num_attention_pooler_hidden_layers=1)
        text = Qwen3Model(
            Qwen3Config(
                vocab_size=40, hidden_size=8, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
                num_key_value_heads=1, head_dim=4,
            )
        )  # fmt: skip
    words = Tokenizer(WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="<unk>"))
    words.pre_tokenizer = Whitespace()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<pad>", eos_token="</s>", unk_token="<unk>")
    made = AceStepPipeline(
        vae=vae, text_encoder=text, tokenizer=tokenizer, transformer=transformer, condition_encoder=conditions,
        scheduler=FlowMatchEulerDiscreteScheduler(num_train_timesteps=1, shift=1.0),
        audio_tokenizer=coarse if covers else None, audio_token_detokenizer=fine if covers else None,
    )  # fmt: skip
    made.set_progress_bar_config(disable=True)
    return made


@pytest.fixture
def ref(tmp_path: Path) -> ModelRef:
    pipeline().save_pretrained(tmp_path / "ace")
    note = installed.add(tmp_path / "ace", "mine")
    assert (note.kind, note.layout) == ("generator", "ace-step") and installed.verify(note) == ""
    return note.ref


def sound(seconds: float, seed: int = 0) -> Audio:
    samples = 0.1 * np.random.default_rng(seed).standard_normal((2, round(seconds * RATE)))
    return Audio(samples.astype(np.float32), RATE)


def theirs(seed: int, **more: Any) -> np.ndarray[Any, np.dtype[np.float32]]:
    """What diffusers makes of it; everybody's random numbers are those that nawgraph draws for encoded sounds."""
    with torch.random.fork_rng():
        torch.manual_seed(seed + 2**32)
        made = pipeline()(
            prompt=PROMPT.text, num_inference_steps=4, generator=torch.Generator().manual_seed(seed), **more
        )
    return np.asarray(made.audios[0].numpy())


def near(made: Audio, wanted: np.ndarray[Any, Any]) -> bool:
    """Whether two sounds are the same within 1e-4 of the loudest sample."""
    loudest = float(np.abs(made.samples).max())
    return loudest > 1e-3 and made.samples == pytest.approx(wanted[:, : made.frames], abs=1e-4 * loudest)


def test_it_makes_of_words_what_diffusers_makes(ref: ModelRef) -> None:
    made = generate.ace_step(
        PROMPT, ref, seconds=2.5, steps=4, guidance=3, shift=2, lyrics="verse jazz", tempo=120, key="A minor",
        metre="4", seed=7, ctx=ctx(),
    )  # fmt: skip
    assert (made.rate, made.channels, made.frames) == (RATE, 2, 4_000)
    more = {"bpm": 120, "keyscale": "A minor", "timesignature": "4", "lyrics": "verse jazz"}
    assert near(made, theirs(7, audio_duration=2.5, guidance_scale=3.0, shift=2.0, **more))
    assert np.abs(made.samples).max() == pytest.approx(10 ** (-1 / 20), abs=1e-4)


def test_a_cover_and_a_reference_are_those_of_diffusers(ref: ModelRef) -> None:
    tune, timbre = sound(2.0), sound(1.0, 1)
    made = generate.ace_step(
        PROMPT, ref, tune, timbre, task="cover", strength=0.6, steps=4, guidance=3, seed=5, ctx=ctx()
    )
    assert made.frames == tune.frames
    more = {"task_type": "cover", "audio_cover_strength": 0.6, "guidance_scale": 3.0}
    heard = {"src_audio": torch.tensor(tune.samples), "reference_audio": torch.tensor(timbre.samples)}
    assert near(made, theirs(5, audio_duration=2.0, **more, **heard))
    other = generate.ace_step(PROMPT, ref, sound(2.0, 2), timbre, task="cover", steps=4, seed=5, ctx=ctx())
    assert other.digest() != made.digest()


def test_a_span_is_made_anew_and_the_rest_stays_as_it_was(ref: ModelRef) -> None:
    tune = sound(2.0)
    made = generate.ace_step(PROMPT, ref, tune, task="repaint", start=0.4, end=1.2, steps=4, seed=5, ctx=ctx())
    fade = 16
    assert np.array_equal(made.samples[:, : 640 - fade], tune.samples[:, : 640 - fade])
    assert np.array_equal(made.samples[:, 1920 + fade :], tune.samples[:, 1920 + fade :])
    wanted = theirs(
        5, audio_duration=2.0, task_type="repaint", src_audio=torch.tensor(tune.samples), guidance_scale=7.0,
        repainting_start=0.42, repainting_end=1.22,
    )[:, 640:1920]  # fmt: skip
    inside = made.samples[:, 640:1920]
    level = float((inside * wanted).sum() / (wanted * wanted).sum())  # diffusers brings the whole to -1 dBFS
    assert inside == pytest.approx(level * wanted, abs=1e-4 * float(np.abs(inside).max()))


def test_a_sound_goes_on(ref: ModelRef) -> None:
    tune = sound(1.01)
    made = generate.ace_step(PROMPT, ref, tune, task="extend", seconds=2.03, steps=4, seed=5, ctx=ctx())
    assert made.frames == round(2.03 * RATE)
    assert np.array_equal(made.samples[:, : tune.frames - 16], tune.samples[:, : tune.frames - 16])
    assert np.abs(made.samples[:, tune.frames :]).max() > 1e-4
    other = generate.ace_step(PROMPT, ref, sound(1.01, 1), task="extend", seconds=2.03, steps=4, seed=5, ctx=ctx())
    assert not np.array_equal(other.samples[:, tune.frames :], made.samples[:, tune.frames :])


def test_one_seed_one_sound_progress_previews_and_a_cancel(ref: ModelRef) -> None:
    told: list[int] = []
    shown: list[Audio] = []
    state = torch.get_rng_state()
    tune = sound(1.0)

    def cover(seed: int, watched: Context) -> Audio:
        return generate.ace_step(PROMPT, ref, tune, tune, task="cover", steps=8, seed=seed, ctx=watched)

    first = cover(1, ctx(told, shown))
    assert first.digest() == cover(1, ctx()).digest() != cover(2, ctx()).digest()
    assert torch.equal(state, torch.get_rng_state())
    assert told == list(range(9))
    assert len(shown) == 3 and {a.frames for a in shown} == {RATE}

    def gap(one: Audio) -> float:
        return float(np.sqrt(np.mean((one.samples - first.samples) ** 2)))

    assert gap(shown[2]) < gap(shown[0])  # what is believed comes nearer to what it becomes
    with pytest.raises(Cancelled):
        cover(1, ctx(stop=3))


def test_turbo_weights_take_no_guidance_and_all_lengths_work(tmp_path: Path) -> None:
    pipeline(turbo=True, covers=False).save_pretrained(tmp_path / "ace")
    ref = installed.add(tmp_path / "ace", "turbo").ref
    one, two = (generate.ace_step(PROMPT, ref, seconds=1, steps=2, guidance=g, ctx=ctx()) for g in (1, 7))
    assert one.digest() == two.digest()
    for seconds in (1.16, 2.28, 1.1):  # 29 and 57 frames: diffusers counts 30 and 58 for its noise
        assert generate.ace_step(PROMPT, ref, seconds=seconds, steps=1, ctx=ctx()).frames == round(seconds * RATE)
    with pytest.raises(ValueError, match="turbo came without the two networks for covers"):
        generate.ace_step(PROMPT, ref, sound(1), task="cover", ctx=ctx())


def test_what_cannot_be_done_is_said(ref: ModelRef, tmp_path: Path) -> None:
    for sentence, tune, more in (
        ("task is cover, and no audio is wired", None, {"task": "cover"}),
        ("audio is wired, and task is text", sound(1), {}),
        ("the span from 0.9 s to 0.5 s is empty", sound(1), {"task": "repaint", "start": 0.9, "end": 0.5}),
        ("end is 2, and audio lasts 1.00 s", sound(1), {"task": "repaint", "end": 2}),
        ("the whole is to last 1 s: raise seconds", sound(2), {"task": "extend", "seconds": 1}),
    ):
        with pytest.raises(ValueError, match=sentence):
            generate.ace_step(PROMPT, ref, tune, ctx=ctx(), **more)
    with pytest.raises(ValueError, match="mine is no Stable Audio"):
        generate.stable_audio(PROMPT, ref, ctx=ctx())
    (tmp_path / "ace" / "condition_encoder" / "config.json").unlink()
    with pytest.raises(LookupError, match=r"condition_encoder is not whole: config.json is missing"):
        installed.add(tmp_path / "ace", "other")
    (tmp_path / "home" / "models" / "mine" / "transformer" / "config.json").write_text('{"hidden_size": 16}')
    with pytest.raises(ValueError, match="does not fit: "):
        loaders.load(ref)


def test_the_published_size() -> None:
    """Turbo weights of 2 billion parameters are one file of 4,787,825,604 bytes in bfloat16; the XL ones, 9.97 GB."""
    with torch.device("meta"):
        conditions = AceStepConditionEncoder()
        codes = [AceStepAudioTokenizer(), AceStepAudioTokenDetokenizer()]
        small = AceStepTransformer1DModel()
        large = AceStepTransformer1DModel(
            hidden_size=2560, intermediate_size=9728, num_hidden_layers=32, num_attention_heads=32,
            encoder_hidden_size=2048,
        )  # fmt: skip

    def count(*parts: torch.nn.Module) -> int:
        return sum(p.numel() for part in parts for p in part.parameters())

    assert count(small, conditions, *codes) * 2 == pytest.approx(4_787_825_604, rel=0.001)
    assert count(large, conditions, *codes) * 2 == pytest.approx(9_974_729_651, rel=0.002)
    assert large.state_dict()["layers.31.cross_attn.to_q.weight"].shape == (4096, 2560)
