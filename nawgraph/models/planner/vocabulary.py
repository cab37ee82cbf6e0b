"""What the planner reads and writes: streams of tokens on the grid of sixteenths, pitches relative to the key.

A song of T steps is an int16 array [T, streams]. Covered are meters of 12 or 16 sixteenths a bar (`METERS`), one meter
a song. Nothing about tempo, swing or the moment-to-moment timing of a player is in the tokens: those are the grid's and
the decoder's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nawgraph.music.drums import VOICES
from nawgraph.music.lyrics import SYLLABLES
from nawgraph.values import Meter
from nawgraph.values.score import QUALITIES

Tokens = npt.NDArray[np.int16]
"""[steps, streams]"""

STEP = 240
"""Ticks of a sixteenth, the step of the grid."""

METERS: tuple[tuple[int, int], ...] = ((4, 4), (3, 4), (6, 8))
"""Meters that can be planned, (beats, unit)."""

REST, HOLD, FIRST = 0, 1, 2
"""Tokens of pitched streams: silence, the note before goes on, the lowest pitch."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One row of tokens.

    Attributes:
        name: its name.
        group: what is fixed or redone together: chords or a stem.
        size: number of tokens.
        delay: steps by which it is written later than the first streams, so that it knows them at its own step.
        low: pitch (relative to the tonic, see `centred`) of the token `FIRST`; 0 where tokens are no pitches.
    """

    name: str
    group: str
    size: int
    delay: int
    low: int = 0

    @property
    def pitched(self) -> bool:
        """Whether its tokens are rest, hold and pitches."""
        return self.low > 0


_OTHER = 72
STREAMS: tuple[Stream, ...] = (
    Stream("chord", "chords", 1 + 12 * len(QUALITIES), 0),
    Stream("kit", "drums", 256, 0),
    Stream("percussion", "drums", 128, 1),
    Stream("dynamics", "drums", 108, 2),
    Stream("bass", "bass", 50, 1, 20),
    Stream("pad", "other", _OTHER, 1, 33),
    Stream("comp", "other", _OTHER, 1, 33),
    Stream("comp 2", "other", _OTHER, 2, 33),
    Stream("comp 3", "other", _OTHER, 3, 33),
    Stream("figure", "other", _OTHER, 2, 33),
    Stream("line", "other", _OTHER, 2, 33),
    Stream("sparkle", "other", _OTHER, 3, 33),
    Stream("lead", "other", _OTHER, 3, 33),
    Stream("vocal", "vocals", 50, 1, 42),
    Stream("syllable", "vocals", 1 + len(SYLLABLES), 2),
)
COUNT = len(STREAMS)
INDEX = {stream.name: i for i, stream in enumerate(STREAMS)}
GROUPS: tuple[str, ...] = ("chords", "drums", "bass", "other", "vocals")
SIZES = tuple(stream.size for stream in STREAMS)
DELAYS = tuple(stream.delay for stream in STREAMS)
LONGEST_DELAY = max(DELAYS)
CHORDAL = ("pad", "comp", "comp 2", "comp 3")
"""Streams whose token is the top of a chord; the voices below it follow from the harmony."""

SLOT_OF_ROLE = {"pad": "pad", "comp": "comp", "arp": "figure", "riff": "figure", "line": "line", "sparkle": "sparkle",
                "lead": "lead"}  # fmt: skip
"""The stream of each role of a style's layers; a second and third comp have streams of their own."""

KIT = tuple(VOICES[name] for name in ("kick", "snare", "clap", "rim", "hat", "open", "ride", "crash"))
"""Drum voices of the bits of ``kit``, lowest first."""

TOMS = (0, VOICES["tom_low"], VOICES["tom_mid"], VOICES["tom_high"])
HANDS = (0, *(VOICES[n] for n in ("tamb", "cowbell", "conga_high", "conga_low", "claves", "triangle")), 0)
"""``percussion`` = hand + 8·tom + 32·pedal + 64·shaker; `HANDS` and `TOMS` are the first two."""

PEDAL, SHAKER = VOICES["pedal"], VOICES["shaker"]
TOPS = frozenset(VOICES[n] for n in ("hat", "open", "ride", "pedal", "shaker", "tamb", "triangle"))
"""Voices that keep time: ``dynamics`` = body + 6·tops + 36·(hits − 1), a loudness for them and one for the rest."""

LEVELS = (0, 38, 54, 70, 87, 106)
"""Velocities of the loudness levels; 0 where no such voice plays."""

LEVEL_ENDS = (46, 62, 78, 96)


def centred(tonic: int) -> int:
    """The tonic as −5 to 6, so that pitches relative to it stay in their register."""
    return tonic if tonic <= 6 else tonic - 12


def steps_a_bar(meter: Meter) -> int:
    """Sixteenths of a bar.

    Raises:
        ValueError: a meter that the planner was not made for.
    """
    if (meter.beats, meter.unit) not in METERS:
        known = ", ".join(f"{beats}/{unit}" for beats, unit in METERS)
        raise ValueError(f"the planner writes {known}, not {meter}: choose one of them, or use plan.compose")
    return meter.bar_ticks // STEP
