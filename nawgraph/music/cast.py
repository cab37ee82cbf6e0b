"""Who plays: styles for the roles of a section, instruments for the parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nawgraph.music.brief import Brief
from nawgraph.music.streams import pick, stream, weighted
from nawgraph.music.styles import STYLES, Layer, Style

ROLES = ("drums", "bass", "comp", "lead")

RANGES = {"voice.soprano": (60, 79), "voice.tenor": (48, 67), "voice.choir": (55, 74)}
"""Lowest and highest pitch of each voice."""

_KIN = {
    "keys": ("comp", "pad", "arp", "riff"), "pluck": ("arp", "riff", "comp"), "guitar": ("comp", "arp", "riff"),
    "pad": ("pad",), "strings": ("pad", "line", "lead"), "brass": ("comp", "line", "lead"), "lead": ("lead", "line"),
    "mallet": ("arp", "riff", "lead", "sparkle"), "bell": ("sparkle", "arp", "riff"),
}  # fmt: skip
"""Roles that a family of instruments takes over, best first."""


def main_style(brief: Brief, seed: int) -> Style:
    """The style with the greatest weight; one that suits the moods, or just any, when none was named."""
    if brief.styles:
        return STYLES[max(brief.styles, key=lambda s: s[1])[0]]
    rng = stream(seed, "style")
    suits = {
        name: float(sum(m in s.moods for m in brief.moods)) for name, s in STYLES.items() if name not in brief.avoid
    }
    best = {name: score for name, score in suits.items() if score == max(suits.values())}
    return STYLES[pick(rng, tuple(best))]


def role_styles(brief: Brief, main: Style, seed: int) -> dict[str, Style]:
    """A style for each role, in proportion to the brief's weights.

    The roles draw stratified numbers that depend on the seed alone: when weights move over a timeline, one role after
    another changes over, and half-and-half is really half of the roles.
    """
    if len(brief.styles) < 2:
        return dict.fromkeys(ROLES, STYLES[brief.styles[0][0]] if brief.styles else main)
    order = stream(seed, "roles").permutation(len(ROLES))
    total = sum(weight for _, weight in brief.styles)
    found = {}
    for role, rank in zip(ROLES, order, strict=True):
        left = (float(rank) + 0.5) / len(ROLES) * total
        found[role] = STYLES[_at(sorted(brief.styles), left)]
    return found


def _at(weights: Sequence[tuple[str, float]], left: float) -> str:
    """The name in whose share a point of the total weight lies."""
    for name, weight in weights:
        left -= weight
        if left <= 0:
            return name
    return weights[-1][0]


def bass_instrument(brief: Brief, style: Style, seed: int) -> str:
    """The bass that was asked for, else one of the style's."""
    asked = [i for i in brief.instruments if i.startswith("bass.")]
    return asked[0] if asked else pick(stream(seed, "bass instrument", style.name), style.bass)


def voice_instrument(brief: Brief, style: Style, seed: int) -> str:
    """The singer who was asked for, else one of the style's."""
    return brief.voice or pick(stream(seed, "voice", style.name), style.voices)


def kit(brief: Brief, style: Style) -> str:
    """The drum kit that was asked for, else the style's."""
    asked = [i for i in brief.instruments if i.startswith("kit.")]
    return asked[0] if asked else style.kit


def band(brief: Brief, style: Style, seed: int) -> tuple[tuple[Layer, str], ...]:
    """The layers of a style with an instrument each. Instruments that the prompt names take over the part nearest to
    their nature and play it from the first bar on."""
    players = {}
    for layer in style.layers:
        free = tuple(i for i in layer.instruments if i not in brief.banned)
        if free:
            players[layer] = pick(stream(seed, "instrument", style.name, layer.name), free)
    taken: set[str] = set()
    for wanted in brief.instruments:
        family = wanted.split(".")[0]
        if family not in _KIN:
            continue
        layer = _part_for(wanted, family, style, taken)
        players[layer] = wanted
        taken.add(layer.name)
    return tuple((_featured(layer) if layer.name in taken else layer, name) for layer, name in players.items())


def _part_for(wanted: str, family: str, style: Style, taken: set[str]) -> Layer:
    free = [layer for layer in style.layers if layer.name not in taken] or list(style.layers)
    for layer in free:
        if wanted in layer.instruments:
            return layer
    for role in _KIN[family]:
        for layer in free:
            if layer.role == role:
                return layer
    return free[0]


def _featured(layer: Layer) -> Layer:
    """The layer playing in every section and always heard."""
    fields = {name: getattr(layer, name) for name in layer.__dataclass_fields__}
    return Layer(**{**fields, "enter": 0.0, "kinds": (), "gain": max(layer.gain, -1.0)})


def mode_of(brief: Brief, style: Style, seed: int) -> str:
    """The mode: asked for, or one of the style's that suits the mood."""
    if brief.mode:
        return brief.mode
    weights: Mapping[str, float] = style.modes
    return weighted(stream(seed, "mode", style.name), weights)
