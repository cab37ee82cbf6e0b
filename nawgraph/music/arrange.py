"""Arrangement: which part plays in which bars, so that a song builds up and releases."""

from __future__ import annotations

from collections.abc import Sequence

from nawgraph.music.passage import Passage
from nawgraph.music.styles import Layer

Span = tuple[int, int]
"""First bar and bar after the last, counted within the section; empty when both are equal."""

SILENT: Span = (0, 0)
_SUNG = ("verse", "prechorus", "chorus", "bridge", "theme")
CLUB = ("build", "drop")


def sung_sections(kinds: Sequence[str], energies: Sequence[float]) -> tuple[bool, ...]:
    """Which sections the voice takes: verses, choruses and the like; the strongest one when there is none of those."""
    sung = [kind in _SUNG for kind in kinds]
    if not any(sung):
        sung[max(range(len(kinds)), key=lambda i: energies[i])] = True
    return tuple(sung)


def drum_span(passage: Passage) -> Span:
    """When the drums play: they come in during a long intro, and stay away from calm breaks."""
    bars, kind, energy = passage.bars, passage.section.kind, passage.scene.level
    style = passage.styles["drums"]
    if style.fill == "none" and energy < 0.3:
        return SILENT
    if kind == "intro":
        if energy < 0.2:
            return SILENT
        return (0, bars) if bars <= 8 or energy > 0.45 else (bars // 4, bars)
    if kind in ("break", "bridge") and energy < 0.35:
        return (bars - 1, bars) if passage.rise > 0.2 and bars >= 4 else SILENT
    if kind == "outro" and energy < 0.3:
        return (0, bars // 2)
    return (0, bars)


def bass_span(passage: Passage) -> Span:
    """When the bass plays: in the second half of a long intro or a soft break, and up to the last bar of a build."""
    bars, kind, energy = passage.bars, passage.section.kind, passage.scene.level
    if kind == "build":
        return (0, bars - 1)
    if kind == "intro" and energy < 0.2:
        return SILENT
    if kind == "intro" and bars > 8:
        return (bars // 2, bars)
    if kind == "break":
        return SILENT if energy < 0.3 else (bars // 2, bars)
    return (0, bars)


def layer_span(passage: Passage, layer: Layer, rank: int, players: int) -> Span:
    """When a layer of the stem `other` plays.

    Args:
        passage: the section.
        layer: the part.
        rank: its place in the order of entry, 0 first.
        players: how many layers the section has.
    """
    bars, kind = passage.bars, passage.section.kind
    threshold = layer.enter - 0.5 * (passage.density - 0.5)
    if (layer.kinds and kind not in layer.kinds) or passage.scene.level < threshold:
        return SILENT
    if kind == "intro" and rank and bars > 8:
        return (bars * min(rank, players - 1) // players // 2 * 2, bars)
    if kind == "outro" and rank and bars > 4:
        return (0, max(1, bars - bars * rank // players))
    if kind == "build" and layer.role in ("comp", "riff") and passage.scene.level < 0.75 and bars > 4:
        return (bars // 2, bars)
    return (0, bars)
