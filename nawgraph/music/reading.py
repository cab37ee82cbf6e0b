"""A prompt while it is being read, and how its words are found."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any


@dataclass
class Reading:
    """A text while it is being read: words that were understood are blanked out.

    Attributes:
        text: lower case, what is left.
        fields: of the brief.
        notes: for the user.
    """

    text: str
    fields: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def take(self, pattern: str | re.Pattern[str]) -> list[re.Match[str]]:
        """All matches, blanked out of the text."""
        found = list(re.compile(pattern).finditer(self.text))
        for match in found:
            blank = " " * len(match[0])
            self.text = self.text[: match.start()] + blank + self.text[match.end() :]
        return found

    def note(self, sentence: str) -> None:
        """Tell the user something."""
        self.notes = (*self.notes, sentence)


@lru_cache(maxsize=64)
def one_of(vocabulary: tuple[str, ...]) -> str:
    """A pattern for any of the words, longer ones first, hyphens and spaces alike."""
    ranked = sorted(vocabulary, key=len, reverse=True)
    parts = [re.escape(w).replace(r"\ ", r"[\s-]+").replace(r"\-", r"[\s-]?") for w in ranked]
    return r"(?<![\w&])(?:" + "|".join(parts) + r")(?![\w&])"


def word_of(match: str, vocabulary: tuple[str, ...]) -> str:
    """The entry of a vocabulary that a matched text stands for."""
    squeezed = re.sub(r"[\s-]+", " ", match)
    table = {re.sub(r"[\s-]+", " ", word): word for word in vocabulary}
    return table.get(squeezed) or {k.replace(" ", ""): w for k, w in table.items()}[squeezed.replace(" ", "")]


def first_of(reading: Reading, found: list[re.Match[str]], table: Mapping[str, float], middle: float) -> float:
    """What the first of the words found stands for, with a note where another one is on the other side of `middle`."""
    names = [match[0] for match in sorted(found, key=re.Match.start)]
    first, *others = (table[word_of(name, tuple(table))] for name in names)
    for name, other in zip(names[1:], others, strict=True):
        if (first - middle) * (other - middle) < 0 and abs(first - other) >= 0.4:
            reading.note(f"“{names[0]}” and “{name}” contradict each other: the first, “{names[0]}”, holds.")
            break
    return first
