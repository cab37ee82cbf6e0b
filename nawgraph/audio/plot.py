"""A chart's frame: title, axes, labels and room for the content."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nawgraph.audio import colours

if TYPE_CHECKING:
    from PIL import Image as Pillow

LEFT, RIGHT, TOP, BOTTOM = 64, 20, 34, 44
"""Margins in pixels."""

SMALL, LARGE = 12, 15
_MIN, _MAX = 200, 16_000


class Chart:
    """A picture under construction: `box` is the content's (x0, y0, x1, y1), ends excluded."""

    def __init__(self, width: int, height: int, title: str, right: int = RIGHT) -> None:
        from PIL import Image, ImageDraw

        for value, name in ((width, "width"), (height, "height")):
            if not _MIN <= value <= _MAX:
                raise ValueError(f"a picture's {name} must be between {_MIN} and {_MAX} pixels, got {value}")
        self.image: Pillow.Image = Image.new("RGB", (width, height), colours.BACKGROUND)
        self.draw = ImageDraw.Draw(self.image)
        self.box = (LEFT, TOP, width - right, height - BOTTOM)
        self.draw.rectangle((LEFT, TOP, width - right - 1, height - BOTTOM - 1), fill=colours.PANEL)
        self.text(LEFT, TOP / 2, title, "lm", LARGE)

    @property
    def width(self) -> int:
        """Of the content, in pixels."""
        return self.box[2] - self.box[0]

    @property
    def height(self) -> int:
        """Of the content, in pixels."""
        return self.box[3] - self.box[1]

    def text(self, x: float, y: float, text: str, anchor: str, size: int = SMALL) -> None:
        """Write with the anchor (Pillow's two letters) at a point."""
        self.draw.text((x, y), text, fill=colours.TEXT, font=_font(size), anchor=anchor)

    def paste(self, pixels: npt.NDArray[np.uint8], x: int, y: int) -> None:
        """Put uint8 [height, width, 3] at a point."""
        from PIL import Image

        self.image.paste(Image.fromarray(pixels), (x, y))

    def time_axis(self, seconds: float, grid: bool = True) -> None:
        """Time below the content, from 0 to `seconds`."""
        x0, y0, _, y1 = self.box
        for t in ticks(0, seconds, max(self.width // 90, 2)):
            x = x0 + round(t / seconds * (self.width - 1)) if seconds > 0 else x0
            if grid:
                self.draw.line((x, y0, x, y1 - 1), fill=colours.GRID)
            self.draw.line((x, y1, x, y1 + 4), fill=colours.TEXT)
            self.text(x, y1 + 8, clock(t, seconds), "mt")
        self.text(x0 + self.width / 2, y1 + 40, "time in seconds" if seconds < 120 else "time in min:s", "mb")

    def marks(self, labels: Iterable[tuple[float, str]], grid: bool = True) -> None:
        """Labels left of the content at heights in pixels from its top."""
        x0, y0, x1, _ = self.box
        for y, label in labels:
            at = y0 + round(y)
            if grid:
                self.draw.line((x0, at, x1 - 1, at), fill=colours.GRID)
            self.draw.line((x0 - 4, at, x0 - 1, at), fill=colours.TEXT)
            self.text(x0 - 8, at, label, "rm")

    def scale(self, labels: Sequence[str]) -> None:
        """A bar of the colour map right of the content, its labels evenly spaced from top to bottom."""
        _, y0, x1, y1 = self.box
        bar = colours.ember()[np.linspace(255, 0, y1 - y0).round().astype(int)]
        self.paste(np.repeat(bar[:, None], 12, axis=1), x1 + 12, y0)
        for i, label in enumerate(labels):
            self.text(x1 + 30, y0 + (y1 - y0 - 1) * i / max(len(labels) - 1, 1), label, "lm")


def png(image: Pillow.Image) -> bytes:
    """The picture as a PNG file's bytes; equal pictures give equal bytes."""
    out = io.BytesIO()
    image.save(out, "PNG", optimize=False, compress_level=6)
    return out.getvalue()


def ticks(low: float, high: float, most: int) -> list[float]:
    """Round values between two, at most about `most`: steps of 1, 2 or 5 times a power of ten; minutes from 60 on."""
    if not high > low:
        return [low]
    wanted = (high - low) / most
    size = 10.0 ** math.floor(math.log10(wanted))
    steps: list[float] = (
        [size, 2 * size, 5 * size, 10 * size] if high < 120 else [1, 2, 5, 10, 15, 30, 60, 120, 300, 600]
    )
    step = next((s for s in steps if s >= wanted), 3600 * math.ceil(wanted / 3600))
    return [k * step for k in range(math.ceil(low / step), math.floor(high / step + 1e-9) + 1)]


def clock(t: float, total: float) -> str:
    """A time as seconds, or as minutes and seconds where the whole is two minutes and more."""
    if total >= 120:
        return f"{int(t) // 60}:{int(t) % 60:02d}"
    return f"{t:.6f}".rstrip("0").rstrip(".")


def _font(size: int) -> Any:
    from PIL import ImageFont

    return ImageFont.load_default(size)
