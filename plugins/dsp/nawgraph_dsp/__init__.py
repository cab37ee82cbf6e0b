"""Effects that make a sound stranger, as nodes. Each is a plain function of arrays, tried by `tests/`."""

from typing import Annotated

import numpy as np
import numpy.typing as npt

import nawgraph as ng

Float = npt.NDArray[np.float32]
Mix = Annotated[float, ng.Range(0, 1)]

BLOCK = 1 << 16
"""Frames of sound between two looks at whether the user gave up."""


def _mixed(dry: ng.Audio, wet: npt.NDArray[np.floating], mix: float) -> ng.Audio:
    """Dry and wet sound together."""
    return ng.Audio((dry.samples * (1 - mix) + wet * mix).astype(np.float32), dry.rate)


@ng.node("dsp.bitcrush", version=2, aliases=("lo-fi", "crush", "decimate"), context=(0.1, 0.0))
def bitcrush(
    audio: ng.Audio,
    *,
    bits: Annotated[float, ng.Range(1, 16, unit="bit")] = 8.0,
    hold: Annotated[int, ng.Range(1, 64, unit="samples")] = 4,
    mix: Mix = 1.0,
) -> ng.Audio:
    """Coarsen a sound: fewer bits, and each sample held for a while, as early samplers did."""
    if audio.frames == 0:
        return audio
    held = audio.samples[:, (np.arange(audio.frames) // hold) * hold]
    half = 2.0 ** (bits - 1)
    return _mixed(audio, np.clip(np.round(held * half), -half, half - 1) / half, mix)


@ng.node("dsp.chorus", version=1, aliases=("ensemble", "detune"))
def chorus(
    audio: ng.Audio,
    *,
    voices: Annotated[int, ng.Range(1, 8)] = 3,
    speed: Annotated[float, ng.Range(0.01, 5, unit="Hz")] = 0.6,
    depth: Annotated[float, ng.Range(0, 10, unit="ms")] = 3.0,
    delay: Annotated[float, ng.Range(1, 40, unit="ms")] = 12.0,
    mix: Mix = 0.5,
    ctx: ng.Context,
) -> ng.Audio:
    """Several copies of a sound, each a little late by a time that swings: it becomes wider and softer."""
    wet = np.zeros(audio.samples.shape)
    padded = np.pad(audio.samples, ((0, 0), (1, 1)))
    blocks = range(0, audio.frames, BLOCK)
    for number in ctx.steps(len(blocks), "blocks"):  # short ones, so that a cancel is obeyed at once
        time = np.arange(blocks[number], min(blocks[number] + BLOCK, audio.frames))
        for voice in range(voices):
            swing = np.sin(2 * np.pi * (speed * time / audio.rate + voice / voices))
            at = time - (delay + depth * swing) * audio.rate / 1000
            wet[:, time[0] : time[-1] + 1] += _between_padded(padded, at)
    return _mixed(audio, wet / voices, mix)


def _between_padded(padded: Float, at: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Samples at places between frames, along a line; `padded` has one frame of silence before and after."""
    whole = np.floor(at).astype(np.int64)
    part = at - whole
    first, second = np.clip(whole + 1, 0, None), np.clip(whole + 2, 0, None)
    return padded[:, first] * (1 - part) + padded[:, second] * part


@ng.node("dsp.ring", version=1, aliases=("bell", "robot", "am"))
def ring(
    audio: ng.Audio,
    carrier: ng.Audio | None,
    *,
    frequency: Annotated[float, ng.Range(1, 10_000, unit="Hz", log=True)] = 220.0,
    mix: Mix = 1.0,
) -> ng.Audio:
    """Multiply a sound with a tone, or with another sound that is wired to `carrier`: bells and robots."""
    if carrier is None:
        wave: npt.NDArray[np.floating] = np.sin(2 * np.pi * frequency * np.arange(audio.frames) / audio.rate)
        return _mixed(audio, audio.samples * wave, mix)
    if carrier.rate != audio.rate:
        raise ValueError(f"carrier has {carrier.rate} Hz and audio {audio.rate} Hz: resample one of them")
    wave = np.zeros(audio.frames)
    count = min(audio.frames, carrier.frames)
    wave[:count] = carrier.samples[:, :count].mean(axis=0)
    return _mixed(audio, audio.samples * wave, mix)


@ng.node("dsp.granulate", version=1, aliases=("cloud", "grains", "texture"))
def granulate(
    audio: ng.Audio,
    *,
    seconds: Annotated[float, ng.Range(0.1, 600, unit="s")] = 8.0,
    grain: Annotated[float, ng.Range(5, 500, unit="ms")] = 80.0,
    density: Annotated[float, ng.Range(1, 500, unit="Hz")] = 40.0,
    spread: Annotated[float, ng.Range(0, 24, unit="st")] = 0.0,
    seed: Annotated[int, ng.Seed()] = 0,
    ctx: ng.Context,
) -> ng.Audio:
    """A cloud of short pieces from anywhere in a sound, of any length; `spread` detunes them at random."""
    if audio.frames < 2:
        raise ValueError("audio is too short to take grains from: give at least two frames")
    frames, count = round(seconds * audio.rate), max(1, round(seconds * density))
    rng = ctx.rng(seed)
    length = max(2, round(grain * audio.rate / 1000))
    window = np.hanning(length + 2)[1:-1]
    starts = np.sort(rng.integers(0, max(1, frames - length), count))
    sources, pitches = rng.uniform(0, 1, count), 2 ** (rng.uniform(-spread, spread, count) / 12)
    made = np.zeros((audio.channels, frames + length))
    for number in ctx.steps(count, "grains"):
        span = min((length - 1) * pitches[number], audio.frames - 1)
        at = sources[number] * (audio.frames - 1 - span) + np.linspace(0, span, length)
        made[:, starts[number] : starts[number] + length] += _between(audio.samples, at) * window
    return ng.Audio((made[:, :frames] / np.sqrt(max(1.0, density * grain / 1000))).astype(np.float32), audio.rate)


def _between(samples: Float, at: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Samples at places between frames, along a line."""
    whole = np.minimum(at.astype(np.int64), samples.shape[1] - 2)
    part = at - whole
    return samples[:, whole] * (1 - part) + samples[:, whole + 1] * part


@ng.node("dsp.vocoder", version=1, aliases=("talkbox", "robot voice"))
def vocoder(
    voice: ng.Audio,
    carrier: ng.Audio,
    *,
    bands: Annotated[int, ng.Range(4, 40)] = 20,
    low: Annotated[float, ng.Range(20, 1000, unit="Hz")] = 90.0,
    high: Annotated[float, ng.Range(1000, 16_000, unit="Hz")] = 8000.0,
    response: Annotated[float, ng.Range(1, 200, unit="ms")] = 15.0,
    ctx: ng.Context,
) -> ng.Audio:
    """Give a carrier (chords, noise) the words of a voice. The result is as long as the shorter of the two."""
    from scipy.signal import butter, lfilter, sosfilt

    if voice.rate != carrier.rate:
        raise ValueError(f"voice has {voice.rate} Hz and carrier {carrier.rate} Hz: resample one of them")
    frames = min(voice.frames, carrier.frames)
    if frames == 0:
        return ng.Audio(np.zeros((carrier.channels, 0), np.float32), carrier.rate)
    words = voice.samples[:, :frames].mean(axis=0)
    edges = np.geomspace(low, min(high, 0.49 * voice.rate), bands + 1)
    pole = np.exp(-1000 / (response * voice.rate))
    made = np.zeros((carrier.channels, frames))
    for number in ctx.steps(bands, "bands"):
        band = butter(2, edges[number : number + 2], "bandpass", fs=voice.rate, output="sos")
        loudness = lfilter([1 - pole], [1, -pole], np.abs(sosfilt(band, words)))
        made += sosfilt(band, carrier.samples[:, :frames], axis=1) * loudness
    return ng.Audio((made * np.sqrt(bands)).astype(np.float32), carrier.rate)
