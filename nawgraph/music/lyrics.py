"""Syllables for a sung line: invented words, open vowels on long notes, rhyming line ends."""

from __future__ import annotations

from nawgraph.music.passage import Passage, Raw
from nawgraph.music.patterns import STEP
from nawgraph.music.streams import pick, stream

SYLLABLES = ("la", "na", "da", "ma", "lo", "no", "mi", "ne", "ah", "oh")
"""All that a nawgraph singer says unless a file brings its own lyrics."""

_OPEN = {"a": "ah", "o": "oh", "i": "mi", "e": "ne"}


def syllables(passage: Passage, notes: list[Raw], hums: bool) -> list[str]:
    """One syllable a note: a chorus says the same each time, a verse something new.

    Args:
        passage: whose label and repeat name the text.
        notes: the sung line.
        hums: vowels only (a choir).
    """
    verse = passage.section.kind in ("verse", "bridge")
    rng = stream(passage.seed, "lyrics", passage.label, passage.repeat if verse else 0)
    rhyme = pick(rng, tuple(_OPEN))
    words: list[str] = []
    text = []
    for index, (start, length, _, _) in enumerate(notes):
        gap = notes[index + 1][0] - start - length if index + 1 < len(notes) else passage.end
        if hums:
            text.append("ah" if length >= 4 * STEP or not index % 3 else "oh")
        elif gap >= 3 * STEP:
            text.append(_OPEN[rhyme])
            words = []
        else:
            if not words:
                words = [pick(rng, SYLLABLES[:8]) for _ in range(pick(rng, (1, 2, 2, 3)))]
            text.append(_OPEN[words.pop()[-1]] if length >= 8 * STEP else words.pop())
    return text
