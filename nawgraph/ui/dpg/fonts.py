"""The shipped fonts at the sizes that are asked for. The atlas is made as glyphs are needed, so any size is sharp."""

from __future__ import annotations

from importlib.resources import files

import dearpygui.dearpygui as dpg

from nawgraph.ui import theme

_LATIN = 0x24F
_ALSO = frozenset("–—‘’“”…•→←↑↓×−°¼½¾µ·€✓")


class Fonts:
    """Fonts by file name and size. Make one after the context.

    Args:
        scale: pixels a unit of the type scale.
    """

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale
        self._registry = dpg.add_font_registry()
        self.folder = files("nawgraph.ui") / "assets"
        self._made: dict[tuple[str, int], int | str] = {}

    def of(self, name: str = theme.REGULAR, size: float = theme.BODY) -> int | str:
        """Tag of a font.

        Args:
            name: one of the theme's files.
            size: in units of the type scale.
        """
        pixels = max(round(size * self.scale), 1)
        key = (name, pixels)
        if key not in self._made:
            self._made[key] = dpg.add_font(str(self.folder / name), pixels, parent=self._registry)
        return self._made[key]

    def words(self, text: str, size: float = theme.BODY, name: str = theme.REGULAR) -> int | str:
        """The font for a text: the wide one where it has signs that the others lack."""
        return self.of(name if fits(text) else theme.WIDE, size)


def fits(text: str) -> bool:
    """Whether the narrow fonts have every sign of a text."""
    return text.isascii() or all(ord(sign) <= _LATIN or sign in _ALSO for sign in text)
