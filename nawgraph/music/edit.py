"""Edits of a whole score: transpose, quantise, humanise. Each returns a new score."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from nawgraph.music.passage import tidy
from nawgraph.music.streams import stream
from nawgraph.values import PPQ, STEMS, Chord, Key, Note, Score


def transpose(score: Score, semitones: int, stems: Iterable[str] = ()) -> Score:
    """Move a score up or down; drums stay. Notes that would leave the MIDI range are folded back by octaves.

    Args:
        score: what to move.
        semitones: −48 to 48.
        stems: only these stems (chords and keys then stay as they are); empty for the whole song.

    Raises:
        ValueError: too far, or an unknown stem.
    """
    if isinstance(semitones, bool) or not isinstance(semitones, int) or not -48 <= semitones <= 48:
        raise ValueError(f"semitones must be a whole number from −48 to 48, got {semitones!r}")
    wanted = _stems(score, stems)

    def moved(note: Note) -> Note:
        pitch = note.pitch + semitones
        while pitch > 127:
            pitch -= 12
        while pitch < 0:
            pitch += 12
        return replace(note, pitch=pitch)

    parts = tuple(
        replace(p, notes=_apart(map(moved, p.notes))) if p.stem in wanted and p.stem != "drums" else p
        for p in score.parts
    )
    if tuple(stems):
        return replace(score, parts=parts)
    keys = tuple(Key(k.bar, (k.tonic + semitones) % 12, k.mode) for k in score.keys)
    chords = tuple(_moved_chord(c, semitones) for c in score.chords)
    return replace(score, parts=parts, keys=keys, chords=chords)


def _moved_chord(chord: Chord, semitones: int) -> Chord:
    bass = chord.bass if chord.bass < 0 else (chord.bass + semitones) % 12
    return replace(chord, root=(chord.root + semitones) % 12, bass=bass)


def quantise(score: Score, division: int = 16, strength: float = 1.0, stems: Iterable[str] = ()) -> Score:
    """Pull note starts towards the grid; lengths stay, humanising fades by the same strength.

    Args:
        score: what to straighten.
        division: grid in n-th notes: 1, 2, 4, 8, 16, 32, or 3, 6, 12, 24, 48 for triplets.
        strength: 0 nothing to 1 exactly on the grid.
        stems: only these; empty for all.

    Raises:
        ValueError: an unknown division or stem, a strength outside 0 to 1.
    """
    if division not in (1, 2, 4, 8, 16, 32, 3, 6, 12, 24, 48):
        raise ValueError(f"division must be 1, 2, 4, 8, 16, 32 or 3, 6, 12, 24, 48 for triplets, got {division!r}")
    if not 0 <= strength <= 1:
        raise ValueError(f"strength must be 0 to 1, got {strength!r}")
    step, grid = 4 * PPQ // division, score.grid

    def straight(note: Note) -> Note:
        bar, at = grid.bar_at(note.start)
        nearest = min((at + step // 2) // step * step, grid.bar_ticks(bar))
        start = note.start + round((nearest - at) * strength)
        return replace(note, start=start, shift=round(note.shift * (1 - strength)))

    return _each(score, straight, _stems(score, stems))


def humanise(score: Score, seed: int, timing: float = 8.0, velocity: float = 6.0, stems: Iterable[str] = ()) -> Score:
    """Loosen the playing: normally distributed shifts and velocities, each part on its own stream of the seed.

    Args:
        score: what to loosen.
        seed: 0 or more.
        timing: standard deviation in milliseconds, 0–100, on top of what is there.
        velocity: standard deviation in MIDI steps, 0–64.
        stems: only these; empty for all.

    Raises:
        ValueError: a value out of range, an unknown stem.
    """
    if not 0 <= timing <= 100 or not 0 <= velocity <= 64:
        raise ValueError(f"timing must be 0–100 ms and velocity 0–64, got {timing!r} and {velocity!r}")
    wanted = _stems(score, stems)
    parts = []
    for part in score.parts:
        rng = stream(seed, "humanise", part.stem, part.name)
        draws = rng.standard_normal((len(part.notes), 2)).clip(-2.5, 2.5)
        if part.stem in wanted:
            notes = zip(part.notes, draws[:, 0] * timing * 1000, draws[:, 1] * velocity, strict=True)
            part = replace(part, notes=tuple(_loosened(n, round(d), round(v)) for n, d, v in notes))
        parts.append(part)
    return replace(score, parts=tuple(parts))


def _loosened(note: Note, shift: int, velocity: int) -> Note:
    shift = max(-1_000_000, min(1_000_000, note.shift + shift))
    return replace(note, shift=shift, velocity=max(1, min(127, note.velocity + velocity)))


def _each(score: Score, change: Callable[[Note], Note], stems: frozenset[str]) -> Score:
    parts = tuple(replace(p, notes=_apart(map(change, p.notes))) if p.stem in stems else p for p in score.parts)
    return replace(score, parts=parts)


def _apart(notes: Iterable[Note]) -> tuple[Note, ...]:
    """Notes without overlaps of one pitch: an edit may have pushed two onto each other."""
    given = list(notes)
    rest = {(n.start, n.pitch): n for n in given}
    end = max((n.end for n in given), default=0)
    raws = tidy([(n.start, n.length, n.pitch, n.velocity) for n in given], end)
    return tuple(replace(rest[s, p], length=n, velocity=v) for s, n, p, v in raws)


def _stems(score: Score, stems: Iterable[str]) -> frozenset[str]:
    known = set(STEMS) | {p.stem for p in score.parts}
    wanted = frozenset(stems) or frozenset(known)
    if not wanted <= known:
        raise ValueError(f"no stem {', '.join(sorted(wanted - known))} here; there are {', '.join(sorted(known))}")
    return wanted
