"""Writing tokens: everything that the kernel needs about a song, and the loop over its bars."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nawgraph.models.planner.conditions import Rows, echoes, features, section_of_step
from nawgraph.models.planner.config import CONDITION_OFFSETS, FEATURE_OFFSETS, LAGS, LOGIT_OFFSETS, TOKEN_OFFSETS
from nawgraph.models.planner.inputs import delayed, echo_sources, extended, lags, reader_rows, undelayed
from nawgraph.models.planner.reader import angles, read
from nawgraph.models.planner.vocabulary import (
    COUNT,
    DELAYS,
    HANDS,
    INDEX,
    KIT,
    LONGEST_DELAY,
    STREAMS,
    TOMS,
    TOPS,
    Tokens,
)  # fmt: skip
from nawgraph.models.planner.weights import Floats, Packed
from nawgraph.values import Section

Bools = npt.NDArray[np.bool_]
Steps = Callable[[int, str], Iterable[Any]]
"""Iterates over a number of bars with a label, showing progress and obeying cancel: `Context.steps`."""


CHORD = INDEX["chord"]
FIRST_HEAT = 1.0
REPEAT_COOLER = 0.25
"""Share of the temperature for chords of a section that repeats an earlier one: a slip there is heard as a mistake."""


@dataclass(frozen=True)
class Taste:
    """How tokens are drawn.

    Attributes:
        temperature: below 1 more likely tokens are preferred; 0 always takes the likeliest.
        top_p: the least likely tokens that make up 1 − `top_p` are never drawn.
        guidance: how strongly what is asked is followed; 1 as it was learnt.
        seed: of the draws.
    """

    temperature: float = 0.9
    top_p: float = 0.95
    guidance: float = 2.0
    seed: int = 0


@dataclass(frozen=True)
class Task:
    """A song to write.

    Attributes:
        sections: the form.
        steps_a_bar: 12 or 16.
        rows: conditions [sections, conditions].
        tokens: what is fixed, int16 [steps, streams].
        fixed: where, bool [steps, streams]; the planner sees these to both sides.
        silent: streams that nobody plays, bool [sections, streams].
    """

    sections: Sequence[Section]
    steps_a_bar: int
    rows: Rows
    tokens: Tokens
    fixed: Bools
    silent: Bools


def blank(sections: Sequence[Section], steps_a_bar: int, rows: Rows, silent: Bools) -> Task:
    """A task with nothing fixed."""
    steps = sections[-1].end * steps_a_bar
    return Task(sections, steps_a_bar, rows, np.zeros((steps, COUNT), np.int16), np.zeros((steps, COUNT), bool), silent)


class Sampler:
    """Weights laid out for the kernel; any number of songs may be written with it, one after another or at once."""

    def __init__(self, weights: Packed) -> None:
        self.weights = weights
        self._table = weights.plain("tokens")
        self._offsets = TOKEN_OFFSETS[:-1].reshape(len(LAGS), COUNT)
        heads = np.ascontiguousarray(weights.tensors["heads"]), weights.scales["heads"]
        self._model = (self._table, self._offsets, weights.layers(), weights.plain("gain"), *heads, LOGIT_OFFSETS)
        self._tables = (_grammars(), _places(), _sides())

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        return self.weights.nbytes + self._table.nbytes + sum(a.nbytes for a in self._model[2])

    def write(self, task: Task, taste: Taste, steps: Steps) -> Tokens:
        """The tokens of a song, int16 [steps, streams]; what is fixed stays."""
        from nawgraph.models.planner.kernel import write

        config = self.weights.config
        told = self.told(task, branches=1 if taste.guidance == 1 else 2)
        forced = _forced(task)
        echo = echo_sources(echoes(task.sections, task.steps_a_bar))
        count = len(forced)
        half = config.width // config.heads // 2
        cos, sin = angles(np.arange(count) * (16 / task.steps_a_bar), half)
        job = (forced, told, echo, cos, sin, np.array(lags(task.steps_a_bar)))
        ring = (config.layers, len(told), config.heads, config.window, 2 * half)
        memory = (np.zeros(ring, np.float32), np.zeros(ring, np.float32))
        words = [taste.seed & 0xFFFFFFFF, taste.seed >> 32]
        uniform = np.random.Generator(np.random.Philox(np.random.SeedSequence(words))).random((count, COUNT))
        heat = np.full((count, COUNT), taste.temperature)
        heat[:, CHORD] *= np.where(echo[:, CHORD] >= 0, REPEAT_COOLER, FIRST_HEAT)
        dice = (uniform, heat, float(taste.top_p), float(taste.guidance))
        late = delayed(np.zeros_like(task.tokens))
        bars = task.sections[-1].end
        for bar in steps(bars, "plan"):
            begin = bar * task.steps_a_bar
            end = count if bar == bars - 1 else begin + task.steps_a_bar
            write(begin, end, late, job, self._model, memory, self._tables, dice)
        return undelayed(late)

    def told(self, task: Task, branches: int) -> Floats:
        """What every branch is told about every delayed step, float32 [branches, positions, width].

        The first knows conditions and constraints, the second neither.
        """
        told = extended(features(task.sections, task.steps_a_bar))
        rows = task.rows[section_of_step(task.sections, task.steps_a_bar)]
        known = self.weights.plain("features")[told + FEATURE_OFFSETS[:-1]].sum(axis=1)
        table = self.weights.plain("conditions")
        asked = np.concatenate([rows, np.repeat(rows[-1:], LONGEST_DELAY, axis=0)])
        knowing = known + table[asked + CONDITION_OFFSETS[:-1]].sum(axis=1)
        if task.fixed.any():
            position = np.arange(len(asked)) * (16 / task.steps_a_bar)
            beyond = np.zeros((LONGEST_DELAY, COUNT), np.int16)
            tokens, fixed = np.concatenate([task.tokens, beyond]), np.concatenate([task.fixed, beyond > 0])
            knowing += read(self.weights, told, reader_rows(tokens, fixed), position)
        if branches == 1:
            return np.ascontiguousarray(knowing[None], np.float32)
        unknowing = known + table[CONDITION_OFFSETS[:-1]].sum(axis=0)
        return np.stack([knowing, unknowing]).astype(np.float32)


def _forced(task: Task) -> Tokens:
    """The token that must be written at every delayed position, −1 where the planner is free."""
    section = section_of_step(task.sections, task.steps_a_bar)
    wanted = np.where(task.fixed, task.tokens, np.where(task.silent[section], 0, -1)).astype(np.int16)
    return delayed(wanted)


def _grammars() -> npt.NDArray[np.int64]:
    from nawgraph.models.planner.kernel import DYNAMICS, FREE, PITCHED, SYLLABLE

    special = {"dynamics": DYNAMICS, "syllable": SYLLABLE}
    return np.array([PITCHED if s.pitched else special.get(s.name, FREE) for s in STREAMS])


def _places() -> npt.NDArray[np.int64]:
    """(stream, steps back) of kit and percussion as dynamics sees them, and of the vocal as syllable does."""
    pairs = (("kit", "dynamics"), ("percussion", "dynamics"), ("vocal", "syllable"))
    return np.array([(INDEX[a], DELAYS[INDEX[b]] - DELAYS[INDEX[a]]) for a, b in pairs])


def _sides() -> npt.NDArray[np.int64]:
    """Whether the tokens of kit and percussion strike the body (bit 0) or keep time (bit 1), [2, 256]."""
    found = np.zeros((2, 256), np.int64)
    for token in range(256):
        for bit, voice in enumerate(KIT):
            if token >> bit & 1:
                found[0, token] |= 2 if voice in TOPS else 1
    for token in range(128):
        voices = (HANDS[token % 8], TOMS[token // 8 % 4])
        for voice in voices:
            if voice:
                found[1, token] |= 2 if voice in TOPS else 1
        found[1, token] |= 2 if token >> 5 else 0
    return found
