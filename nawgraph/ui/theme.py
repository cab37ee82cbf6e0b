"""The look, as data: colours, one type scale, one spacing. No toolkit.

Dark, quiet surfaces; colour is kept for what it means: the type on a wire, a stem, a state.
"""

from __future__ import annotations

from nawgraph.types import Type

Colour = tuple[int, int, int, int]


def rgb(text: str, alpha: int = 255) -> Colour:
    """``#rrggbb`` as a colour with alpha 0–255."""
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16), alpha


def faded(colour: Colour, alpha: float) -> Colour:
    """The colour at a share of its own alpha."""
    return (*colour[:3], round(colour[3] * alpha))


def mixed(a: Colour, b: Colour, share: float) -> Colour:
    """`a` with so much (0–1) of `b` in it."""
    return tuple(round(x + (y - x) * share) for x, y in zip(a, b, strict=True))  # type: ignore[return-value]


# Surfaces, from the back to the front.
CANVAS = rgb("#14161b")
GRID = rgb("#1b1e25")
GRID_STRONG = rgb("#20242d")
PANEL = rgb("#1b1e26")
RAISED = rgb("#252a34")
NODE = rgb("#22262f")
FIELD = rgb("#171a20")
HOVER = rgb("#2e3541")
LINE = rgb("#343b48")
OUTLINE = rgb("#0c0d11")

# Words.
TEXT = rgb("#e8ebf0")
MUTED = rgb("#98a1b0")
FAINT = rgb("#646e7e")

# What it means.
ACCENT = rgb("#5b9cff")
SELECTED = rgb("#ffffff")
FOCUS = rgb("#8fbcff")
OK = rgb("#3ecf8e")
CACHED = rgb("#2bb3c0")
RUNNING = rgb("#5b9cff")
WAITING = rgb("#8b93a7")
DIRTY = rgb("#e0a83e")
WARNING = rgb("#f0a53a")
ERROR = rgb("#ff5d62")

STEMS = {"drums": rgb("#f2555a"), "bass": rgb("#f5a623"), "vocals": rgb("#56b6f7"), "other": rgb("#a678f0")}

STATES: dict[str, Colour] = {
    "": FAINT,
    "dirty": DIRTY,
    "waiting": WAITING,
    "running": RUNNING,
    "ran": OK,
    "cached": CACHED,
    "skipped": CACHED,
    "failed": ERROR,
    "blocked": mixed(ERROR, NODE, 0.45),
    "cancelled": WAITING,
}

TYPES: dict[str, Colour] = {
    "Audio": rgb("#4fc78e"),
    "Stems": rgb("#31b7c9"),
    "Score": rgb("#f0883e"),
    "Prompt": rgb("#f5d05e"),
    "Latents": rgb("#c671e8"),
    "Tokens": rgb("#9a7bf2"),
    "Embedding": rgb("#e86ab0"),
    "Curve": rgb("#8fd14f"),
    "Mask": rgb("#e2726b"),
    "Grid": rgb("#6f9ef5"),
    "ModelRef": rgb("#b59b7a"),
    "int": rgb("#8fa3bf"),
    "float": rgb("#a9b8cc"),
    "bool": rgb("#c98fa0"),
    "str": rgb("#d4c39a"),
    "any": rgb("#9aa3b2"),
}

CATEGORIES: dict[str, Colour] = {
    "prompt": TYPES["Prompt"],
    "plan": TYPES["Score"],
    "score": TYPES["Score"],
    "synth": TYPES["Stems"],
    "stems": TYPES["Stems"],
    "render": TYPES["Latents"],
    "latent": TYPES["Latents"],
    "clap": TYPES["Embedding"],
    "control": TYPES["Curve"],
    "mask": TYPES["Mask"],
    "separate": TYPES["Stems"],
    "mix": TYPES["Audio"],
    "audio": TYPES["Audio"],
    "effect": TYPES["Audio"],
    "export": rgb("#d86f6f"),
    "picture": rgb("#7f8cff"),
}

# One type scale (pixels at 100 %) and one unit of space.
SMALL, BODY, HEAD, TITLE = 12, 14, 16, 22
UNIT = 4
ROUND = 7.0

REGULAR, BOLD, MONO, WIDE = "Inter-Regular.otf", "Inter-SemiBold.otf", "JetBrainsMono-Regular.ttf", "DejaVuSans.ttf"
"""Fonts in ``assets/``. WIDE has the scripts that the others lack (Hebrew, Arabic, ♪): titles fall back to it."""


def of_type(kind: Type | str) -> Colour:
    """Colour of a port; a list has its items' colour, a type from elsewhere a grey."""
    name = kind if isinstance(kind, str) else (kind.item or kind).name
    if name.endswith("Ref"):
        return TYPES["ModelRef"]
    return TYPES.get(name, TYPES["any"])


def of_category(category: str) -> Colour:
    """Colour of a node's head."""
    return CATEGORIES.get(category, FAINT)
