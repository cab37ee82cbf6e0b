"""From an embedding to words: what of the prompt's vocabulary is nearest, aspect by aspect.

So a reference sound can condition whatever reads prompts, without any training: the words for each style, tempo, key,
voice, instrument and mood are embedded, and those that lie nearest are said where the prompt leaves them open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from nawgraph.music.prompt import read as understood
from nawgraph.music.styles import STYLES
from nawgraph.music.theory import FLAT_NAMES
from nawgraph.music.words import INSTRUMENTS, MOODS
from nawgraph.values import Embedding, Keyframe, Prompt

F32 = npt.NDArray[np.float32]

_TEMPI = tuple(int(t) for t in np.geomspace(56, 184, 65).round())
_PLAYERS = ("piano", "electric piano", "organ", "electric guitar", "acoustic guitar", "strings", "brass", "flute",
            "vibraphone", "bells", "pads", "synth pluck", "lead synth")  # fmt: skip
_MOODS = ("happy", "dark", "sad", "calm", "dreamy", "energetic", "aggressive", "epic", "groovy", "mysterious")
assert set(_PLAYERS) <= set(INSTRUMENTS)
assert set(_MOODS) <= set(MOODS)

_SECOND = 0.35
"""Share of the likelihood from which on a second style is named too."""

_SHARPNESS = 20.0


class Texts(Protocol):
    """Whatever embeds texts."""

    space: str

    def texts(self, texts: Sequence[str]) -> F32:
        """Unit vectors [texts, dimension]."""
        ...


@dataclass(frozen=True)
class Heard:
    """What an embedding is nearest to: words for each aspect."""

    styles: tuple[str, ...]
    bpm: int
    key: str
    voice: str
    players: tuple[str, ...]
    mood: str

    def words(self) -> str:
        """All of it as a prompt."""
        style = " meets ".join(self.styles)
        return ", ".join((self.mood, style, f"{self.bpm} bpm", self.key, *self.players, self.voice))


def heard(clap: Texts, embedding: Embedding) -> Heard:
    """Describe an embedding.

    Raises:
        ValueError: it is of another space.
    """
    if embedding.space != clap.space:
        raise ValueError(
            f"the embedding is of {embedding.space}, this CLAP's space is {clap.space}: make it with the same weights"
        )
    vector = embedding.vector / max(float(np.linalg.norm(embedding.vector)), 1e-9)

    def likely(words: Sequence[str]) -> npt.NDArray[np.float64]:
        odds = np.exp(_SHARPNESS * (clap.texts(words) @ vector).astype(np.float64))
        shares: npt.NDArray[np.float64] = odds / odds.sum()
        return shares

    names = tuple(STYLES)
    shares = likely(names)
    order = np.argsort(-shares, kind="stable")
    styles = tuple(names[i] for i in order[:2] if i == order[0] or shares[i] > _SECOND)
    bpm = _TEMPI[int(_smooth(likely([f"{t} bpm" for t in _TEMPI])).argmax())]
    modes = tuple(dict.fromkeys(mode for style in styles for mode in STYLES[style].modes))
    keys = [f"{tonic} {mode}" for tonic in FLAT_NAMES for mode in modes]
    voices = {"instrumental, no vocals": "instrumental", "female vocals": "female vocals", "male vocals": "male vocals",
              "a choir": "choir"}  # fmt: skip
    players = likely(_PLAYERS)
    return Heard(
        styles,
        bpm,
        keys[int(likely([f"in {key}" for key in keys]).argmax())],
        voices[tuple(voices)[int(likely(tuple(voices)).argmax())]],
        tuple(_PLAYERS[i] for i in np.argsort(-players, kind="stable")[:2]),
        _MOODS[int(likely(_MOODS).argmax())],
    )


def _smooth(shares: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Neighbouring tempi support one another."""
    return np.convolve(shares, [0.25, 0.5, 0.25], mode="same")


def completed(prompt: Prompt | None, found: Heard) -> Prompt:
    """A prompt whose every keyframe says, of what it leaves open, what an embedding says; its own words come first."""
    if prompt is None:
        return Prompt.of(found.words())
    return Prompt(tuple(Keyframe(k.bar, _completed(k.text, found), k.weight) for k in prompt.keyframes))


def _completed(text: str, found: Heard) -> str:
    brief = understood(text)
    said = [text.strip()] if text.strip() else []
    if not brief.styles:
        said.append(" meets ".join(style for style in found.styles if style not in brief.avoid) or found.styles[0])
    if brief.bpm is None and brief.pace is None:
        said.append(f"{found.bpm} bpm")
    if brief.key is None:
        tonic, _, mode = found.key.partition(" ")
        said.append(f"{tonic} {brief.mode or mode}")
    if brief.vocals is None and not brief.voice and "vocals" not in brief.without:
        said.append(found.voice)
    if not brief.instruments and "other" not in brief.without:
        said += [word for word in found.players if INSTRUMENTS[word] not in brief.banned]
    if not brief.moods and brief.energy is None:
        said.append(found.mood)
    return ", ".join(said)
