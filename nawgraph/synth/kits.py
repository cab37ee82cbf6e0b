"""Drum kits: which drum answers to which General MIDI percussion number, style by style."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from nawgraph.heavy import importing
from nawgraph.synth.cymbals import Cymbal, Hat, Shaker
from nawgraph.synth.drums import Clap, Drum, Kick, Membrane, Snare, Stick, band
from nawgraph.synth.envelopes import faded
from nawgraph.synth.instrument import CHOKE, LAYERS, Desk, Phrase, Tone

F32 = npt.NDArray[np.float32]

KICKS, HATS = (35, 36), (42, 44, 46)

STAND_IN = {
    27: 39, 28: 37, 29: 82, 30: 82, 31: 37, 32: 37, 33: 37, 34: 53, 35: 36, 40: 38, 43: 41, 44: 42, 47: 45, 50: 48,
    52: 49, 53: 51, 55: 49, 57: 49, 58: 56, 59: 51, 61: 60, 62: 60, 63: 60, 64: 61, 65: 60, 66: 61, 67: 56, 68: 56,
    69: 82, 70: 82, 71: 75, 72: 75, 73: 82, 74: 82, 76: 75, 77: 75, 78: 60, 79: 60, 80: 81, 83: 54, 84: 54,
    85: 75, 86: 41, 87: 36,
}  # fmt: skip
"""What plays a percussion number that a kit has no drum for."""

VARIANTS = 3
"""Takes of every drum, so that no two strokes in a row are the same."""


@dataclass(frozen=True)
class Kit:
    """A kit.

    Attributes:
        drums: by percussion number.
        level: dB beside the other instruments.
        room: level of a room around all drums but the kick, 0 dry.
        room_size: seconds for 60 dB of the room.
        low_pass: Hz above which the recording is dull.
        drive: gain into soft clipping, 1 clean.
    """

    drums: tuple[tuple[int, Drum], ...]
    level: float = 0.0
    room: float = 0.0
    room_size: float = 0.3
    low_pass: float = 20_000.0
    drive: float = 1.0

    def tail(self, rate: int) -> int:
        """The longest drum is a cymbal swell of 5 s."""
        return 6 * rate

    def phrases(self, tones: Sequence[Tone], rate: int) -> list[Phrase]:
        """Each stroke alone; a hi-hat stops the open one, a kick the kick before."""
        fade = round(CHOKE * rate)
        made: list[Phrase] = []
        following: dict[str, int] = {}
        for tone in reversed(tones):
            group = "hat" if tone.pitch in HATS else "kick" if tone.pitch in KICKS else ""
            after = following.get(group)
            stop = None if after is None or after <= tone.start else after + fade
            made.append(Phrase((tone,), stop))
            if group:
                following[group] = tone.start
        return made[::-1]

    def play(self, phrase: Phrase, desk: Desk) -> F32:
        tone = phrase.tones[0]
        pitch = self._resolve(tone.pitch)
        if pitch is None:
            return np.zeros((2, 0), np.float32)
        take = (pitch, tone.layer // 2, tone.index % VARIANTS)
        hit = desk.recall_whole(take, lambda: self._hit(pitch, take[1] * 2, desk, take))
        return hit * np.float32(tone.gain)

    def _resolve(self, pitch: int) -> int | None:
        """The number whose drum plays `pitch`, None where nothing does."""
        have = {number for number, _ in self.drums}
        for _ in range(4):
            if pitch in have:
                return pitch
            if pitch not in STAND_IN:
                return None
            pitch = STAND_IN[pitch]
        return None

    def _hit(self, pitch: int, layer: int, desk: Desk, take: tuple[int, ...]) -> F32:
        rng = desk.rng("drum", *take)
        dry = dict(self.drums)[pitch].hit((layer + 2) / LAYERS, desk.rate, rng).astype(np.float64)
        if self.drive > 1:
            dry = np.tanh(self.drive * dry) / self.drive**0.6
        if self.room and pitch not in KICKS:
            dry = _in_room(dry, self.room, self.room_size, desk)
        dry = band(dry, 18, self.low_pass, desk.rate)
        tail = min(dry.shape[1], desk.rate // 50)
        return faded(dry.astype(np.float32)[:, : dry.shape[1] - 1], dry.shape[1] - 2, tail)


def _in_room(dry: npt.NDArray[np.float64], level: float, size: float, desk: Desk) -> npt.NDArray[np.float64]:
    """A small room: stereo noise that decays, convolved once per drum and take."""
    with importing:
        from scipy.signal import fftconvolve

    rate = desk.rate
    frames = round(size * rate)
    noise = desk.rng("room").standard_normal((2, frames))
    shape = np.exp(-6.9 * np.arange(frames) / frames) * (np.arange(frames) > 0.004 * rate)
    answer = band(noise * shape, 180, 7_500, rate)
    answer *= level / np.sqrt(np.sum(answer**2, axis=1, keepdims=True))
    wet = fftconvolve(dry, answer, axes=1)
    wet[:, : dry.shape[1]] += dry
    return np.asarray(wet)


def _kit(base: Mapping[int, Drum], level: float, changes: Mapping[int, Drum], **settings: float) -> Kit:
    return Kit(tuple(sorted({**base, **changes}.items())), level, **settings)


def _toms(low: float, ratio: float = 1.22, **settings: float) -> dict[int, Drum]:
    """Toms at 41, 45, 48 and 50 from low to high, right to left."""
    return {
        number: replace(Membrane(**settings), pitch=low * ratio**step, pan=0.35 - 0.22 * step)  # type: ignore[arg-type]
        for step, number in enumerate((41, 45, 48, 50))
    }


MACHINE: dict[int, Drum] = {
    36: Kick(),
    37: Stick(),
    38: Snare(),
    39: Clap(),
    42: Hat(),
    44: Hat(decay=0.07, level=0.26),
    46: Hat(decay=0.55, level=0.27),
    **_toms(82.0, decay=0.5, bend=0.5, skin=0.08),
    49: Cymbal(),
    51: Cymbal(decay=1.6, low=700, wash=0.28, ping=0.5, bell=0.7, level=0.3, pan=0.3),
    53: Cymbal(decay=1.4, low=560, wash=0.12, ping=0.5, bell=1.8, level=0.3, pan=0.3),
    54: Shaker(decay=0.16, attack=0.003, jingle=0.9),
    56: Stick(tones=(800.0, 540.0), decay=0.22, noise=0.1, level=0.3, pan=0.2),
    60: Membrane(pitch=330, decay=0.25, bend=0.1, level=0.4, pan=-0.3),
    61: Membrane(pitch=220, decay=0.3, bend=0.1, level=0.4, pan=0.3),
    75: Stick(tones=(2500.0, 1240.0), decay=0.08, noise=0.1, level=0.3),
    81: Stick(tones=(4_980.0, 7_230.0, 10_400.0), decay=1.1, noise=0.05, level=0.16, pan=-0.25),
    82: Shaker(),
}
"""A drum machine: the sounds that a kit has when it does not say otherwise."""

ACOUSTIC: dict[int, Drum] = {
    **MACHINE,
    36: Kick(start=150, end=58, sweep=0.018, decay=0.34, click=0.35, knock=2600, drive=1.1, level=0.85),
    38: Snare(tones=(196.0, 318.0, 402.0, 550.0), ring=0.3, wires=0.5, hiss=0.24, crack=0.6),
    42: Hat(decay=0.085, metal=0.3, low=5600, pitch=2.1, level=0.26),
    44: Hat(decay=0.06, metal=0.3, low=4800, pitch=2.0, level=0.2),
    46: Hat(decay=0.7, metal=0.3, low=5200, pitch=2.1, level=0.24),
    **_toms(92.0, decay=0.75, bend=0.12, skin=0.3),
}
"""A set of drums in a room."""

KITS: dict[str, Kit] = {
    "kit.techno": _kit(
        MACHINE,
        -4.4,
        {
            36: Kick(start=230, end=47, sweep=0.03, decay=0.5, click=0.3, drive=2.6, level=0.9),
            38: Snare(ring=0.12, hiss=0.2, wires=0.6),
            42: Hat(decay=0.06, low=8200, metal=0.5),
            46: Hat(decay=0.38, low=7600, level=0.3),
        },
    ),
    "kit.house": _kit(
        MACHINE,
        -3.2,
        {36: Kick(start=210, end=50, sweep=0.025, decay=0.4, click=0.35, drive=1.9, level=0.9), 39: Clap(decay=0.34)},
        room=0.12,
    ),
    "kit.dnb": _kit(
        ACOUSTIC,
        -1.2,
        {
            36: Kick(start=240, end=56, sweep=0.016, decay=0.27, click=0.5, knock=3600, drive=2.0),
            38: Snare(tones=(218.0, 364.0, 520.0), ring=0.2, wires=0.75, hiss=0.3, crack=0.9, level=0.7),
            42: Hat(decay=0.07, low=7200, metal=0.35),
        },
        room=0.18, room_size=0.22, drive=1.25,
    ),
    "kit.dubstep": _kit(
        MACHINE,
        -2.4,
        {
            36: Kick(start=260, end=44, sweep=0.022, decay=0.42, click=0.5, drive=3.0, level=0.92),
            38: Snare(tones=(176.0, 262.0, 420.0), ring=0.34, wires=0.8, low=900, hiss=0.42, crack=1.0, level=0.75),
        },
        room=0.3, room_size=0.5, drive=1.3,
    ),
    "kit.trap": _kit(
        MACHINE,
        -2.5,
        {
            36: Kick(start=150, end=42, sweep=0.045, decay=0.75, click=0.3, drive=2.2, level=0.92),
            38: Snare(tones=(205.0, 310.0), ring=0.15, wires=0.7, low=1800, hiss=0.22, crack=0.9),
            42: Hat(decay=0.045, low=8600, metal=0.7, level=0.28),
            46: Hat(decay=0.3, low=8000, metal=0.7, level=0.26),
        },
    ),
    "kit.lofi": _kit(
        ACOUSTIC,
        2.2,
        {
            36: Kick(start=120, end=54, sweep=0.02, decay=0.3, click=0.2, knock=1500, drive=1.7),
            38: Snare(ring=0.16, wires=0.5, low=900, high=6500, hiss=0.18, crack=0.3),
            42: Hat(decay=0.06, low=4200, high=8000, metal=0.2, level=0.3),
        },
        room=0.15, low_pass=6_200.0, drive=1.6,
    ),
    "kit.hiphop": _kit(
        ACOUSTIC,
        2.1,
        {
            36: Kick(start=140, end=52, sweep=0.024, decay=0.38, click=0.35, knock=1800, drive=2.4, level=0.9),
            38: Snare(tones=(190.0, 290.0, 410.0), ring=0.2, wires=0.7, low=1100, high=9000, hiss=0.22, crack=0.8),
        },
        room=0.14, low_pass=11_000.0, drive=1.5,
    ),
    "kit.jazz": _kit(
        ACOUSTIC,
        2.2,
        {
            36: Kick(start=110, end=62, sweep=0.014, decay=0.4, click=0.15, knock=1400, drive=1.0, level=0.6),
            38: Snare(tones=(210.0, 342.0, 470.0), ring=0.34, wires=0.4, high=8000, hiss=0.3, crack=0.25, level=0.5),
            51: Cymbal(decay=2.6, low=520, wash=0.32, ping=0.55, bell=0.5, level=0.36, pan=0.35),
            44: Hat(decay=0.08, metal=0.25, low=4200, pitch=1.9, level=0.26),
            **_toms(104.0, decay=0.8, bend=0.05, skin=0.2),
        },
        room=0.22, room_size=0.45,
    ),
    "kit.funk": _kit(
        ACOUSTIC,
        0.8,
        {
            36: Kick(start=160, end=64, sweep=0.014, decay=0.24, click=0.45, knock=2600, drive=1.4),
            38: Snare(tones=(236.0, 372.0, 498.0), ring=0.2, wires=0.55, hiss=0.18, crack=0.8),
        },
        room=0.12, room_size=0.2, drive=1.15,
    ),
    "kit.rock": _kit(
        ACOUSTIC,
        0.5,
        {
            36: Kick(start=170, end=60, sweep=0.016, decay=0.34, click=0.7, knock=3400, drive=1.5, level=0.88),
            38: Snare(tones=(188.0, 306.0, 420.0, 580.0), ring=0.3, wires=0.65, hiss=0.32, crack=0.9, level=0.72),
            49: Cymbal(decay=3.0, wash=0.85, level=0.42, pan=-0.35),
            57: Cymbal(decay=2.7, low=520, wash=0.85, level=0.42, pan=0.35),
        },
        room=0.3, room_size=0.6, drive=1.2,
    ),
    "kit.ambient": _kit(
        MACHINE,
        5.4,
        {
            36: Kick(start=90, end=44, sweep=0.04, decay=0.7, click=0.04, drive=1.0, level=0.6),
            38: Snare(ring=0.2, wires=0.3, low=2200, hiss=0.5, crack=0.1, level=0.35),
            42: Hat(decay=0.05, metal=0.2, level=0.16),
            49: Cymbal(decay=3.0, swell=1.6, wash=0.8, level=0.3),
        },
        room=0.6, room_size=1.6, low_pass=9_000.0,
    ),
    "kit.orchestral": _kit(
        ACOUSTIC,
        -1.7,
        {
            36: Membrane(pitch=44, ratios=(1.0, 1.6, 2.2, 2.7, 3.3), decay=1.6, bend=0.08, skin=0.12, level=0.95),
            38: Snare(tones=(204.0, 330.0), ring=0.14, wires=0.8, low=1800, hiss=0.34, crack=0.4, level=0.5),
            49: Cymbal(decay=3.4, low=380, wash=1.0, level=0.45),
            52: Cymbal(decay=2.8, swell=2.0, wash=0.9, level=0.4),
            **{
                number: Membrane(
                    pitch, (1.0, 1.5, 1.98, 2.44, 2.9), decay=1.9, bend=0.02, skin=0.12, level=0.75, pan=-0.2
                )
                for number, pitch in ((41, 73.4), (43, 82.4), (45, 98.0), (47, 110.0), (48, 130.8), (50, 146.8))
            },
        },
        room=0.45, room_size=1.4,
    ),
    "kit.synthwave": _kit(
        MACHINE,
        -3.4,
        {
            36: Kick(start=200, end=52, sweep=0.02, decay=0.36, click=0.5, drive=1.9),
            38: Snare(tones=(180.0, 276.0), ring=0.3, wires=0.8, low=900, hiss=0.5, crack=0.8, level=0.72),
            **_toms(78.0, decay=0.8, bend=0.6, skin=0.2),
        },
        room=0.5, room_size=0.45,
    ),
    "kit.disco": _kit(
        ACOUSTIC,
        -2.8,
        {
            36: Kick(start=170, end=58, sweep=0.016, decay=0.25, click=0.4, knock=2400, drive=1.4),
            38: Snare(tones=(208.0, 330.0, 450.0), ring=0.16, wires=0.6, hiss=0.2, crack=0.6),
            46: Hat(decay=0.4, metal=0.35, low=5800, pitch=2.1, level=0.3),
        },
        room=0.14, room_size=0.25,
    ),
}  # fmt: skip
