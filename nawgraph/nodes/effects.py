"""Effects: equaliser, compressor, limiter, reverb, delay, time and pitch."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from nawgraph.hints import Choice, Range
from nawgraph.node import node
from nawgraph.values import Audio, Score

Decibels = Annotated[float, Range(-24, 24, unit="dB", step=0.1)]
Hertz = Annotated[float, Range(10, 20_000, unit="Hz", log=True)]
Mix = Annotated[float, Range(0, 1)]


@node("effect.eq", title="Equaliser", aliases=("eq", "filter", "tone"))
def eq(
    audio: Audio,
    *,
    low: Decibels = 0.0,
    low_hz: Hertz = 120.0,
    mid: Decibels = 0.0,
    mid_hz: Hertz = 1000.0,
    mid_q: Annotated[float, Range(0.1, 20)] = 1.0,
    high: Decibels = 0.0,
    high_hz: Hertz = 8000.0,
) -> Audio:
    """Raise or lower the lows (shelf), one band in the middle (bell) and the highs (shelf)."""
    from nawgraph.audio import filters

    rate = audio.rate
    bands = [
        filters.low_shelf(rate, low_hz, low) if low else None,
        filters.peaking(rate, mid_hz, mid, mid_q) if mid else None,
        filters.high_shelf(rate, min(high_hz, rate * 0.45), high) if high else None,
    ]
    wanted = [band for band in bands if band is not None]
    return Audio(filters.filtered(audio.samples, rate, filters.cascade(*wanted)), rate) if wanted else audio


@node("effect.filter", title="Filter", aliases=("low pass", "band pass", "notch", "cutoff"))
def filter_(
    audio: Audio,
    *,
    shape: Annotated[str, Choice("low pass", "high pass", "band pass", "notch")] = "low pass",
    frequency: Hertz = 1000.0,
    q: Annotated[float, Range(0.1, 50)] = 0.707,
) -> Audio:
    """Let through what lies below, above or around a frequency (12 dB an octave)."""
    from nawgraph.audio import filters

    makers = {
        "low pass": filters.low_pass,
        "high pass": filters.high_pass,
        "band pass": filters.band_pass,
        "notch": filters.notch,
    }
    if frequency >= audio.rate / 2:
        raise ValueError(
            f"frequency {frequency:g} Hz lies above half the sample rate ({audio.rate / 2:g} Hz): lower it"
        )
    return Audio(filters.filtered(audio.samples, audio.rate, makers[shape](audio.rate, frequency, q)), audio.rate)


@node("effect.compress", title="Compressor", aliases=("dynamics", "sidechain", "duck"))
def compress(
    audio: Audio,
    sidechain: Audio | None,
    *,
    threshold: Annotated[float, Range(-80, 0, unit="dB")] = -18.0,
    ratio: Annotated[float, Range(1, 50)] = 3.0,
    attack: Annotated[float, Range(0, 1, unit="s")] = 0.01,
    release: Annotated[float, Range(0.001, 5, unit="s")] = 0.15,
    knee: Annotated[float, Range(0, 24, unit="dB")] = 6.0,
    makeup: Annotated[float, Range(-24, 24, unit="dB")] = 0.0,
) -> Audio:
    """Lower what is louder than the threshold; a sidechain decides instead of the sound itself (ducking)."""
    from nawgraph.audio import dynamics
    from nawgraph.audio.resample import fit, resample

    settings = dynamics.Compressor(threshold, ratio, attack, release, knee, makeup)
    key = None
    if sidechain is not None:
        key = fit(resample(sidechain.samples, sidechain.rate, audio.rate), audio.frames)
    return Audio(dynamics.compress(audio.samples, audio.rate, settings, key), audio.rate)


@node("effect.limit", title="True-peak limiter", aliases=("limiter", "maximiser", "ceiling"))
def limit(audio: Audio, *, ceiling: Annotated[float, Range(-60, 0, unit="dBTP")] = -1.0) -> Audio:
    """Keep the true peak (ITU-R BS.1770, 4x oversampled) at or below the ceiling."""
    from nawgraph.audio import dynamics

    return Audio(dynamics.limit(audio.samples, audio.rate, ceiling), audio.rate)


@node("effect.reverb", title="Reverb", aliases=("room", "hall", "space"))
def reverb(
    audio: Audio,
    *,
    decay: Annotated[float, Range(0.1, 20, unit="s")] = 1.8,
    size: Annotated[float, Range(0.25, 2)] = 1.0,
    damping: Mix = 0.5,
    predelay: Annotated[float, Range(0, 0.5, unit="s")] = 0.015,
    mix: Mix = 0.25,
    tail: Annotated[float, Range(0, 20, unit="s")] = 2.0,
) -> Audio:
    """Put a sound into a room; the result is stereo and `tail` seconds longer."""
    from nawgraph.audio import space
    from nawgraph.audio.levels import to_stereo
    from nawgraph.audio.resample import fit

    wet = space.reverb(audio.samples, audio.rate, space.Reverb(decay, size, damping, predelay), tail)
    dry = fit(to_stereo(audio.samples, audio.rate), wet.shape[1])
    return Audio(dry * (1 - mix) + wet * mix, audio.rate)


@node("effect.delay", title="Delay", aliases=("echo", "ping pong"))
def delay(
    audio: Audio,
    score: Score | None,
    *,
    beats: Annotated[float, Range(0.0625, 4, unit="beats")] = 0.75,
    bpm: Annotated[float, Range(0, 999, unit="bpm")] = 0.0,
    feedback: Annotated[float, Range(0, 0.95)] = 0.35,
    cross: Mix = 0.3,
    mix: Mix = 0.25,
    tail: Annotated[float, Range(0, 20, unit="s")] = 2.0,
) -> Audio:
    """Echoes in time with the music; `bpm` 0 takes the score's tempo (120 without one). Stereo, `tail` longer."""
    from nawgraph.audio import space
    from nawgraph.audio.levels import to_stereo
    from nawgraph.audio.resample import fit

    seconds = space.synced(beats, bpm or (score.grid.tempi[0].bpm if score else 120.0))
    if seconds > 4:
        raise ValueError(f"the delay would be {seconds:.1f} s long, at most 4 s are possible: choose fewer beats")
    settings = space.Delay(left=seconds, right=seconds * 2 / 3, feedback=feedback, cross=cross)
    wet = space.delay(audio.samples, audio.rate, settings, tail)
    dry = fit(to_stereo(audio.samples, audio.rate), wet.shape[1])
    return Audio(dry + wet * mix, audio.rate)


