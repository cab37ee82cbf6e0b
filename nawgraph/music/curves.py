"""Control curves of scores: the same kinds as those of sounds, exactly as written."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nawgraph.values import Score

F32 = npt.NDArray[np.float32]


def spans_of(score: Score, stem: str, rate: float) -> list[tuple[float, float, int, float]]:
    """Begin and end in frames, pitch and velocity (0–1) of the notes of a stem."""
    fine = 1000
    return [
        (a / fine * rate, b / fine * rate, note.pitch, note.velocity / 127)
        for part in score.of_stem(stem)
        for (a, b), note in zip(part.spans(score.grid, fine), part.notes, strict=True)
    ]


def frames_of(score: Score, rate: float) -> int:
    """Frames of a score's bars."""
    return int(np.ceil(score.grid.frames(1000) / 1000 * rate)) + 1


def melody(score: Score, stem: str, rate: float) -> F32:
    """The highest note that sounds, float32 [2, frames]: MIDI note, 0 where none does, and 1 where one does."""
    made = np.zeros((2, frames_of(score, rate)), np.float32)
    for begin, end, pitch, _ in spans_of(score, stem, rate):
        part = made[:, round(begin) : max(round(end), round(begin) + 1)]
        part[0] = np.maximum(part[0], pitch)
        part[1] = 1
    return made


def onsets(score: Score, stem: str, rate: float) -> F32:
    """Velocity (0–1) of what begins at each frame, float32 [1, frames]."""
    made = np.zeros((1, frames_of(score, rate)), np.float32)
    for begin, _, _, velocity in spans_of(score, stem, rate):
        at = min(round(begin), made.shape[1] - 1)
        made[0, at] = max(made[0, at], velocity)
    return made


def dynamics(score: Score, stem: str, rate: float) -> F32:
    """How loudly is played, float32 [1, frames]: the strongest velocity (0–1) of the notes that sound."""
    made = np.zeros((1, frames_of(score, rate)), np.float32)
    for begin, end, _, velocity in spans_of(score, stem, rate):
        part = made[:, round(begin) : max(round(end), round(begin) + 1)]
        part[:] = np.maximum(part, velocity)
    return made


def harmony(score: Score, stem: str, rate: float) -> F32:
    """Pitch classes from C up that sound, float32 [12, frames]."""
    made = np.zeros((12, frames_of(score, rate)), np.float32)
    for begin, end, pitch, _ in spans_of(score, stem, rate):
        made[pitch % 12, round(begin) : max(round(end), round(begin) + 1)] = 1
    return made
