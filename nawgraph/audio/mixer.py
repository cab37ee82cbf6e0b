"""The mixer: faders, pans and sends per stem, then a bus compressor and a limiter on the sum.

Everything before the bus compressor is linear. A stem's output is its fader and pan, what its own sends
return from reverb and delay, and one gain that all stems share; so the stems add up to the mix before
the master (the pre-master) exactly, up to the rounding of float32.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from nawgraph.audio import large
from nawgraph.audio.check import signal, within
from nawgraph.audio.dynamics import Compressor, compress, limit
from nawgraph.audio.levels import from_db, mix, pan, peak, rms, to_db, to_stereo
from nawgraph.audio.loudness import integrated, true_peak
from nawgraph.audio.space import (
    Delay,
    Reverb,
    delay_process,
    delay_start,
    reverb_process,
    reverb_start,
    synced,
)
from nawgraph.values.signal import Audio, Float, Stems

TOLERANCE = 0.3
"""LU within which the search for a loudness is content."""

PASSES = 6
"""Most times that the limiter runs in that search."""

SILENT = -70.0
"""LUFS below which nothing is brought to a loudness: it would only be noise."""

_BLOCK = 1 << 16
"""Frames that go through a strip at once."""

_FADE = 0.05
"""Seconds in which the returns of the sends fade at the end, where the stems end."""


@dataclass(frozen=True)
class Channel:
    """One strip.

    Attributes:
        volume_db: fader, −120 to 24 dB; at −120 it is shut.
        pan: −1 left to 1 right.
        solo: hear this one, and others that are soloed, only.
        mute: silent, soloed or not.
        reverb: how much goes to the reverb after the fader, 0 to 1.
        delay: how much goes to the delay after the fader, 0 to 1.

    Raises:
        ValueError: a setting out of its range.
    """

    volume_db: float = 0.0
    pan: float = 0.0
    solo: bool = False
    mute: bool = False
    reverb: float = 0.0
    delay: float = 0.0

    def __post_init__(self) -> None:
        within(self.volume_db, -120, 24, "the volume", "dB")
        within(self.pan, -1, 1, "pan")
        within(self.reverb, 0, 1, "the reverb send")
        within(self.delay, 0, 1, "the delay send")


@dataclass(frozen=True)
class Master:
    """What all channels share.

    Attributes:
        reverb: the room behind the reverb sends.
        delay_beats: echoes in quarter notes (0.75: dotted eighths on one side, straight eighths on the other).
        delay_feedback: share of an echo that is repeated, 0 to 0.95.
        compressor: on the sum, None for none.
        ceiling_db: dBTP that the mix never passes, −60 to 0.
        target_lufs: integrated loudness to reach, −60 to −5, None to leave it.

    Raises:
        ValueError: a setting out of its range.
    """

    reverb: Reverb = field(default_factory=Reverb)
    delay_beats: float = 0.75
    delay_feedback: float = 0.35
    compressor: Compressor | None = field(
        default_factory=lambda: Compressor(threshold_db=-12, ratio=2, attack=0.02, release=0.2, knee_db=8)
    )
    ceiling_db: float = -1.0
    target_lufs: float | None = None

    def __post_init__(self) -> None:
        within(self.delay_beats, 0.0625, 4, "the delay", "beats")
        within(self.delay_feedback, 0, 0.95, "the delay's feedback")
        within(self.ceiling_db, -60, 0, "the ceiling", "dBTP")
        if self.target_lufs is not None:
            within(self.target_lufs, -60, -5, "the target loudness", "LUFS")


class Mixdown(NamedTuple):
    """What a mixer gives: the finished mix, the stems, and the sum of these stems before the master."""

    mix: Audio
    stems: Stems
    premaster: Audio


def mixdown(
    stems: Stems, channels: Mapping[str, Channel] | None = None, *, bpm: float = 120.0, master: Master | None = None
) -> Mixdown:
    """Mix stems.

    The shared gain only ever lowers: it keeps the largest sample of the pre-master and of every stem at or
    below the ceiling, so that both can be written to a file with whole-number samples.

    Args:
        stems: mono, stereo or surround (folded down) stems of one length.
        channels: settings by stem; stems without any get ``Channel()``.
        bpm: tempo, 20 to 999, that the delay follows.
        master: settings of sends and master.

    Returns:
        Stereo mix, stems and pre-master, all as long as what came in. A stem that is muted, or not soloed where
        another is, is silent.

    Raises:
        ValueError: settings for a stem that is not there, a tempo out of range, NaN in a stem.
    """
    master = master or Master()
    settings = dict(channels or {})
    _known(settings, stems.names)
    strips = [settings.get(name, Channel()) for name in stems.names]
    soloed = any(strip.solo for strip in strips)
    heard = [not strip.mute and (strip.solo or not soloed) for strip in strips]
    echo = _echo(within(bpm, 20, 999, "the tempo", "bpm"), master)

    def strip_of(index: int) -> Float:
        sound = signal(stems.audios[index].samples, stems.rate, f"the stem {stems.names[index]}")
        return _strip(sound, stems.rate, strips[index], heard[index], master.reverb, echo)

    with ThreadPoolExecutor() as pool:
        made = list(pool.map(strip_of, range(len(strips))))
    premaster = _summed(made, stems.rate, master.ceiling_db)
    finished = large.done(_mastered(premaster, stems.rate, master))
    outputs = Stems(stems.names, tuple(Audio(large.done(sound), stems.rate) for sound in made))
    return Mixdown(Audio(finished, stems.rate), outputs, Audio(large.done(premaster), stems.rate))


def _known(settings: Mapping[str, Channel], names: tuple[str, ...]) -> None:
    for name in settings:
        if name not in names:
            near = difflib.get_close_matches(name, names, 1)
            hint = f"; did you mean {near[0]!r}?" if near else f", only {', '.join(names)}"
            raise ValueError(f"there is no stem {name!r} to mix{hint}")


def _echo(bpm: float, master: Master) -> Delay:
    """The delay in time: its right side two thirds as long as the left, halved until it is at most 4 s."""
    left = synced(master.delay_beats, bpm)
    while left > 4:
        left /= 2
    return Delay(left=left, right=left * 2 / 3, feedback=master.delay_feedback, cross=0.3, tone=4500)


def _strip(x: Float, rate: int, channel: Channel, heard: bool, room: Reverb, echo: Delay) -> Float:
    """Fader, pan and the returns of the channel's own sends, [2, frames]. Linear in `x`."""
    frames = x.shape[1]
    made = large.zeros(2, frames)
    if not heard or channel.volume_db <= -120:
        return made
    gain, fade = np.float32(from_db(channel.volume_db)), min(round(_FADE * rate), frames)
    in_room, in_echo = reverb_start(rate, room), delay_start(rate, echo)
    for span in large.blocks(frames, _BLOCK):
        dry = pan(to_stereo(x[:, span], rate) * gain, rate, channel.pan)
        wet = np.zeros_like(dry)
        if channel.reverb:
            back, in_room = reverb_process(dry, rate, room, in_room)
            wet += back * np.float32(channel.reverb)
        if channel.delay:
            back, in_echo = delay_process(dry, rate, echo, in_echo)
            wet += back * np.float32(channel.delay)
        if span.stop > frames - fade:
            ramp = np.linspace(1, 0, fade, dtype=np.float32)[max(span.start - (frames - fade), 0) :]
            ramp = ramp[: span.stop - max(span.start, frames - fade)]
            wet[:, wet.shape[1] - len(ramp) :] *= ramp
        made[:, span] = dry + wet
    return made


