"""The mixer: linear up to the master, stems that add up, loudness and ceiling that are kept."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nawgraph.audio.loudness import integrated, true_peak
from nawgraph.audio.mixer import Channel, Master, Meter, Mixdown, meter, mixdown
from nawgraph.audio.space import Reverb
from nawgraph.values import STEMS, Audio, Stems

RATE = 22050
PLAIN = Master(compressor=None)


def four(seconds: float = 2.0, level: float = 0.2) -> Stems:
    """Four different stems: bursts, a low tone, a swelling tone, noise."""
    rng = np.random.default_rng(5)
    t = np.arange(round(seconds * RATE)) / RATE
    sounds = (
        rng.standard_normal((2, len(t))) * np.exp(-(t % 0.5) / 0.05) * 2,
        np.tile(np.sin(2 * np.pi * 55 * t), (2, 1)),
        np.stack([np.sin(2 * np.pi * 440 * t), np.sin(2 * np.pi * 441 * t)]) * np.sin(np.pi * t / t[-1]),
        rng.standard_normal((2, len(t))) * 0.4,
    )
    return Stems(STEMS, tuple(Audio((level * s).astype(np.float32), RATE) for s in sounds))


SENT = {
    "drums": Channel(-2, 0.1, reverb=0.1),
    "bass": Channel(-3),
    "vocals": Channel(1, -0.3, reverb=0.4, delay=0.3),
    "other": Channel(-6, 0.6, reverb=0.2, delay=0.1),
}


def residual(made: Mixdown) -> float:
    """What is left of the pre-master when the stems are taken away, dBFS."""
    total = np.sum([audio.samples.astype(np.float64) for _, audio in made.stems], axis=0)
    return 20 * math.log10(float(np.abs(made.premaster.samples - total).max()) + 1e-12)


@pytest.mark.parametrize("level", [0.2, 2.0])
def test_stems_add_up_to_the_premaster(level: float) -> None:
    made = mixdown(four(level=level), SENT, bpm=97)
    assert residual(made) < -120
    assert {(a.frames, a.channels) for a in (made.mix, made.premaster, *made.stems.audios)} == {(2 * RATE, 2)}


def test_they_add_up_in_24_bits_too() -> None:
    made = mixdown(four(level=3.0), SENT)
    steps = [np.rint(audio.samples.astype(np.float64) * 2**23) for _, audio in made.stems]
    assert max(np.abs(s).max() for s in steps) < 2**23
    premaster = np.rint(made.premaster.samples.astype(np.float64) * 2**23)
    assert np.abs(np.sum(steps, axis=0) - premaster).max() / 2**23 < 10 ** (-90 / 20)


def test_sends_are_linear_and_each_stems_own() -> None:
    """A stem comes out the same whether the others play or not (at a level that needs no shared gain)."""
    stems = four(level=0.05)
    alone = Stems(("vocals",), (stems["vocals"],))
    together = mixdown(stems, SENT, master=PLAIN).stems["vocals"].samples
    assert np.array_equal(mixdown(alone, {"vocals": SENT["vocals"]}, master=PLAIN).stems["vocals"].samples, together)


def test_fader_pan_mute_and_solo() -> None:
    stems = four()
    made = mixdown(stems, {"drums": Channel(-6), "bass": Channel(pan=-1), "other": Channel(mute=True)}, master=PLAIN)
    assert np.allclose(made.stems["drums"].samples, stems["drums"].samples * 10 ** (-6 / 20), atol=1e-6)
    assert not made.stems["bass"].samples[1].any()
    assert not made.stems["other"].samples.any()
    soloed = mixdown(stems, {"vocals": Channel(solo=True), "bass": Channel(solo=True, mute=True)}).stems
    assert [name for name, audio in soloed if audio.samples.any()] == ["vocals"]
    shut = mixdown(stems, {name: Channel(-120) for name in STEMS})
    assert not shut.mix.samples.any()


def test_without_settings_the_sum_passes_untouched() -> None:
    stems = four(level=0.05)
    made = mixdown(stems, master=PLAIN)
    assert np.array_equal(made.premaster.samples, sum(audio.samples for audio in stems.audios))
    assert np.array_equal(made.mix.samples, made.premaster.samples)


@pytest.mark.parametrize(("bpm", "beats", "seconds"), [(120, 0.75, 0.375), (90, 0.5, 1 / 3), (20, 4, 3.0)])
def test_the_delay_follows_the_tempo(bpm: float, beats: float, seconds: float) -> None:
    click = np.zeros((2, 4 * RATE), np.float32)
    click[:, 0] = 0.5
    stems = Stems(("other",), (Audio(click, RATE),))
    master = Master(compressor=None, delay_beats=beats, delay_feedback=0.0)
    wet = mixdown(stems, {"other": Channel(delay=1.0)}, bpm=bpm, master=master).stems["other"].samples.copy()
    wet[:, 0] = 0
    assert abs(int(np.argmax(np.abs(wet[0]))) - seconds * RATE) <= 1


def test_returns_end_with_the_stems() -> None:
    made = mixdown(four(), SENT, master=Master(compressor=None, reverb=Reverb(decay=8)))
    dry = mixdown(four(), {name: Channel(c.volume_db, c.pan) for name, c in SENT.items()}, master=PLAIN)
    wet = made.stems["vocals"].samples - dry.stems["vocals"].samples
    assert np.abs(wet[:, RATE : RATE + 2000]).max() > 0.01
    assert np.abs(wet[:, -1]).max() < 1e-6


@settings(max_examples=6, deadline=None)
@given(target=st.floats(-30, -10), level=st.floats(0.02, 2.0))
def test_loudness_and_ceiling(target: float, level: float) -> None:
    mix = mixdown(four(level=level), SENT, master=Master(target_lufs=target)).mix
    assert abs(integrated(mix.samples, RATE) - target) < 1
    assert true_peak(mix.samples, RATE) <= -1


def test_the_ceiling_holds_without_a_target() -> None:
    made = mixdown(four(level=4.0), SENT, master=Master(ceiling_db=-3))
    assert true_peak(made.mix.samples, RATE) <= -3
    assert max(np.abs(audio.samples).max() for _, audio in made.stems) <= 10 ** (-3 / 20) + 1e-6


def test_silence_stays_silent() -> None:
    silent = Stems.of({"drums": Audio(np.zeros((2, RATE), np.float32), RATE)})
    assert not mixdown(silent, master=Master(target_lufs=-14)).mix.samples.any()
    assert meter(silent["drums"]) == Meter(-math.inf, -math.inf, -math.inf, -math.inf, 0.0)


def test_mono_and_surround_stems_come_out_stereo() -> None:
    sound = four().audios[3].samples[:1]
    stems = Stems(("mono", "wide"), (Audio(sound, RATE), Audio(np.repeat(sound, 6, axis=0), RATE)))
    assert {audio.channels for _, audio in mixdown(stems).stems} == {2}


def test_meters() -> None:
    t = np.arange(RATE * 3) / RATE
    sine = np.sin(2 * np.pi * 997 * t).astype(np.float32)
    shown = meter(Audio(np.stack([sine, sine]), RATE))
    assert shown.peak_db == pytest.approx(0, abs=0.01)
    assert shown.rms_db == pytest.approx(-3.01, abs=0.01)
    assert shown.lufs == pytest.approx(0, abs=0.1)
    assert shown.true_peak_db == pytest.approx(0, abs=0.1)
    assert shown.correlation == pytest.approx(1)
    assert meter(Audio(np.stack([sine, -sine]), RATE)).correlation == pytest.approx(-1)
    assert meter(Audio(sine[None], RATE)).correlation == 1.0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: mixdown(four(0.1), {"drum": Channel()}), "no stem 'drum' to mix; did you mean 'drums'"),
        (lambda: mixdown(four(0.1), bpm=5), "the tempo must be between 20 and 999 bpm"),
        (lambda: Channel(volume_db=40), "the volume must be between"),
        (lambda: Channel(pan=2), "pan must be between"),
        (lambda: Channel(reverb=1.5), "the reverb send must be"),
        (lambda: Master(ceiling_db=1), "the ceiling must be"),
        (lambda: Master(target_lufs=0), "the target loudness must be"),
        (lambda: mixdown(Stems.of({"x": Audio(np.full((2, 9), np.nan), RATE)})), "the stem x is not a number"),
    ],
)
def test_bad_settings_are_named(make: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()  # type: ignore[operator]
