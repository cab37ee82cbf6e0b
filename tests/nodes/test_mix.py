"""The mixer as a node: its knobs reach their strips, stems add up, odd sound does no harm."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nawgraph.audio.loudness import integrated, true_peak
from nawgraph.node import spec_of
from nawgraph.nodes.mix import Mixed, meter, mixer
from nawgraph.values import STEMS, Audio, Grid, Score, Stems, Tempo

RATE = 22050
DRY = {f"{stem}_{send}": 0.0 for stem in STEMS for send in ("reverb", "delay")}


def four(seconds: float = 2.0) -> Stems:
    rng = np.random.default_rng(1)
    t = np.arange(round(seconds * RATE)) / RATE
    bursts = np.exp(-(t % 0.5) / 0.05)
    return Stems.of(
        {name: Audio((0.03 * rng.standard_normal((2, len(t))) * bursts).astype(np.float32), RATE) for name in STEMS}
    )


def rms(audio: Audio) -> float:
    return float(np.sqrt(np.mean(audio.samples.astype(np.float64) ** 2)))


def residual(mixed: Mixed) -> float:
    left = mixed.premaster.samples - np.sum([a.samples.astype(np.float64) for _, a in mixed.stems], axis=0)
    return 20 * math.log10(float(np.abs(left).max()) + 1e-12)


def test_the_mix_is_as_loud_as_asked_and_the_stems_add_up() -> None:
    mixed = mixer(four(), None, loudness=-16.0)
    assert abs(integrated(mixed.mix.samples, RATE) + 16) < 1
    assert true_peak(mixed.mix.samples, RATE) <= -1
    assert residual(mixed) < -110
    assert {audio.frames for audio in (mixed.mix, mixed.premaster, *mixed.stems.audios)} == {2 * RATE}


@pytest.mark.parametrize("stem", STEMS)
def test_every_knob_reaches_its_own_strip(stem: str) -> None:
    """One strip is changed, the other three stay as they are."""
    stems, plain = four(), mixer(four(), None, **DRY)
    changes = {
        f"{stem}_volume": lambda a: math.isclose(rms(a), 0.5 * rms(plain.stems[stem]), rel_tol=0.01),
        f"{stem}_pan": lambda a: not a.samples[0].any(),
        f"{stem}_mute": lambda a: not a.samples.any(),
        f"{stem}_reverb": lambda a: rms(a) > rms(plain.stems[stem]) * 1.005,
        f"{stem}_delay": lambda a: rms(a) > rms(plain.stems[stem]) * 1.005,
    }
    values = (-6.0206, 1.0, True, 0.5, 0.5)
    for (knob, holds), value in zip(changes.items(), values, strict=True):
        mixed = mixer(stems, None, **{**DRY, knob: value})
        assert holds(mixed.stems[stem]), knob
        assert all(np.allclose(mixed.stems[s].samples, plain.stems[s].samples) for s in STEMS if s != stem), knob
    soloed = mixer(stems, None, **{**DRY, f"{stem}_solo": True})
    assert [s for s, audio in soloed.stems if audio.samples.any()] == [stem]


def test_the_delay_follows_the_score_or_the_knob() -> None:
    click = np.zeros((2, 2 * RATE), np.float32)
    click[:, 0] = 0.5
    stems = Stems.of({"drums": Audio(click, RATE)})
    score = Score(Grid((Tempo(0, 90_000),)))
    settings = {**DRY, "drums_delay": 1.0, "delay_beats": 1.0, "feedback": 0.0}

    def echo(bpm: float, given: Score | None) -> float:
        sound = np.abs(mixer(stems, given, bpm=bpm, **settings).stems["drums"].samples[0])
        return (200 + int(sound[200:].argmax())) / RATE

    assert echo(0.0, score) == pytest.approx(60 / 90, abs=0.002)
    assert echo(0.0, None) == pytest.approx(60 / 120, abs=0.002)
    assert echo(150.0, score) == pytest.approx(60 / 150, abs=0.002)


def test_loudness_0_leaves_the_level() -> None:
    mixed = mixer(four(), None, loudness=0.0, compress=False, **DRY)
    assert np.allclose(mixed.mix.samples, mixed.premaster.samples, atol=1e-3)


@pytest.mark.parametrize(
    ("knobs", "reason"),
    [({"loudness": -3.0}, "between -60 and -5 LUFS"), ({"bpm": 5.0}, "tempo must be between 20 and 999 bpm")],
)
def test_what_no_mixer_can_do_is_refused(knobs: dict[str, float], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        mixer(four(0.5), None, **knobs)


@pytest.mark.parametrize("sound", ["silence", "DC", "nothing", "one sample"])
def test_odd_sound_comes_out_finite(sound: str) -> None:
    made = {"silence": (2, RATE, 0.0), "DC": (2, RATE, 0.5), "nothing": (2, 0, 0.0), "one sample": (1, 1, 1.0)}[sound]
    samples = np.full(made[:2], made[2], np.float32)
    mixed = mixer(Stems.of({name: Audio(samples, RATE) for name in STEMS}), None)
    assert mixed.mix.frames == samples.shape[1] and np.isfinite(mixed.mix.samples).all()
    assert sound != "silence" or not mixed.mix.samples.any()


def test_a_broken_stem_is_named_with_its_place() -> None:
    samples = np.zeros((2, RATE), np.float32)
    samples[0, RATE // 2] = np.nan
    stems = Stems.of({**dict(four(1.0)), "vocals": Audio(samples, RATE)})
    with pytest.raises(ValueError, match=r"the stem vocals is not a number or infinite at 0\.500 s"):
        mixer(stems, None)


def test_fewer_or_other_stems_are_mixed_too() -> None:
    piano = Stems.of({"piano": four()["other"], "bass": four()["bass"]})
    mixed = mixer(piano, None, bass_mute=True)
    assert mixed.stems.names == ("piano", "bass") and not mixed.stems["bass"].samples.any()
    assert mixed.stems["piano"].samples.any()


def test_the_meter_reads_what_is_there() -> None:
    t = np.arange(2 * 48_000) / 48_000
    tone = np.tile(np.sin(2 * np.pi * 997 * t), (2, 1)).astype(np.float32)
    line = meter(Audio(tone * np.float32(0.5), 48_000))
    assert line == "peak -6.0 dBFS, RMS -9.0 dBFS, -6.0 LUFS, true peak -6.0 dBTP, correlation +1.00"
    assert "-inf LUFS" in meter(Audio(np.zeros((2, 4800), np.float32), 48_000))


def test_every_strip_has_the_same_knobs() -> None:
    knobs = {knob.name for knob in spec_of(mixer).knobs}
    for name in ("volume", "pan", "mute", "solo", "reverb", "delay"):
        assert {f"{stem}_{name}" for stem in STEMS} <= knobs
