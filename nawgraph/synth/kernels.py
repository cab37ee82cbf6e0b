"""The compiled inner loops of all instruments. Import this module lazily: it pulls in numba.

Sound is float32 [2, frames] and is added to, so that voices need no buffers of their own. Controls
(pitch, cutoff, formants) are float64 *knots*, one every `HOP` frames, and linear in between:
``knots[..., i]`` belongs to frame ``i * HOP``, and there is one knot beyond the last frame.
Frequencies are in cycles a frame (Hz / rate).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt

from nawgraph.heavy import importing
from nawgraph.synth.wavetables import CEILING, HARMONICS, STEPS

with importing:
    from numba import njit

HOP = 32
"""Frames between two knots of a control: 0.7 ms at 44.1 kHz."""

SLACK = 0.4
"""Levels by which a pitch falls below a level's range before it changes back, so that vibrato does not flicker."""

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """`numba.njit`, cached on disk, without the GIL, and with a type."""
    return cast(F, njit(cache=True, nogil=True)(function))


@compiled
def bank(tables: F32, pitch: F64, phase: F64, gain: F32, out: F32) -> None:
    """Add unison wavetable oscillators.

    A mip-map level is chosen per hop from the higher pitch of its two knots, so that no harmonic ever
    passes `CEILING`; where the level changes the two are crossfaded over that hop.

    Args:
        tables: one wave's levels from `wavetables.tables`, [level, size + 1].
        pitch: knots of each voice, [voice, knot].
        phase: where each voice begins, in cycles, [voice].
        gain: left and right gain of each voice, [2, voice].
        out: [2, frames].
    """
    frames = out.shape[1]
    size = tables.shape[1] - 1
    top = tables.shape[0] - 1
    for voice in range(pitch.shape[0]):
        left, right, at, last = gain[0, voice], gain[1, voice], phase[voice], -1
        at -= math.floor(at)
        for knot in range((frames + HOP - 1) // HOP):
            begin = knot * HOP
            end = min(begin + HOP, frames)
            increment, following = pitch[voice, knot], pitch[voice, knot + 1]
            slope = (following - increment) / HOP
            highest = max(increment, following, 1e-9)
            wanted = STEPS * math.log2(highest * HARMONICS / CEILING)
            level = min(max(int(math.ceil(wanted)), 0), top)  # noqa: RUF046 (a float to numba)
            if last < 0 or (level < last and wanted > last - 1 - SLACK):
                level = max(level, last)
                last = level
            now, before = tables[level], tables[last]
            blend = level != last
            for i in range(begin, end):
                x = at * size
                j = int(x)
                part = np.float32(x - j)
                y = now[j] + part * (now[j + 1] - now[j])
                if blend:
                    z = before[j] + part * (before[j + 1] - before[j])
                    y = z + np.float32((i - begin) / HOP) * (y - z)
                out[0, i] += left * y
                out[1, i] += right * y
                at += increment
                increment += slope
                if at >= 1.0:
                    at -= 1.0
            last = level


@compiled
def place(sound: F32, left: float, right: float, at: int, out: F32) -> None:
    """Add a stereo sound so that its first frame falls on frame `at` of `out`; what lies outside is left out."""
    begin, end = max(at, 0), min(at + sound.shape[1], out.shape[1])
    for channel, gain in ((0, np.float32(left)), (1, np.float32(right))):
        to, source = out[channel, begin:end], sound[channel, begin - at : end - at]
        for i in range(end - begin):
            to[i] += gain * source[i]


@compiled
def svf(sound: F32, cutoff: F64, damping: F64, mode: int) -> None:
    """Filter in place with a state-variable filter whose cutoff may move at any speed.

    Topology-preserving transform of the analogue prototype: V. Zavalishin, The Art of VA Filter Design,
    2018, section 4; the arrangement of the integrators is A. Simper's.

    Args:
        sound: [channels, frames].
        cutoff: knots in cycles a frame; above 0.48 they count as that.
        damping: knots of 1/Q; 2 is two equal real poles, 0.1 rings.
        mode: 0 low-pass, 1 band-pass with unit gain at its peak, 2 high-pass.
    """
    frames = sound.shape[1]
    for channel in range(sound.shape[0]):
        s1 = s2 = 0.0
        warped = math.tan(math.pi * min(cutoff[0], 0.48))
        for knot in range((frames + HOP - 1) // HOP):
            begin = knot * HOP
            following = math.tan(math.pi * min(cutoff[knot + 1], 0.48))
            g, step = warped, (following - warped) / HOP
            k, turn = damping[knot], (damping[knot + 1] - damping[knot]) / HOP
            for i in range(begin, min(begin + HOP, frames)):
                x = sound[channel, i]
                a = 1.0 / (1.0 + g * (g + k))
                v3 = x - s2
                v1 = a * s1 + g * a * v3
                v2 = s2 + g * v1
                s1 = 2.0 * v1 - s1
                s2 = 2.0 * v2 - s2
                if mode == 0:
                    sound[channel, i] = v2
                elif mode == 1:
                    sound[channel, i] = k * v1
                else:
                    sound[channel, i] = x - k * v1 - v2
                g += step
                k += turn
            warped = following


@compiled
def modes(frequency: F64, decay: F64, phase: F64, gain: F32, out: F32) -> None:
    """Add decaying sines: the modes of a struck string, bar, bell, membrane or plate.

    Args:
        frequency: cycles a frame, [mode]; those at or above `CEILING` are left out.
        decay: time constant in frames, [mode].
        phase: cycles, [mode].
        gain: [2, mode].
        out: [2, frames].
    """
    for mode in range(frequency.shape[0]):
        if frequency[mode] >= CEILING:
            continue
        shrink = math.exp(-1.0 / decay[mode])
        turn_re = shrink * math.cos(2.0 * math.pi * frequency[mode])
        turn_im = shrink * math.sin(2.0 * math.pi * frequency[mode])
        re, im = math.cos(2.0 * math.pi * phase[mode]), math.sin(2.0 * math.pi * phase[mode])
        left, right = gain[0, mode], gain[1, mode]
        frames = min(out.shape[1], int(14.0 * decay[mode]))
        for i in range(frames):
            out[0, i] += left * np.float32(im)
            out[1, i] += right * np.float32(im)
            re, im = re * turn_re - im * turn_im, re * turn_im + im * turn_re


@compiled
def string(delay: int, allpass: float, pole: float, loop: float, pluck: F32, out: F32) -> None:
    """A plucked string as a digital waveguide loop: delay line, one-pole damping, allpass for the fraction.

    K. Karplus and A. Strong, Digital Synthesis of Plucked-String and Drum Timbres, CMJ 1983;
    D. Jaffe and J. Smith, Extensions of the Karplus-Strong Plucked-String Algorithm, CMJ 1983.

    Args:
        delay: whole frames of the delay line, at least 2.
        allpass: coefficient of the tuning allpass.
        pole: 0 to 1, how fast high partials die.
        loop: gain once around, below 1.
        pluck: excitation, [frames], shorter than `out`.
        out: [frames], overwritten.
    """
    line = np.zeros(delay, np.float64)
    at = 0
    smooth = before = turned = 0.0
    for i in range(out.shape[0]):
        smooth = (1.0 - pole) * loop * line[at] + pole * smooth
        turned = allpass * (smooth - turned) + before
        before = smooth
        y = turned + (pluck[i] if i < pluck.shape[0] else 0.0)
        line[at] = y
        out[i] = y
        at += 1
        if at == delay:
            at = 0


@compiled
def operators(pitch: F64, carrier: float, modulator: float, index: F64, gain: F64, phase: float, out: F32) -> None:
    """Add a pair of operators: a sine whose phase a second sine modulates.

    J. Chowning, The Synthesis of Complex Audio Spectra by Means of Frequency Modulation, JAES 1973.

    Args:
        pitch: knots of the note's frequency.
        carrier: frequency of the sounding sine, in multiples of the note's.
        modulator: frequency of the modulating sine, likewise.
        index: knots of the modulation index, radians.
        gain: knots of the amplitude.
        phase: cycles by which both begin late.
        out: [frames].
    """
    frames = out.shape[0]
    at = phase
    for knot in range((frames + HOP - 1) // HOP):
        begin = knot * HOP
        increment, slope = pitch[knot], (pitch[knot + 1] - pitch[knot]) / HOP
        depth, deeper = index[knot], (index[knot + 1] - index[knot]) / HOP
        level, rise = gain[knot], (gain[knot + 1] - gain[knot]) / HOP
        for i in range(begin, min(begin + HOP, frames)):
            angle = 2.0 * math.pi * at
            out[i] += np.float32(level * math.sin(carrier * angle + depth * math.sin(modulator * angle)))
            at += increment
            increment += slope
            depth += deeper
            level += rise


@compiled
def formants(source: F32, frequency: F64, bandwidth: F64, gain: F64, out: F32) -> None:
    """Add resonators in parallel, of alternating sign as in a vocal tract, whose settings move.

    Each is the digital resonator of D. Klatt, Software for a Cascade/Parallel Formant Synthesizer,
    JASA 1980, as a band-pass with unit gain at its peak.

    Args:
        source: [channels, frames].
        frequency: knots, [formant, knot].
        bandwidth: knots, cycles a frame, [formant, knot].
        gain: knots, [formant, knot].
        out: [channels, frames].
    """
    channels, frames = source.shape
    for formant in range(frequency.shape[0]):
        sign = 1.0 if formant % 2 == 0 else -1.0
        for channel in range(channels):
            s1 = s2 = 0.0
            for knot in range((frames + HOP - 1) // HOP):
                begin = knot * HOP
                g = math.tan(math.pi * min(frequency[formant, knot], 0.49))
                following = math.tan(math.pi * min(frequency[formant, knot + 1], 0.49))
                step = (following - g) / HOP
                k = bandwidth[formant, knot] / frequency[formant, knot]
                turn = (bandwidth[formant, knot + 1] / frequency[formant, knot + 1] - k) / HOP
                level = sign * gain[formant, knot]
                rise = (sign * gain[formant, knot + 1] - level) / HOP
                for i in range(begin, min(begin + HOP, frames)):
                    a = 1.0 / (1.0 + g * (g + k))
                    v3 = source[channel, i] - s2
                    v1 = a * s1 + g * a * v3
                    v2 = s2 + g * v1
                    s1 = 2.0 * v1 - s1
                    s2 = 2.0 * v2 - s2
                    out[channel, i] += np.float32(level * k * v1)
                    g += step
                    k += turn
                    level += rise
