"""From scores to tokens.

What is lost: slash basses of chords (the bass line itself is kept), lengths finer than a sixteenth, velocities of
pitched notes, several hand drums at one step, rolls other than two or three hits a step, inner voices of chords that
are not in close position, more than one note at a time in a line, and timing between the steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from nawgraph.models.planner.players import slot_of
from nawgraph.models.planner.vocabulary import (
    CHORDAL,
    COUNT,
    FIRST,
    HANDS,
    HOLD,
    INDEX,
    KIT,
    LEVEL_ENDS,
    PEDAL,
    REST,
    SHAKER,
    STEP,
    STREAMS,
    TOMS,
    TOPS,
    Stream,
    Tokens,
    centred,
    steps_a_bar,
)  # fmt: skip
from nawgraph.music.lyrics import SYLLABLES
from nawgraph.music.styles import STYLES
from nawgraph.values import Note, Part, Score
from nawgraph.values.score import QUALITIES


def encode(score: Score) -> Tokens:
    """The tokens of a score, int16 [steps, streams].

    Raises:
        ValueError: meters that the planner does not write, or a change of meter.
    """
    steps = song_steps(score)
    tokens = np.zeros((steps, COUNT), np.int16)
    tonic = tonics(score)
    _chords(score, tonic, tokens[:, INDEX["chord"]])
    _drums(score.of_stem("drums"), tokens)
    _line(STREAMS[INDEX["bass"]], _notes(score.of_stem("bass")), tonic, tokens[:, INDEX["bass"]], lowest=True)
    sung = _notes(score.of_stem("vocals"))
    _line(STREAMS[INDEX["vocal"]], sung, tonic, tokens[:, INDEX["vocal"]])
    _syllables(sung, tokens)
    for name, parts in slots(score).items():
        stream = STREAMS[INDEX[name]]
        column, notes = tokens[:, INDEX[name]], _notes(parts)
        if name in CHORDAL:
            _tops(stream, notes, tonic, column)
        else:
            _line(stream, notes, tonic, column)
    return tokens


def song_steps(score: Score) -> int:
    """Steps of a score.

    Raises:
        ValueError: meters that the planner does not write.
    """
    if len(score.grid.meters) > 1:
        raise ValueError("the planner writes songs of one meter, and this score changes its meter")
    return score.bars * steps_a_bar(score.grid.meters[0])


def tonics(score: Score) -> npt.NDArray[np.int64]:
    """The centred tonic of every step, int64 [steps]; C where the score names no key."""
    size = steps_a_bar(score.grid.meters[0])
    keys = [score.key_at(bar) for bar in range(score.bars)]
    return np.repeat([centred(k.tonic) if k else 0 for k in keys], size)


def slots(score: Score) -> dict[str, list[Part]]:
    """The parts of the stem other by the stream that holds them."""
    found: dict[str, list[Part]] = {}
    for part in score.of_stem("other"):
        found.setdefault(_slot(part, score.style), []).append(part)
    return found


def _slot(part: Part, style: str) -> str:
    """By the layer that the part is called after, else by what its notes look like."""
    for name in dict.fromkeys((style, *STYLES)):
        if name not in STYLES:
            continue
        for layer in STYLES[name].layers:
            if layer.name == part.name.split(" (")[0].rstrip("'"):
                return slot_of(layer, STYLES[name])
    starts = [note.start for note in part.notes]
    if len(starts) > 1.5 * len(set(starts)):
        long = sum(note.length for note in part.notes) > 8 * STEP * len(starts)
        return "pad" if long else "comp"
    return "lead"


def _notes(parts: Iterable[Part]) -> list[Note]:
    return sorted((n for p in parts for n in p.notes), key=lambda n: (n.start, n.pitch))


def at_step(tick: int) -> int:
    """The step nearest to a tick."""
    return (tick + STEP // 2) // STEP


def _chords(score: Score, tonic: npt.NDArray[np.int64], column: Tokens) -> None:
    for chord in score.chords:
        begin, end = at_step(chord.start), at_step(chord.end)
        for step in range(begin, min(end, len(column))):
            column[step] = chord_token(chord.root, chord.quality, int(tonic[step]))


def chord_token(root: int, quality: str, tonic: int) -> int:
    """The token of a chord in a key."""
    return 1 + (root - tonic) % 12 * len(QUALITIES) + QUALITIES.index(quality)


def pitch_token(stream: Stream, pitch: int, tonic: int) -> int:
    """The token of a pitch; pitches outside the stream's range move by octaves into it."""
    at = pitch - tonic - stream.low
    top = stream.size - FIRST - 1
    while at < 0:
        at += 12
    while at > top:
        at -= 12
    return FIRST + at


