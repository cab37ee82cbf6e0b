"""How fast the instruments are, on one core and warm: a table for each, and a 3-minute song of four stems.

    python benchmarks/synth_speed.py

Times are of this thread's CPU, so that other work on the machine does not count. Loudness and peak of a typical
part stand beside them: what the patches' levels are set by.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "synth"))

from synth_scores import song, typical

from nawgraph.synth import INSTRUMENTS, render
from nawgraph.values import Grid, Score, Stems

RATE = 44100
TARGET = 20.0


def timed(score: Score) -> tuple[Stems, float]:
    """Stems, and the CPU seconds they took."""
    start = time.thread_time()
    stems = render(score, RATE)
    return stems, time.thread_time() - start


def instruments() -> None:
    from rich.console import Console
    from rich.table import Table

    from nawgraph.audio.loudness import integrated

    table = Table("instrument", "× real time", "LUFS", "peak dBFS", title="A typical part of 16 bars")
    for name in sorted(INSTRUMENTS):
        part = typical(name, 16)
        score = Score(Grid.of(118, 16), (part,))
        render(score, RATE)
        stems, seconds = timed(score)
        sound = stems[part.stem].samples
        peak = 20 * np.log10(np.abs(sound).max())
        speed = float(score.grid.duration) / seconds
        table.add_row(name, f"{speed:.0f}", f"{integrated(sound, RATE):.1f}", f"{peak:.1f}")
    Console().print(table)


def songs() -> bool:
    """Print the speed of a 3-minute song in several styles; True where all reach the target."""
    good = True
    for style in ("house", "rock", "jazz", "ambient", "orchestral", "trap"):
        score = song(96, style)
        render(song(2, style), RATE)
        _, seconds = timed(score)
        speed = float(score.grid.duration) / seconds
        good &= speed >= TARGET
        print(f"{style:12s} {float(score.grid.duration):5.0f} s in {seconds:5.2f} s: {speed:5.1f}x (≥ {TARGET:.0f}x)")
    print("pass" if good else "FAIL")
    return good


if __name__ == "__main__":
    instruments()
    sys.exit(0 if songs() else 1)
