"""Drawing in pixels at a zoom: text in the right font, rounded boxes, dots."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import dearpygui.dearpygui as dpg

from nawgraph.ui import theme
from nawgraph.ui.dpg.fonts import Fonts, fits
from nawgraph.ui.theme import Colour

Tag = int | str


class Ink:
    """Draws into a parent. All measures in canvas units, multiplied by `zoom`."""

    def __init__(self, fonts: Fonts) -> None:
        self._fonts = fonts
        self.scale = fonts.scale

    def text(
        self,
        parent: Tag,
        x: float,
        y: float,
        words: str,
        size: float,
        colour: Colour,
        zoom: float,
        font: str = theme.REGULAR,
    ) -> None:
        """Words with their upper left corner at (x, y); nothing where they would be too small to read."""
        pixels = size * zoom
        if pixels < 4.5 or not words:
            return
        tag = dpg.draw_text((x * zoom, y * zoom), words, size=pixels, color=colour, parent=parent)
        name = font if fits(words) else theme.WIDE
        dpg.bind_item_font(tag, self._fonts.of(name, pixels / self._fonts.scale))

    def width(self, words: str, size: float, font: str = theme.REGULAR) -> float:
        """How wide words are, in the unit of their size."""
        return _width(str(self._fonts.folder / (font if fits(words) else theme.WIDE)), words) * size

    def fitted(self, words: str, size: float, room: float, font: str = theme.REGULAR) -> str:
        """Words cut off with … where they are too wide."""
        if self.width(words, size, font) <= room:
            return words
        low, high = 0, len(words)
        while low < high:
            middle = (low + high + 1) // 2
            if self.width(words[:middle] + "…", size, font) <= room:
                low = middle
            else:
                high = middle - 1
        return words[:low] + "…" if low else ""

    def lines(self, words: str, size: float, room: float) -> Iterator[str]:
        """A text broken between words into lines that fit; a word that is wider alone is cut off."""
        for paragraph in words.split("\n"):
            line = ""
            for word in paragraph.split(" "):
                wider = f"{line} {word}".strip()
                if line and self.width(wider, size) > room:
                    yield self.fitted(line, size, room)
                    wider = word
                line = wider
            yield self.fitted(line, size, room)

    def box(
        self, parent: Tag, rect: tuple[float, float, float, float], zoom: float, fill: Colour | None = None,
        line: Colour | None = None, *, rounding: float = 0.0, thickness: float = 1.0,
    ) -> None:  # fmt: skip
        """A rectangle, filled or outlined."""
        left, top, right, bottom = (v * zoom for v in rect)
        options: dict[str, Any] = {"rounding": rounding * zoom, "parent": parent, "thickness": thickness}
        options["color"] = line if line is not None else (0, 0, 0, 0)
        if fill is not None:
            options["fill"] = fill
        dpg.draw_rectangle((left, top), (right, bottom), **options)


@lru_cache(maxsize=16384)
def _width(path: str, words: str) -> float:
    """Width of words at size 1: the toolkit counts a size from the highest ascender to the lowest descender."""
    font = _measure(path)
    ascent, descent = font.getmetrics()
    return float(font.getlength(words) / (ascent + descent))


@lru_cache(maxsize=8)
def _measure(path: str) -> Any:
    from PIL import ImageFont

    return ImageFont.truetype(path, 100)