def _span(note: Note, steps: int) -> tuple[int, int]:
    begin = at_step(note.start)
    return begin, min(max(begin + 1, at_step(note.end)), steps)


def _line(
    stream: Stream, notes: Sequence[Note], tonic: npt.NDArray[np.int64], column: Tokens, *, lowest: bool = False
) -> None:
    """One note at a time: a later one ends the one before, of several at once the highest (or lowest) is kept."""
    chosen: dict[int, Note] = {}
    for note in notes:
        step = at_step(note.start)
        if step < len(column) and (step not in chosen or not lowest):
            chosen[step] = note
    for step in sorted(chosen):
        begin, end = _span(chosen[step], len(column))
        column[begin:end] = HOLD
        column[begin] = pitch_token(stream, chosen[step].pitch, int(tonic[begin]))
        _cut(column, end)


def _cut(column: Tokens, end: int) -> None:
    """What an older, longer note still held after `end` is over."""
    while end < len(column) and column[end] == HOLD:
        column[end] = REST
        end += 1


def _tops(stream: Stream, notes: Sequence[Note], tonic: npt.NDArray[np.int64], column: Tokens) -> None:
    """The highest sounding note wherever one begins, held as long as anything sounds; a pad's also where it falls,
    since inner voices hold on when the highest ends."""
    tops = np.full(len(column), -1)
    for note in notes:
        begin, end = _span(note, len(column))
        tops[begin:end] = np.maximum(tops[begin:end], note.pitch)
    column[tops >= 0] = HOLD
    steps = {at_step(note.start) for note in notes}
    if stream.name == "pad":
        steps |= {int(step) + 1 for step in np.flatnonzero((tops[1:] >= 0) & (tops[1:] < tops[:-1]))}
    for step in steps:
        if step < len(column):
            column[step] = pitch_token(stream, int(tops[step]), int(tonic[step]))


def _syllables(notes: Sequence[Note], tokens: Tokens) -> None:
    words = {at_step(n.start): n.syllable for n in notes}
    for step in np.flatnonzero(tokens[:, INDEX["vocal"]] >= FIRST):
        word = words.get(int(step), "")
        tokens[step, INDEX["syllable"]] = 1 + (SYLLABLES.index(word) if word in SYLLABLES else 0)


def _drums(parts: Iterable[Part], tokens: Tokens) -> None:
    hits: dict[int, list[Note]] = {}
    for note in _notes(parts):
        if note.start // STEP < len(tokens):
            hits.setdefault(note.start // STEP, []).append(note)
    for step, notes in hits.items():
        pitches = {note.pitch for note in notes}
        tokens[step, INDEX["kit"]] = sum(1 << bit for bit, voice in enumerate(KIT) if voice in pitches)
        tokens[step, INDEX["percussion"]] = _percussion(pitches)
        if tokens[step, INDEX["kit"]] or tokens[step, INDEX["percussion"]]:
            tokens[step, INDEX["dynamics"]] = _dynamics(notes)


def _percussion(pitches: set[int]) -> int:
    hand = next((i for i, voice in enumerate(HANDS) if voice and voice in pitches), 0)
    tom = next((i for i, voice in enumerate(TOMS) if voice and voice in pitches), 0)
    return hand + 8 * tom + 32 * (PEDAL in pitches) + 64 * (SHAKER in pitches)


_KNOWN = frozenset((*KIT, *TOMS, *HANDS, PEDAL, SHAKER)) - {0}


def _dynamics(notes: Sequence[Note]) -> int:
    known = [n for n in notes if n.pitch in _KNOWN]
    body = max((n.velocity for n in known if n.pitch not in TOPS), default=0)
    tops = max((n.velocity for n in known if n.pitch in TOPS), default=0)
    rolled = max(sum(n.pitch == voice for n in known) for voice in {n.pitch for n in known})
    return level(body) + 6 * level(tops) + 36 * (min(rolled, 3) - 1)


def level(velocity: int) -> int:
    """The loudness level of a velocity, 0 for none."""
    return 0 if velocity == 0 else 1 + sum(velocity >= end for end in LEVEL_ENDS)
