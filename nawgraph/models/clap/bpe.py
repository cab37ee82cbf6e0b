"""Texts as tokens of RoBERTa and GPT-2: pieces of bytes, merged in the order of a list (Sennrich et al. 2016).

Reads `vocab.json` with `merges.txt`, or `tokenizer.json`, as they lie beside published checkpoints.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path

FILES = ("vocab.json", "merges.txt", "tokenizer.json")
"""What may lie beside a checkpoint."""

_ENDINGS = ("s", "t", "re", "ve", "m", "ll", "d")


class Reader:
    """Splits texts into numbers of tokens.

    Args:
        vocabulary: token → number.
        merges: pairs of tokens, those that are joined first come first.
    """

    def __init__(self, vocabulary: Mapping[str, int], merges: list[tuple[str, str]]) -> None:
        self.vocabulary = dict(vocabulary)
        self.ranks = {pair: i for i, pair in enumerate(merges)}
        self.begin, self.end = self.vocabulary["<s>"], self.vocabulary["</s>"]
        self.unknown = self.vocabulary.get("<unk>", self.end)

    def __call__(self, text: str, limit: int) -> list[int]:
        """Numbers of the tokens of a text between the marks of its beginning and end; at most `limit` in all."""
        found = [self.vocabulary.get(t, self.unknown) for word in words(text) for t in self._merged(word)]
        return [self.begin, *found[: limit - 2], self.end]

    def _merged(self, word: str) -> list[str]:
        parts = [_LETTERS[byte] for byte in word.encode()]
        while len(parts) > 1:
            best = min(pairwise(parts), key=lambda pair: self.ranks.get(pair, len(self.ranks)))
            if best not in self.ranks:
                break
            made: list[str] = []
            for part in parts:
                if made and (made[-1], part) == best:
                    made[-1] += part
                else:
                    made.append(part)
            parts = made
        return parts


def read(files: Mapping[str, Path]) -> Reader:
    """The reader of the files beside a checkpoint, by their names.

    Raises:
        LookupError: they are not there.
        ValueError: they are damaged, or of another kind.
    """
    try:
        if "vocab.json" in files and "merges.txt" in files:
            vocabulary = json.loads(files["vocab.json"].read_text("utf-8"))
            lines = files["merges.txt"].read_text("utf-8").split("\n")
            merges = [line for line in lines if line.count(" ") == 1 and not line.startswith("#version")]
        elif "tokenizer.json" in files:
            model = json.loads(files["tokenizer.json"].read_text("utf-8"))["model"]
            vocabulary, merges = model["vocab"], model["merges"]
        else:
            raise LookupError(
                "its tokenizer is missing: put vocab.json and merges.txt of roberta-base beside the weights "
                "and install it again"
            )
        pairs = [tuple(m.split(" ")) if isinstance(m, str) else tuple(m) for m in merges]
        return Reader({str(k): int(v) for k, v in vocabulary.items()}, [(a, b) for a, b in pairs])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise ValueError("the tokenizer beside the weights is damaged: fetch it again") from None


def words(text: str) -> Iterator[str]:
    """A text cut as GPT-2 cuts it: letters, numbers, other signs, each with one space before it; endings after '."""
    at, size = 0, len(text)
    while at < size:
        ending = next((e for e in _ENDINGS if text[at] == "'" and text.startswith(e, at + 1)), None)
        if ending:
            yield text[at : at + 1 + len(ending)]
            at += 1 + len(ending)
            continue
        begin = at + 1 if text[at] == " " and at + 1 < size and _kind(text[at + 1]) != "space" else at
        kind, end = _kind(text[begin]), begin + 1
        while end < size and _kind(text[end]) == kind:
            end += 1
        if kind == "space" and end < size and end - begin > 1:
            end -= 1  # the last space belongs to the word after it
        yield text[at:end]
        at = end


def _kind(sign: str) -> str:
    if sign.isspace():
        return "space"
    return {"L": "letter", "N": "number"}.get(unicodedata.category(sign)[0], "other")


def _letters() -> list[str]:
    """A printable letter for each byte: its own where it has one, else one from beyond Latin-1."""
    plain = {*range(33, 127), *range(161, 173), *range(174, 256)}
    beyond = iter(range(256, 512))
    return [chr(byte) if byte in plain else chr(next(beyond)) for byte in range(256)]


_LETTERS = _letters()
