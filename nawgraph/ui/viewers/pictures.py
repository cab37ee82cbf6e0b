"""What a drawing layer draws: five kinds of picture, in pixels from the top left of a box, without colours of a theme.

A `tint` names who something belongs to (``drums``, ``bass``, ``vocals``, ``other``, another stem's name, or nothing);
the theme has the colours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nawgraph.values.signal import Float

Size = tuple[int, int]
"""Width and height in pixels."""

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Lane:
    """One waveform in a strip of the box.

    Attributes:
        name: ``L``, ``R``, a stem's name, or nothing.
        tint: the stem, or nothing.
        top, bottom: of the strip.
        low, high: extremes a column, float32 [width], −1 to 1 (beyond it the sound clips).
        rms: root mean square a column, float32 [width], 0 to 1.
        clipped: columns that reach full scale, bool [width].
    """

    name: str
    tint: str
    top: float
    bottom: float
    low: Float
    high: Float
    rms: Float
    clipped: npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Waveform:
    """Sound over time. `span` is what is shown, in frames; `scale` the level that fills half a strip."""

    size: Size
    lanes: tuple[Lane, ...]
    span: tuple[int, int]
    rate: int
    scale: float = 1.0


@dataclass(frozen=True, eq=False)
class Image:
    """Pixels, uint8 [height, width, 4] (RGBA, opaque)."""

    size: Size
    pixels: Pixels


@dataclass(frozen=True)
class Label:
    """A name over a stretch of the box, from x to x."""

    start: float
    end: float
    text: str


@dataclass(frozen=True)
class Row:
    """A lane of the drum grid."""

    top: float
    bottom: float
    text: str


@dataclass(frozen=True, eq=False)
class Roll:
    """Notes.

    Attributes:
        boxes: float32 [notes, 4]: left, top, right, bottom.
        stems: index into `tints` of every box, uint8 [notes].
        strengths: velocity of every box, float32 [notes], 0 to 1.
        tints: stems.
        bars: x of bar lines, float32; of every bar, or every second, fourth … where they would lie too close.
        sections: the form.
        rows: lanes of drums, below the pitched notes; a name is left out where there is no room for it.
        pitches: lowest and highest of the pitched part, for a keyboard beside it.
        binned: whether boxes stand for several notes each.
    """

    size: Size
    boxes: Float
    stems: npt.NDArray[np.uint8]
    strengths: Float
    tints: tuple[str, ...]
    bars: Float
    sections: tuple[Label, ...]
    rows: tuple[Row, ...]
    pitches: tuple[int, int]
    binned: bool = False


@dataclass(frozen=True, eq=False)
class Path:
    """A line through points float32 [points, 2] (x, y)."""

    name: str
    tint: str
    points: Float


@dataclass(frozen=True, eq=False)
class Lines:
    """Curves; `low` and `high` are the values at the bottom and the top of the box."""

    size: Size
    paths: tuple[Path, ...]
    low: float
    high: float


@dataclass(frozen=True)
class Words:
    """Lines of text, most important first; the drawing layer cuts what does not fit."""

    size: Size
    lines: tuple[str, ...]


Picture = Waveform | Image | Roll | Lines | Words
