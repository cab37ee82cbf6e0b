"""What every instrument promises: in tune, no aliasing, no clicks, no DC, below full scale. All measured."""

from __future__ import annotations

import functools
from dataclasses import replace

import numpy as np
import pytest
from synth_scores import typical

from nawgraph.synth import INSTRUMENTS, Desk, Instrument, Phrase, Tone, render
from nawgraph.synth.fm import Fm
from nawgraph.synth.modal import Bars, Piano
from nawgraph.synth.plucked import Plucked
from nawgraph.synth.singer import Singer
from nawgraph.synth.subtractive import Subtractive, Unison, Vibrato
from nawgraph.values import Grid, Score

RATE = 44100
PITCHED = sorted(name for name in INSTRUMENTS if not name.startswith("kit."))
RANGES = {"bass": (28, 57), "voice.tenor": (45, 69), "voice": (57, 84), "guitar": (40, 88), "pluck.guitar": (40, 88)}


def pitches(name: str) -> np.ndarray:
    """A sweep through the instrument's range in steps that hit every part of an octave."""
    low, high = RANGES.get(name, RANGES.get(name.split(".")[0], (36, 96)))
    return np.arange(low, high + 1, 8)


def still(instrument: Instrument) -> Instrument:
    """The patch without what moves the pitch or makes noise on purpose, and with its filter as open as it gets."""
    if isinstance(instrument, Subtractive):
        opened = instrument.filter.cutoff * 2 ** max(instrument.filter.octaves, 0)
        return replace(
            instrument,
            unison=Unison(),
            noise=0.0,
            vibrato=Vibrato(),
            tremolo=0.0,
            sweep=0.0,
            envelope=replace(instrument.envelope, sustain=1.0),
            filter=replace(instrument.filter, wobble=0.0, octaves=0.0, cutoff=opened),
        )
    if isinstance(instrument, Fm):
        pairs = tuple(replace(pair, fade=0.0, decay=0.0) for pair in instrument.pairs)
        return replace(instrument, pairs=pairs, width=0.0, tremolo=0.0)
    if isinstance(instrument, Singer):
        return replace(instrument, vibrato=0.0, breath=0.0, wander=0.0, spread=0.0)
    if isinstance(instrument, Plucked):
        return replace(instrument, life=30.0, damping=0.2 * instrument.damping)
    if isinstance(instrument, Bars):
        return replace(instrument, motor=0.0)
    return instrument


