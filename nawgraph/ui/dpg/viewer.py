"""Pictures of results inside a node."""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatch
from typing import Any

import dearpygui.dearpygui as dpg
import numpy as np

from nawgraph.ui import theme
from nawgraph.ui.dpg.ink import Ink, Tag
from nawgraph.ui.viewers import Image, Lines, Picture, Roll, Waveform, Words, raster

Rect = tuple[float, float, float, float]

_TINTS = (theme.TYPES["Curve"], theme.TYPES["Audio"], theme.TYPES["Score"], theme.TYPES["Latents"])


class Place:
    """Where a picture is drawn: from its own pixels to those of the screen."""

    def __init__(self, ink: Ink, parent: Tag, size: tuple[int, int], rect: Rect, zoom: float, faded: bool) -> None:
        self.ink, self.parent, self.zoom = ink, parent, zoom
        self.left, self.top = rect[0] * zoom, rect[1] * zoom
        self.sx = (rect[2] - rect[0]) * zoom / size[0]
        self.sy = (rect[3] - rect[1]) * zoom / size[1]
        self.rect = rect
        self.strength = 0.4 if faded else 1.0

    def point(self, x: float, y: float) -> tuple[float, float]:
        return self.left + x * self.sx, self.top + y * self.sy

    def colour(self, colour: theme.Colour, share: float = 1.0) -> theme.Colour:
        return theme.faded(colour, self.strength * share)


def draw_picture(ink: Ink, parent: Tag, picture: Picture, rect: Rect, zoom: float, *, faded: bool = False) -> None:
    """Draw a picture into a rectangle of the node (canvas units). `faded`: it is of a run that is out of date."""
    _drawn(picture, Place(ink, parent, picture.size, rect, zoom, faded))


@singledispatch
def _drawn(picture: Any, place: Place) -> None:
    raise TypeError(f"{type(picture).__name__} is no picture")


@_drawn.register
def _(picture: Waveform, place: Place) -> None:
    _image(picture, lambda: raster.waveform(picture, lambda tint: _tint(tint, "Audio")), place)


@_drawn.register
def _(picture: Roll, place: Place) -> None:
    line = theme.GRID_STRONG[:3]
    _image(picture, lambda: raster.roll(picture, lambda tint: _tint(tint, "Score"), line), place)


def _tint(name: str, type: str) -> tuple[int, int, int]:
    red, green, blue = theme.STEMS.get(name, theme.TYPES[type])[:3]
    return red, green, blue


@_drawn.register
def _(picture: Lines, place: Place) -> None:
    for i, path in enumerate(picture.paths):
        colour = theme.STEMS.get(path.tint, _TINTS[i % len(_TINTS)])
        points = np.asarray(path.points) * (place.sx, place.sy) + (place.left, place.top)
        if len(points) > 1:
            dpg.draw_polyline(points.tolist(), color=place.colour(colour), thickness=1.4, parent=place.parent)


@_drawn.register
def _(picture: Words, place: Place) -> None:
    left, top, right, bottom = place.rect
    for i, line in enumerate(picture.lines):
        y = top + 6 + 15 * i
        if y + 13 > bottom:
            break
        words = place.ink.fitted(line, 11, right - left - 12)
        place.ink.text(place.parent, left + 6, y, words, 11, place.colour(theme.MUTED), place.zoom)


@_drawn.register
def _(picture: Image, place: Place) -> None:
    _image(picture, lambda: picture, place)


def _image(picture: Any, pixels: Callable[[], Image], place: Place) -> None:
    width, height = picture.size
    dpg.draw_image(
        _textures.of(picture, pixels),
        place.point(0, 0),
        place.point(width, height),
        color=(255, 255, 255, round(255 * place.strength)),
        parent=place.parent,
    )


class _Textures:
    """Textures of the images that were drawn last; the oldest go."""

    MOST = 200

    def __init__(self) -> None:
        self._made: dict[int, tuple[Any, Tag]] = {}
        self._registry: Tag = 0

    def of(self, picture: Any, pixels: Callable[[], Image]) -> Tag:
        """The texture of a picture, made once."""
        if not self._registry or not dpg.does_item_exist(self._registry):
            self._registry, self._made = dpg.add_texture_registry(), {}
        found = self._made.pop(id(picture), None)
        if found is None:
            width, height = picture.size
            data = (pixels().pixels.astype(np.float32) / 255).ravel()
            found = picture, dpg.add_static_texture(width, height, data, parent=self._registry)
        self._made[id(picture)] = found
        while len(self._made) > self.MOST:
            dpg.delete_item(self._made.pop(next(iter(self._made)))[1])
        return found[1]


_textures = _Textures()
