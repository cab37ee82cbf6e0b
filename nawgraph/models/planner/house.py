"""The planner as nodes see it: from prompts and scores to scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nawgraph.models.loaders import loader
from nawgraph.models.planner.conditions import conditions, voice
from nawgraph.models.planner.context import conditions_of, continued, form_from, plan_of
from nawgraph.models.planner.decode import decode
from nawgraph.models.planner.encode import encode
from nawgraph.models.planner.players import cast
from nawgraph.models.planner.sampler import Bools, Sampler, Steps, Task, Taste, blank
from nawgraph.models.planner.splice import spliced
from nawgraph.models.planner.vocabulary import COUNT, GROUPS, STREAMS, steps_a_bar
from nawgraph.models.planner.weights import Packed, load
from nawgraph.music.blueprint import MAX_BARS, Blueprint
from nawgraph.music.cast import role_styles
from nawgraph.music.outline import outline
from nawgraph.values import STEMS, ModelRef, Prompt, Score

HOUSE = "house"
REVISION = "2"
"""Of the weights that come with nawgraph; raised with them, and with it the version of the nodes that use them."""

WEIGHTS = Path(__file__).parents[1] / "weights" / "planner.safetensors"
"""The weights that come with nawgraph."""


class Planner:
    """Writes scores. Any number of threads may use one.

    Args:
        weights: see `nawgraph.models.planner.weights.load`.
    """

    def __init__(self, weights: Packed) -> None:
        self.sampler = Sampler(weights)
        self.styles = weights.config.styles

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        return self.sampler.nbytes

    @staticmethod
    def taste(temperature: float, top_p: float, guidance: float, seed: int) -> Taste:
        """How tokens are to be drawn; see `Taste`."""
        return Taste(temperature, top_p, guidance, seed)

    def generate(
        self, prompt: Prompt, bars: int | None, taste: Taste, steps: Steps, *, humanise: float = 1.0, title: str = ""
    ) -> Score:
        """A song to a prompt: tempo, meter, key and form as the prompt (or the seed) says, all else by the network.

        Args:
            prompt: what is asked.
            bars: length, None for what the prompt says, else 32.
            taste: how tokens are drawn, and the seed.
            steps: shows progress over bars.
            humanise: how loosely it is played, 0 exactly on the grid.
            title: of the song.

        Raises:
            ValueError: bars outside 1 to 1000, a meter that the planner does not write.
        """
        plan = outline(prompt, bars, taste.seed)
        size = steps_a_bar(plan.grid.meters[0])
        singer = voice(plan, taste.seed)
        rows = conditions(plan, taste.seed, self.styles)
        task = blank(plan.sections, size, rows, silent(plan, singer, taste.seed))
        tokens = self.sampler.write(task, taste, steps)
        return decode(tokens, plan, singer, taste.seed, humanise=humanise, title=title)

    def extend(
        self, score: Score, bars: int, prompt: Prompt | None, taste: Taste, steps: Steps, *, humanise: float = 1.0
    ) -> Score:
        """A score and `bars` more; what is there stays as it is, note for note.

        Raises:
            ValueError: meters that the planner does not write, or more than 1000 bars in all.
        """
        if score.bars + bars > MAX_BARS:
            raise ValueError(f"a song has at most {MAX_BARS:,} bars, and {score.bars} + {bars} are more")
        known, size = encode(score), steps_a_bar(score.grid.meters[0])
        form = continued(score.sections or form_from(0, score.bars), bars)
        longer = replace(score, grid=replace(score.grid, bars=score.bars + bars), sections=form)
        plan = plan_of(longer, prompt, taste.seed)
        rows = conditions_of(plan, score, known, (), self.styles, taste.seed)
        tokens = np.zeros((longer.bars * size, COUNT), np.int16)
        tokens[: len(known)] = known
        fixed = np.zeros(tokens.shape, bool)
        fixed[: len(known)] = _known_streams(score, STEMS)
        return self._rewritten(
            longer,
            plan,
            Task(form, size, rows, tokens, fixed, _no(plan)),
            taste,
            steps,
            humanise,
            (*STEMS, "chords"),
            (score.bars, longer.bars),
        )

    def infill(
        self, score: Score, stems: Sequence[str], first: int, bars: int, prompt: Prompt | None, taste: Taste,
        steps: Steps, *, humanise: float = 1.0,
    ) -> Score:  # fmt: skip
        """A score with some stems of some bars written anew, to fit everything else before, beside and after them.

        Args:
            score: what is there.
            stems: stems to write anew, ``chords`` for the harmony.
            first: first bar, counted from 0.
            bars: how many bars, 0 to the end.
            prompt: what is asked of them, None for the score's own style.
            taste: how tokens are drawn, and the seed.
            steps: shows progress over bars.
            humanise: how loosely the new notes are played.

        Raises:
            ValueError: no stems, bars outside the score, meters that the planner does not write.
        """
        end = first + bars if bars else score.bars
        if not stems:
            raise ValueError("stems is empty: name at least one stem to write anew")
        if not 0 <= first < end <= score.bars:
            raise ValueError(f"first and bars must lie within the score's {score.bars} bars, got {first} to {end}")
        known, size = encode(score), steps_a_bar(score.grid.meters[0])
        plan = plan_of(score, prompt, taste.seed)
        rows = conditions_of(plan, score, known, stems, self.styles, taste.seed)
        fixed = np.tile(_known_streams(score, stems), (len(known), 1))
        redone = np.array([s.group in stems for s in STREAMS])
        fixed[first * size : end * size, redone] = False
        task = Task(plan.sections, size, rows, known, fixed, _no(plan))
        return self._rewritten(score, plan, task, taste, steps, humanise, stems, (first, end))

    def _rewritten(
        self, score: Score, plan: Blueprint, task: Task, taste: Taste, steps: Steps, humanise: float,
        stems: Sequence[str], bars: tuple[int, int],
    ) -> Score:  # fmt: skip
        singer = next((part.instrument for part in score.of_stem("vocals")), voice(plan, taste.seed))
        quiet = silent(plan, singer, taste.seed)
        sections = range(len(plan.sections))
        for group in GROUPS:
            if group not in stems:
                quiet[np.ix_(sections, [s.group == group for s in STREAMS])] = False
        tokens = self.sampler.write(replace(task, silent=quiet), taste, steps)
        written = decode(tokens, plan, singer, taste.seed, humanise=humanise)
        return spliced(score, written, stems, bars)


def _no(plan: Blueprint) -> Bools:
    return np.zeros((len(plan.sections), COUNT), bool)


def _known_streams(score: Score, redone: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Streams that a score says something about, bool [streams]. A stem that it does not have, and that nobody asked
    for, is left to the planner's imagination: it hears the whole band, and what it imagined is thrown away."""
    known = {stem for stem in STEMS if score.of_stem(stem) or stem in redone}
    known |= {"chords"} if score.chords else set()
    return np.array([s.group in known for s in STREAMS])


def silent(plan: Blueprint, singer: str, seed: int) -> Bools:
    """Streams that have no player, bool [sections, streams]."""
    found = _no(plan)
    for index, brief in enumerate(plan.briefs):
        players = cast(brief, role_styles(brief, plan.style, seed), seed)
        for i, stream in enumerate(STREAMS):
            mute = stream.group in brief.without or (stream.group == "other" and stream.name not in players)
            found[index, i] = mute or (stream.group == "vocals" and not singer)
    return found


def path_of(ref: ModelRef) -> Path:
    """The file of a reference: the house's own, or the path that it names."""
    return WEIGHTS if ref.name == HOUSE else Path(ref.name)


def _bytes(ref: ModelRef) -> int:
    """About what the weights take in memory: int8 matrices, and the token table in float32 beside them."""
    path = path_of(ref)
    return 3 * path.stat().st_size if path.is_file() else 0


@loader("planner", estimate=_bytes)
def load_planner(ref: ModelRef) -> Planner:
    """The planner that a reference names.

    Raises:
        LookupError: the weights are missing.
        ValueError: the weights are damaged or of another version.
    """
    return Planner(load(path_of(ref)))
