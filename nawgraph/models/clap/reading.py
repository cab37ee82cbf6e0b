"""What the house CLAP reads: a text as words, each a few weighted rows of one table.

A word is itself and its three- and four-letter pieces, hashed: an unknown or misspelt word lies near those that it
shares pieces with (Bojanowski et al. 2017), and no word is refused. A number that can be a tempo lies between two
fixed points of a logarithmic scale, so that 91 is near 90 without having been seen.
"""

from __future__ import annotations

import math
import re
import unicodedata
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

HASHED = 4096
"""Rows that words and pieces share by their hashes."""

_SLOWEST, _FASTEST, _POINTS = 40.0, 260.0, 48
_BEGIN, _NUMBER, _SCALE = 0, 1, 2
ROWS = _SCALE + _POINTS + HASHED

_PIECES = 64
"""Pieces of one word that are looked at."""

_WHOLE = 0.6
"""How much a word weighs as itself, beside all its pieces together, which weigh 1."""

_WORD = re.compile(r"\d+/\d+|\d+(?:s\b|%)|\d+(?:\.\d+)?|[a-g]#(?![^\W\d_])|[^\W\d_]+(?:['’&][^\W\d_]+)*")

Word = tuple[tuple[int, ...], tuple[float, ...]]
"""Rows of the table, and how much each weighs."""


def words(text: str) -> list[str]:
    """The words and numbers of a text in lower case, without accents, punctuation and pictures."""
    plain = text.replace("♯", "#").replace("♭", "b").replace("’", "'")
    plain = "".join(c for c in unicodedata.normalize("NFKD", plain.lower()) if not unicodedata.combining(c))
    return _WORD.findall(plain)


def read(text: str, *, forget: npt.NDArray[np.bool_] | None = None) -> list[Word]:
    """The words of a text as rows, after a mark for its beginning; never empty.

    Args:
        text: any, of any length.
        forget: in training: words that are known by their pieces alone, as if they were new; bool [words or more].
    """
    found: list[Word] = [((_BEGIN,), (1.0,))]
    for index, word in enumerate(words(text)):
        found.append(_rows(word, bool(forget is not None and index < len(forget) and forget[index])))
    return found


def _rows(word: str, new: bool) -> Word:
    number = _value(word)
    if number is not None:
        place = math.log(number / _SLOWEST) / math.log(_FASTEST / _SLOWEST) * (_POINTS - 1)
        below = min(int(place), _POINTS - 2)
        share = place - below
        return (_NUMBER, _SCALE + below, _SCALE + below + 1), (1.0, 1 - share, share)
    marked = f"<{word}>"
    pieces = [marked[i : i + n] for n in (3, 4) for i in range(len(marked) - n + 1)][:_PIECES]
    whole = () if new and len(word) > 2 else (_hashed(marked + "w"),)
    weight = 1 / max(1, len(pieces)) ** 0.5
    return (*whole, *map(_hashed, pieces)), (*(_WHOLE for _ in whole), *(weight for _ in pieces))


def _value(word: str) -> float | None:
    """The number that a word is, where it can be a tempo."""
    if not word[0].isdecimal() or not word.replace(".", "", 1).isdecimal():
        return None
    number = float(word)
    return number if _SLOWEST <= number <= _FASTEST else None


def _hashed(piece: str) -> int:
    return _SCALE + _POINTS + zlib.crc32(piece.encode()) % HASHED


@dataclass(frozen=True)
class Pages:
    """Texts as the network takes them.

    Attributes:
        rows: int64 [entries], rows of the table, word after word.
        weights: float32 [entries].
        starts: int64 [texts · longest], where each word's entries begin; words that only fill up have none.
        there: bool [texts, longest], which words are words.
    """

    rows: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float32]
    starts: npt.NDArray[np.int64]
    there: npt.NDArray[np.bool_]


def bound(texts: Sequence[Sequence[Word]]) -> Pages:
    """Texts of different lengths as one batch."""
    longest = max(len(text) for text in texts)
    there = np.zeros((len(texts), longest), bool)
    rows: list[int] = []
    weights: list[float] = []
    starts = np.zeros((len(texts), longest), np.int64)
    for i, text in enumerate(texts):
        there[i, : len(text)] = True
        for j in range(longest):
            starts[i, j] = len(rows)
            if j < len(text):
                rows += text[j][0]
                weights += text[j][1]
    return Pages(np.array(rows, np.int64), np.array(weights, np.float32), starts.reshape(-1), there)
