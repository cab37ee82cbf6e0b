"""Notes as MIDI messages at sample positions."""

from __future__ import annotations

import nawgraph as ng

Event = tuple[int, bytes]
"""Frame from the beginning, and a MIDI message."""

DRUMS = 9
"""The channel of drums, counted from 0."""


def events(score: ng.Score, part: str, rate: int) -> list[Event]:
    """Messages in the order in which they are sent: at one moment, ends before beginnings.

    A note that begins while another of the same pitch and channel sounds ends that one: MIDI cannot tell their ends
    apart.

    Raises:
        ValueError: the score has no such part.
    """
    made: list[tuple[int, int, bytes]] = []
    for channel, notes in _voices(chosen(score, part), score.grid, rate).items():
        for pitch, spans in notes.items():
            spans.sort()
            for number, (start, end, velocity) in enumerate(spans):
                last = min(end, spans[number + 1][0]) if number + 1 < len(spans) else end
                made.append((start, 1, bytes([0x90 | channel, pitch, velocity])))
                made.append((max(last, start + 1), 0, bytes([0x80 | channel, pitch, 0])))
    return [(frame, message) for frame, _, message in sorted(made)]


def _voices(parts: list[ng.Part], grid: ng.Grid, rate: int) -> dict[int, dict[int, list[tuple[int, int, int]]]]:
    """Channel → pitch → (first frame, frame after the last, velocity); two notes at one moment are one."""
    made: dict[int, dict[int, dict[int, tuple[int, int]]]] = {}
    for part in parts:
        channel = made.setdefault(DRUMS if part.stem == "drums" else 0, {})
        for note, (start, end) in zip(part.notes, part.spans(grid, rate).tolist(), strict=True):
            pitch = channel.setdefault(note.pitch, {})
            before = pitch.get(start, (0, 0))
            pitch[start] = max(before[0], end), max(before[1], note.velocity)
    return {c: {p: [(s, *rest) for s, rest in starts.items()] for p, starts in ps.items()} for c, ps in made.items()}


def chosen(score: ng.Score, part: str) -> list[ng.Part]:
    """The parts that a text names: stems or stem/name, with commas; all but the drums for none."""
    names = [name.strip() for name in part.split(",") if name.strip()]
    if not names:
        return [p for p in score.parts if p.stem != "drums"]
    made = []
    for name in names:
        found = [p for p in score.parts if name in (p.stem, f"{p.stem}/{p.name}")]
        if not found:
            there = ", ".join(f"{p.stem}/{p.name}" for p in score.parts) or "none"
            raise ValueError(f"part: the score has no {name!r}; it has {there}")
        made += [p for p in found if p not in made]
    return made