@functools.cache
def sustained(instrument: Instrument, pitch: int, rate: int = RATE) -> np.ndarray:
    """One second of a note, from 0.4 s after its start, left channel."""
    tone = Tone(0, round(1.5 * rate), int(pitch), 112, beat=rate // 2)
    return instrument.play(Phrase((tone,)), Desk(rate))[0, round(0.4 * rate) : round(1.4 * rate)].astype(np.float64)


def spectrum(sound: np.ndarray) -> np.ndarray:
    """Power spectrum whose side lobes lie below −180 dB."""
    return np.abs(np.fft.rfft(sound * np.kaiser(len(sound), 22))) ** 2


def frequency_near(sound: np.ndarray, hertz: float) -> float:
    """Frequency of the strongest partial within a semitone, by parabola through the log spectrum of a padded window."""
    size = 4 * len(sound)
    power = np.log(np.abs(np.fft.rfft(sound * np.blackman(len(sound)), size)) + 1e-30)
    low, high = (round(hertz * factor * size / RATE) for factor in (0.95, 1.05))
    peak = low + int(np.argmax(power[low:high]))
    a, b, c = power[peak - 1 : peak + 2]
    return float((peak + (a - c) / (2 * (a - 2 * b + c))) * RATE / size)


@pytest.mark.parametrize("name", PITCHED)
def test_in_tune_within_3_cents_and_strings_within_2(name: str) -> None:
    instrument = still(INSTRUMENTS[name])
    limit = 2.0 if isinstance(instrument, Plucked) else 3.0
    for pitch in pitches(name):
        hertz = 440 * 2 ** ((pitch - 69) / 12)
        sound = sustained(instrument, pitch)
        if np.abs(sound).max() > 1e-5:
            assert abs(1200 * np.log2(frequency_near(sound, hertz) / hertz)) < limit, pitch


@pytest.mark.parametrize("name", [n for n in PITCHED if not isinstance(INSTRUMENTS[n], Piano | Bars | Singer)])
def test_no_energy_off_the_harmonics(name: str) -> None:
    """Whatever does not lie on a multiple of the note (of its suboctave, where the patch has one) is below −60 dB."""
    instrument = still(INSTRUMENTS[name])
    for pitch in pitches(name):
        base = 220 * 2 ** ((pitch - 69) / 12)
        power = spectrum(sustained(instrument, pitch))
        at = np.arange(len(power)) * RATE / (2 * (len(power) - 1))
        away = np.abs(at - base * np.round(at / base)) > 10
        assert np.sum(power[away & (at > 20)]) < 1e-6 * np.sum(power), pitch


@pytest.mark.parametrize("name", PITCHED)
def test_the_same_partials_at_twice_the_rate(name: str) -> None:
    """Aliases move when the rate changes; partials do not. Holds for inharmonic and detuned instruments too."""
    patch = INSTRUMENTS[name]
    quiet = replace(patch, noise=0.0) if isinstance(patch, Subtractive) else still(patch)
    for pitch in pitches(name)[1::3]:
        once, twice = spectrum(sustained(quiet, pitch)), spectrum(sustained(quiet, pitch, 2 * RATE))[: RATE // 2 + 1]
        near = np.lib.stride_tricks.sliding_window_view(np.pad(twice, 30), 61).max(axis=1)
        only_here = near < 1e-10 * twice.max()
        assert np.sum(once[only_here]) < 1e-6 * np.sum(once), pitch


@pytest.mark.parametrize("name", sorted(INSTRUMENTS))
def test_typical_parts_have_no_dc_and_stay_below_full_scale(name: str) -> None:
    part = typical(name, 1)
    sound = render(Score(Grid.of(118, 1), (part,)), tail=False)[part.stem].samples
    assert 0.03 < np.abs(sound).max() < 1.0
    assert np.abs(sound.mean(axis=1)).max() < 0.01 * np.sqrt(np.mean(sound**2)) + 2e-4


@pytest.mark.parametrize("name", sorted(INSTRUMENTS))
def test_notes_begin_and_end_in_silence(name: str) -> None:
    instrument = INSTRUMENTS[name]
    pitch = 46 if name.startswith("kit.") else int(pitches(name)[2])
    for length in (50, 3_000, 30_011):
        sound = instrument.play(Phrase((Tone(0, length, pitch, 120, syllable="a"),)), Desk(RATE))
        peak = np.abs(sound).max()
        assert np.abs(sound[:, 0]).max() <= 0.03 * peak
        assert np.abs(sound[:, -1]).max() <= 0.002 * peak
        assert sound.shape[1] <= length + instrument.tail(RATE)


@pytest.mark.parametrize("name", PITCHED)
def test_a_release_makes_no_step_beyond_the_instruments_own_slew(name: str) -> None:
    def steps(length: int) -> np.ndarray:
        tone = Tone(0, length, int(pitches(name)[2]), 120, syllable="a")
        return np.abs(np.diff(INSTRUMENTS[name].play(Phrase((tone,)), Desk(RATE)), axis=1))

    assert steps(22_050)[:, 22_000:].max() <= 1.05 * steps(60_000)[:, :55_000].max()


@pytest.mark.parametrize("name", [*PITCHED, "kit.techno", "kit.rock"])
def test_taking_a_voice_makes_no_step_beyond_the_sum_of_both_sounds(name: str) -> None:
    """The same key (an open and a closed hat) twice, the second while the first still sounds."""
    drum = name.startswith("kit.")
    pitch = 46 if drum else int(pitches(name)[2])
    tones = [Tone(0, 20_000, pitch, 120, 0, "a"), Tone(9_001, 20_000, 42 if drum else pitch, 120, 1, "a")]
    instrument = INSTRUMENTS[name]
    part = typical(name)
    phrases = instrument.phrases(tones, RATE)
    alone = [np.abs(np.diff(instrument.play(replace(p, stop=None), Desk(RATE)), axis=1)).max() for p in phrases]
    from nawgraph.synth.envelopes import faded

    out = np.zeros((2, 90_000 + 6 * RATE), np.float32)
    for phrase in phrases:
        sound = instrument.play(phrase, Desk(RATE))
        if phrase.stop is not None:
            sound = faded(sound, phrase.stop - phrase.start, round(0.006 * RATE))
        out[:, phrase.start : phrase.start + sound.shape[1]] += sound
    assert part.notes
    assert np.abs(np.diff(out, axis=1)).max() <= 1.05 * sum(alone)