@node("effect.stretch", title="Time-stretch", aliases=("tempo", "speed", "warp"))
def stretch(audio: Audio, *, factor: Annotated[float, Range(0.25, 4)] = 1.0) -> Audio:
    """Make a sound `factor` times as long at the same pitch."""
    from nawgraph.audio.stretch import time_stretch

    return audio if factor == 1 else Audio(time_stretch(audio.samples, audio.rate, factor), audio.rate)


@node("effect.pitch", title="Pitch-shift", aliases=("transpose", "semitones"))
def pitch(audio: Audio, *, semitones: Annotated[float, Range(-24, 24, unit="st")] = 0.0) -> Audio:
    """Move a sound up or down at the same length."""
    from nawgraph.audio.stretch import pitch_shift

    return audio if semitones == 0 else Audio(pitch_shift(audio.samples, audio.rate, semitones), audio.rate)


@node("effect.normalise", title="Normalise", aliases=("normalize", "loudness", "LUFS"))
def normalise(
    audio: Audio,
    *,
    to: Annotated[str, Choice("peak", "loudness")] = "peak",
    level: Annotated[float, Range(-60, 0, unit="dB")] = -1.0,
) -> Audio:
    """Bring the highest sample to `level` dBFS, or the integrated loudness to `level` LUFS. Silence stays silent."""
    from nawgraph.audio.levels import from_db
    from nawgraph.audio.levels import normalise as to_peak
    from nawgraph.audio.loudness import integrated

    if to == "peak":
        return Audio(to_peak(audio.samples, audio.rate, level), audio.rate)
    now = integrated(audio.samples, audio.rate)
    return audio if now < -70 else Audio(audio.samples * np.float32(from_db(level - now)), audio.rate)
