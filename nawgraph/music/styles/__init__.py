"""The styles, each a module of data."""

from __future__ import annotations

from nawgraph.music.styles import (
    ambient,
    bossa,
    disco,
    dnb,
    dubstep,
    funk,
    hiphop,
    house,
    jazz,
    lofi,
    orchestral,
    reggae,
    rock,
    synthwave,
    techno,
    trap,
)
from nawgraph.music.styles.base import BODY, Groove, Layer, Style

__all__ = ["BODY", "STYLES", "Groove", "Layer", "Style", "style_named"]

_MODULES = (
    techno, house, dnb, dubstep, trap, lofi, hiphop, jazz, funk, rock, ambient, orchestral, synthwave, reggae, disco,
    bossa,
)  # fmt: skip

STYLES: dict[str, Style] = {module.STYLE.name: module.STYLE for module in _MODULES}
"""All styles by name."""


def style_named(name: str) -> Style:
    """The style of a name or of one of its other names.

    Raises:
        ValueError: no such style.
    """
    wanted = name.strip().lower()
    for style in STYLES.values():
        if wanted == style.name or wanted in style.words:
            return style
    raise ValueError(f"no style {name!r}; there are {', '.join(STYLES)}")