def _summed(sounds: list[Float], rate: int, ceiling_db: float) -> Float:
    """The sum of all sounds, when a common gain of at most 1 has brought them, in place, and it below the ceiling."""
    total = large.zeros(2, sounds[0].shape[1])
    for span in large.blocks(total.shape[1]):
        total[:, span] = mix([sound[:, span] for sound in sounds], rate)
    top, ceiling = max(peak(sound) for sound in (*sounds, total)), from_db(ceiling_db)
    if top > ceiling:
        common = np.float32(ceiling / top)
        for span in large.blocks(total.shape[1]):
            for sound in sounds:
                sound[:, span] *= common
            total[:, span] = mix([sound[:, span] for sound in sounds], rate)
    return total


def _mastered(premaster: Float, rate: int, master: Master) -> Float:
    """Compressor, loudness and limiter."""
    x = premaster if master.compressor is None else compress(premaster, rate, master.compressor)
    if master.target_lufs is None:
        return limit(x, rate, master.ceiling_db)
    now = integrated(x, rate)
    if now < SILENT:
        return limit(x, rate, master.ceiling_db)
    return _to_loudness(x, rate, now, master.target_lufs, master.ceiling_db)


def _to_loudness(x: Float, rate: int, now: float, target: float, ceiling_db: float) -> Float:
    """The limited sound whose loudness is nearest to the target; limiting costs loudness, so the gain is sought.

    Each pass raises the gain by what the last one missed, as a secant once two passes are known.
    """
    gain = target - now
    tried: list[tuple[float, float]] = []
    best, nearest = x, math.inf
    for _ in range(PASSES):
        limited = limit(_louder(x, gain), rate, ceiling_db)
        missed = target - integrated(limited, rate)
        if abs(missed) < nearest:
            best, nearest = limited, abs(missed)
        if nearest <= TOLERANCE:
            break
        slope = 1.0
        if tried and tried[-1][0] != gain:
            slope = (tried[-1][1] - missed) / (gain - tried[-1][0])
        tried.append((gain, missed))
        gain += min(missed / max(slope, 0.15), 12.0)
    return best


def _louder(x: Float, db: float) -> Float:
    made = large.zeros(*x.shape)
    for span in large.blocks(x.shape[1]):
        np.multiply(x[:, span], np.float32(from_db(db)), out=made[:, span])
    return made


# ------------------------------------------------------------------------------------- meters


@dataclass(frozen=True)
class Meter:
    """What a channel's meters show.

    Attributes:
        peak_db: largest sample, dBFS.
        rms_db: root mean square, dBFS (a full-scale square wave shows 0).
        lufs: integrated loudness.
        true_peak_db: dBTP.
        correlation: of left and right, −1 to 1; 1 for mono, 0 for silence.

    Levels of silence are −inf.
    """

    peak_db: float
    rms_db: float
    lufs: float
    true_peak_db: float
    correlation: float


def meter(audio: Audio) -> Meter:
    """Measure a channel."""
    x = signal(audio.samples, audio.rate)
    return Meter(to_db(peak(x)), to_db(rms(x)), integrated(x, audio.rate), true_peak(x, audio.rate), correlation(x))


def correlation(x: Float) -> float:
    """Correlation of the first two channels of [channels, frames] about zero: what a phase meter shows."""
    if len(x) < 2:
        return 1.0 if peak(x) > 0 else 0.0
    left, right = x[0].astype(np.float64), x[1].astype(np.float64)
    power = math.sqrt(float(left @ left) * float(right @ right))
    return float(left @ right) / power if power > 0 else 0.0
