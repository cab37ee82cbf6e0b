"""Sound: load it, make it louder, cut it, join it, mix it."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from nawgraph.context import Context
from nawgraph.hints import Choice, File, Range, Seed
from nawgraph.node import node
from nawgraph.values import Audio

SOUND_FILES = ("wav", "flac", "ogg", "opus", "mp3", "aiff", "aif", "m4a")


@node("audio.load", title="Load sound", needs="io", aliases=("open", "import", "file"))
def load(*, file: Annotated[str, File(SOUND_FILES)] = "") -> Audio:
    """Read a sound file: WAV, FLAC, OGG, Opus, MP3, AIFF; M4A where ffmpeg is there. A changed file is read anew."""
    from nawgraph.audio.files import read

    if not file:
        raise ValueError("file is empty: choose a sound file")
    return read(file)


@node("audio.tone", title="Test tone", aliases=("sine", "noise", "oscillator"))
def tone(
    *,
    shape: Annotated[str, Choice("sine", "noise", "click")] = "sine",
    frequency: Annotated[float, Range(1, 20_000, unit="Hz", log=True)] = 440.0,
    seconds: Annotated[float, Range(0.001, 3600, unit="s")] = 1.0,
    level: Annotated[float, Range(-120, 0, unit="dB")] = -12.0,
    rate: Annotated[int, Range(8_000, 192_000, unit="Hz")] = 44_100,
    seed: Annotated[int, Seed()] = 0,
    ctx: Context,
) -> Audio:
    """A mono signal to try things with: a sine, white noise, or a click at the start of every second."""
    frames = max(1, round(seconds * rate))
    if shape == "noise":
        signal = ctx.rng(seed).uniform(-1, 1, frames)
    elif shape == "click":
        signal = (np.arange(frames) % rate == 0).astype(np.float64)
    else:
        # The phase is reduced before the sine is taken, so that an hour in it is as exact as the first second.
        signal = np.sin(2 * np.pi * (np.arange(frames) * (frequency / rate) % 1.0))
    return Audio((signal * 10 ** (level / 20)).astype(np.float32)[None], rate)


def _gain_step(chunk: Audio | None, state: Any, *, db: float) -> tuple[Audio | None, Any]:
    return (None if chunk is None else _scaled(chunk, db)), state


def _scaled(audio: Audio, db: float) -> Audio:
    return audio if db == 0 else Audio(audio.samples * np.float32(10 ** (db / 20)), audio.rate)


@node("audio.gain", title="Gain", step=_gain_step, context=(0.0, 0.0), aliases=("volume", "amplify"))
def gain(audio: Audio, *, db: Annotated[float, Range(-120, 60, unit="dB", step=0.1)] = 0.0) -> Audio:
    """Make a sound louder or softer."""
    return _scaled(audio, db)


def _highpass_step(chunk: Audio | None, state: Any, *, hz: float, q: float) -> tuple[Audio | None, Any]:
    from nawgraph.audio import filters

    if chunk is None:
        return None, state
    sections = filters.high_pass(chunk.rate, hz, q)
    rest = filters.start(sections, chunk.channels) if state is None else state
    samples, state = filters.process(chunk.samples, chunk.rate, sections, rest)
    return Audio(samples, chunk.rate), state


@node("audio.highpass", title="High pass", step=_highpass_step, aliases=("low cut", "filter", "rumble"))
def highpass(
    audio: Audio,
    *,
    hz: Annotated[float, Range(10, 20_000, unit="Hz", log=True)] = 80.0,
    q: Annotated[float, Range(0.1, 20)] = 0.7071,
) -> Audio:
    """Take away what lies below a frequency: −3 dB there, 12 dB less with every octave below."""
    from nawgraph.audio import filters

    return Audio(filters.filtered(audio.samples, audio.rate, filters.high_pass(audio.rate, hz, q)), audio.rate)


@node("audio.trim", title="Trim", aliases=("cut", "crop"))
def trim(
    audio: Audio,
    *,
    start: Annotated[float, Range(0, 86_400, unit="s")] = 0.0,
    length: Annotated[float, Range(0, 86_400, unit="s")] = 0.0,
    fade_in: Annotated[float, Range(0, 3600, unit="s")] = 0.0,
    fade_out: Annotated[float, Range(0, 3600, unit="s")] = 0.0,
) -> Audio:
    """Cut out a stretch of a sound: from `start`, `length` seconds (0: to the end), with fades."""
    from nawgraph.audio import levels

    if start >= audio.seconds > 0:
        raise ValueError(f"start is {start:g} s, but the sound ends at {audio.seconds:g} s: choose an earlier start")
    end = min(start + length, audio.seconds) if length else None
    samples = levels.trim(audio.samples, audio.rate, start, end)
    return Audio(levels.fade(samples, audio.rate, fade_in, fade_out), audio.rate)


@node("audio.concat", title="Join in a row", aliases=("concatenate", "append", "sequence"))
def concat(
    sounds: list[Audio],
    *,
    crossfade: Annotated[float, Range(0, 60, unit="s")] = 0.0,
) -> Audio:
    """Sounds one after another, in the order of the wires, with a cross-fade between them if asked."""
    from nawgraph.audio import levels

    parts = _same_rate(sounds)
    return Audio(levels.concat([p.samples for p in parts], parts[0].rate, crossfade), parts[0].rate)


@node("audio.mix", title="Mix sounds", aliases=("sum", "add"))
def mix(
    sounds: list[Audio],
    *,
    gains: list[float] = [],  # noqa: B006 - coerced to a tuple, never changed
    db: Annotated[float, Range(-120, 60, unit="dB", step=0.1)] = 0.0,
) -> Audio:
    """Sounds on top of each other: mono ones in the middle, shorter ones padded at the end.

    `gains` are decibels for each wire in order (missing ones are 0 dB), `db` the gain of the sum.
    """
    from nawgraph.audio import levels

    parts = _same_rate(sounds)
    if len(gains) > len(parts):
        raise ValueError(f"gains has {len(gains)} numbers for {len(parts)} sounds: give at most one for each")
    decibels = [db + (gains[i] if i < len(gains) else 0.0) for i in range(len(parts))]
    return Audio(levels.mix([p.samples for p in parts], parts[0].rate, decibels), parts[0].rate)


@node("audio.resample", title="Change sample rate", aliases=("convert",))
def resample(audio: Audio, *, rate: Annotated[int, Range(8_000, 192_000, unit="Hz")] = 44_100) -> Audio:
    """The same sound at another sample rate (soxr, high quality)."""
    from nawgraph.audio.resample import resample as convert

    return audio if audio.rate == rate else Audio(convert(audio.samples, audio.rate, rate), rate)


@node("audio.info", title="Measure sound", aliases=("length", "peak", "level"))
def info(audio: Audio) -> str:
    """Length, rate, channels, peak and RMS as a line of text."""
    from nawgraph.audio.levels import peak, rms, to_db

    return (
        f"{audio.seconds:.3f} s, {audio.rate} Hz, {audio.channels} channel{'s' * (audio.channels > 1)}, "
        f"peak {to_db(peak(audio.samples)):.1f} dBFS, RMS {to_db(rms(audio.samples)):.1f} dBFS"
    )


def _same_rate(sounds: list[Audio]) -> list[Audio]:
    """All sounds at the rate of the first.

    Raises:
        ValueError: there is none.
    """
    from nawgraph.audio.resample import resample as convert

    if not sounds:
        raise ValueError("nothing is connected: wire at least one sound")
    rate = sounds[0].rate
    return [s if s.rate == rate else Audio(convert(s.samples, s.rate, rate), rate) for s in sounds]
