"""What a prompt asks for, understood: the composer's brief."""

from __future__ import annotations

from dataclasses import dataclass

from nawgraph.music.form import Mention
from nawgraph.values import Key


@dataclass(frozen=True)
class Brief:
    """What a song shall be. None and empty mean: the style (and the seed) may choose.

    Attributes:
        styles: names of styles with their weights, which add up to 1.
        avoid: styles that were ruled out.
        bpm: quarter notes a minute, 20–400.
        key: tonic and mode at the beginning.
        mode: a mode without a tonic ("something in a minor key").
        next_key: a key to modulate to half-way.
        section_keys: keys asked for by kind of section.
        moods: words of mood that were understood.
        instruments: the synthesiser's instruments that must be heard.
        banned: instruments that must not be heard.
        without: stems that must be silent.
        density: 0 sparse to 1 busy.
        energy: 0 quiet to 1 loud.
        pace: −1 slow to 1 fast, within the style's tempi.
        vocals: whether somebody sings.
        voice: the singer's instrument.
        form: sections written out, in order; empty for a template.
        bars: length in bars.
        seconds: length in seconds, used when `bars` is not given.
        meter: (beats, unit).
        swing: thousandths, 500–750.
        unread: words that were not understood, as they were written.
        notes: how contradictions and impossible wishes were settled, a sentence each.
    """

    styles: tuple[tuple[str, float], ...] = ()
    avoid: tuple[str, ...] = ()
    bpm: float | None = None
    key: Key | None = None
    mode: str | None = None
    next_key: Key | None = None
    section_keys: tuple[tuple[str, Key], ...] = ()
    moods: tuple[str, ...] = ()
    instruments: tuple[str, ...] = ()
    banned: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    density: float | None = None
    energy: float | None = None
    pace: float | None = None
    vocals: bool | None = None
    voice: str = ""
    form: tuple[Mention, ...] = ()
    bars: int | None = None
    seconds: float | None = None
    meter: tuple[int, int] | None = None
    swing: int | None = None
    unread: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
