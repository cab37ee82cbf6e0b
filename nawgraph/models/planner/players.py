"""Who plays each stream of the stem other: the layers of the styles, and the instruments that the prompt names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nawgraph.models.planner.vocabulary import SLOT_OF_ROLE
from nawgraph.music.brief import Brief
from nawgraph.music.cast import band
from nawgraph.music.styles import Layer, Style

COMPS = ("comp", "comp 2", "comp 3")


@dataclass(frozen=True, slots=True)
class Player:
    """A layer of a style with its instrument.

    Attributes:
        layer: part, register, place.
        instrument: the synthesiser's name of it.
        style: whose layer it is.
        featured: whether the prompt asked for the instrument, so that it plays throughout.
        powered: whether its chords are power chords.
    """

    layer: Layer
    instrument: str
    style: Style
    featured: bool

    @property
    def powered(self) -> bool:
        return self.style.power and self.instrument == "guitar.electric" and self.layer.low < 50


def cast(brief: Brief, roles: Mapping[str, Style], seed: int) -> dict[str, Player]:
    """The player of every stream of the stem other that the styles of the roles comp and lead have."""
    found: dict[str, Player] = {}
    comp, lead = roles["comp"], roles["lead"]
    for layer, instrument in band(brief, comp, seed):
        if layer.role != "lead":
            slot = slot_of(layer, comp)
            if slot not in found:
                found[slot] = Player(layer, instrument, comp, layer not in comp.layers)
    for layer, instrument in band(brief, lead, seed):
        if layer.role == "lead":
            found.setdefault("lead", Player(layer, instrument, lead, layer not in lead.layers))
    return found


def slot_of(layer: Layer, style: Style) -> str:
    """The stream of a layer; a fourth comp shares the third one's."""
    if layer.role != "comp":
        return SLOT_OF_ROLE[layer.role]
    comps = [other.name for other in style.layers if other.role == "comp"]
    return COMPS[min(comps.index(layer.name), len(COMPS) - 1)]
