"""How good the renderer and the vocoder are, on songs of the test split, beside the instruments and chance.

None of the figures is what a network was trained to minimise: they are measured on the sound that comes out. The truth
is the same score played by the instruments; chance is the truth of another song.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from nawgraph.audio.chroma import chroma
from nawgraph.audio.onsets import onsets
from nawgraph.models.render.house import HouseRenderer, HouseVocoder
from nawgraph.models.render.space import RATE, spectrum
from nawgraph.training.render.songs import SPLITS, Recipe, song
from nawgraph.values import STEMS, Score, Stems
from nawgraph.values.signal import Float

NEAR = 0.02
"""Seconds within which an onset is found."""


@dataclass(frozen=True)
class Row:
    """A figure of the whole chain, the vocoder alone (true latents), the instruments (the truth) and chance."""

    name: str
    rendered: float
    vocoder: float | None = None
    instruments: float | None = None
    chance: float | None = None
    target: str = ""
    met: bool | None = None


@dataclass(frozen=True)
class Case:
    """A test song as it is meant, rendered, and decoded from its true latents."""

    score: Score
    truth: Stems
    rendered: Stems
    decoded: Stems
    seconds: float


def cases(
    renderer: HouseRenderer, vocoder: HouseVocoder, count: int, *, steps: int = 3, say: Callable[[str], None] = print
) -> list[Case]:
    """The first `count` songs of the test split, rendered."""
    found = []
    for number in range(count):
        score, truth = song(SPLITS["test"] + number, Recipe(bars=8))
        begin = time.process_time()
        latents = renderer.render(score, seed=number, count=steps, steps=lambda n, label: iter(range(n)))
        rendered = vocoder.decode(latents, length=truth.frames)
        spent = time.process_time() - begin
        found.append(Case(score, truth, rendered, vocoder.decode(vocoder.encode(truth), length=truth.frames), spent))
        say(f"{number + 1} of {count} songs")
    return found


def evaluate(found: list[Case]) -> Iterator[Row]:
    """The table, row by row."""
    drums = [c for c in found if any(p.notes for p in c.score.of_stem("drums"))]
    others = [replace(c, rendered=_cut(found[i - 1].truth, c.truth.frames)) for i, c in enumerate(found)]

    def of(part: str, cases: list[Case], figure: Callable[[Stems, Case], float | None]) -> float:
        values = [v for v in (figure(getattr(c, part), c) for c in cases) if v is not None]
        return float(np.mean(values))

    for name, kept, target, figure in (
        ("drum onset F1 (±20 ms), of the score", drums, 0.90, drum_f1),
        ("chroma correlation, tonal stems", found, 0.85, tonal_chroma),
        ("pitch found where notes are, bass", found, 0.85, lambda s, c: pitches(s, c, "bass")),
        ("pitch found where notes are, vocals", found, 0.85, lambda s, c: pitches(s, c, "vocals")),
    ):
        made, alone, truth = (of(part, kept, figure) for part in ("rendered", "decoded", "truth"))
        chance = of("rendered", [others[found.index(c)] for c in kept], figure)
        yield Row(name, made, alone, truth, chance, f"≥ {target}", made >= target)
    for stem in STEMS:

        def error(stems: Stems, case: Case, stem: str = stem) -> float | None:
            return log_error(stems, case, stem)

        made, alone, chance = of("rendered", found, error), of("decoded", found, error), of("rendered", others, error)
        yield Row(f"log-spectral error of {stem}, dB over strong bins", made, alone, 0.0, chance)
    made, alone, chance = (
        of(*pair, loudness_error) for pair in (("rendered", found), ("decoded", found), ("rendered", others))
    )
    yield Row("loudness of the stems, mean error in LU", made, alone, 0.0, chance)
    speed = sum(c.truth.seconds for c in found) / max(sum(c.seconds for c in found), 1e-9)
    yield Row("times real time, render and decode, processor time", speed)


def _cut(stems: Stems, frames: int) -> Stems:
    """Stems made as long as others by repeating or cutting."""
    return Stems.of({n: replace(a, samples=np.resize(a.samples, (2, frames))) for n, a in stems})


def drum_f1(stems: Stems, case: Case) -> float | None:
    """Onsets of the drums against the strokes of the score."""
    starts = [p.spans(case.score.grid, RATE)[:, 0] / RATE for p in case.score.of_stem("drums") if p.notes]
    wanted = np.unique(np.round(np.concatenate(starts), 3))
    wanted = wanted[np.diff(wanted, prepend=-1.0) > 0.03]
    found = onsets(stems["drums"].samples, RATE, threshold=0.06)  # ghost notes count as well
    if not len(found):
        return 0.0
    gaps = np.abs(wanted[:, None] - found[None])
    recall, precision = (gaps.min(axis=1) <= NEAR).mean(), (gaps.min(axis=0) <= NEAR).mean()
    return float(2 * recall * precision / max(recall + precision, 1e-9))


def tonal_chroma(stems: Stems, case: Case) -> float | None:
    """Correlation of chroma with the truth's, frame by frame, where the truth sounds."""
    mixes = [sum(s[n].samples for n in ("bass", "vocals", "other")) for s in (stems, case.truth)]
    a, b = (chroma(np.asarray(m, np.float32), RATE, tuned=False)[0] for m in mixes)
    size = min(a.shape[1], b.shape[1])
    loud = b[:, :size].max(axis=0) > 0.2 * b.max(initial=1e-9)
    frames = zip(a.T[:size][loud], b.T[:size][loud], strict=True)
    pairs = [np.corrcoef(x, y)[0, 1] for x, y in frames if x.std() * y.std()]
    return float(np.mean(pairs)) if pairs else None


def pitches(stems: Stems, case: Case, stem: str) -> float | None:
    """Share of sounding notes of a monophonic stem whose pitch class is the strongest in the middle of the note."""
    cq, rate = chroma(stems[stem].samples, RATE, tuned=False)
    hits, count = 0, 0
    for part in case.score.of_stem(stem):
        spans = part.spans(case.score.grid, RATE)
        for (begin, end), note in zip(spans, part.notes, strict=True):
            if end - begin < 0.15 * RATE:
                continue
            frame = round((begin + end) / 2 / RATE * rate)
            if frame < cq.shape[1]:
                hits += int(cq[:, frame].argmax() == note.pitch % 12)
                count += 1
    return hits / count if count else None


def log_error(stems: Stems, case: Case, stem: str) -> float | None:
    """Mean difference of magnitudes in dB where the truth is above −60 dB (2048-point spectra)."""
    if not any(p.notes for p in case.score.of_stem(stem)):
        return None
    count = case.truth.frames // 512
    a, b = (np.abs(spectrum(_mono(s[stem].samples), 2048, 512, count)) for s in (case.truth, stems))
    loud = a > 1e-3
    if not loud.any():
        return None
    return float(np.abs(20 * np.log10((a[loud] + 1e-4) / (b[loud] + 1e-4))).mean())


def loudness_error(stems: Stems, case: Case) -> float | None:
    """Mean over stems of how far the loudness is off, in LU."""
    from nawgraph.audio.loudness import integrated

    found = []
    for name in STEMS:
        a, b = (integrated(s[name].samples, RATE) for s in (case.truth, stems))
        if np.isfinite(a) and a > -60:
            found.append(abs(a - max(b, -70.0)))
    return float(np.mean(found)) if found else None


def _mono(samples: Float) -> npt.NDArray[np.float32]:
    return np.asarray(samples.mean(axis=0), np.float32)
