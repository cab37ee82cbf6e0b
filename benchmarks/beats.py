"""Beat tracking on the composer's songs: `python benchmarks/beats.py [--seeds 2] [--first 200] [--drift 0.05]`.

Songs of every style, with seeds that no training used, steady and with a tempo that drifts, are composed, played and
tracked by `song.grid`. Printed for each style: F-measure of beats and of first beats (± 70 ms, from the sixth second
on, as MIREX has it), the beats' error in time, whether the time signature was found, the share of beats on which
`song.chords` has the right triad, and the F-measure of section borders (± 0.5 s). Exit status 1 if the mean F-measure
of beats is below 0.95. `benchmarks/real_music.py` does it with recordings.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "songs"))

from drifting import agreement, borders, f_measure, heard_beats, take

from nawgraph.context import Context
from nawgraph.models import loaders
from nawgraph.music.styles import STYLES
from nawgraph.nodes import song

TARGET = 0.95


load = lru_cache(loaders.load)


@contextmanager
def lend(ref):
    yield load(ref)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=2, help="seeds a style")
    parser.add_argument("--first", type=int, default=200, help="first seed; training uses seeds from 1000 on")
    parser.add_argument("--bars", type=int, default=24, help="length of each song")
    parser.add_argument("--drift", type=float, default=0.05, help="of the drifting songs")
    return songs(parser.parse_args())


def songs(options: argparse.Namespace) -> int:
    heads = ("beats", "drifting", "bars", "off ms", "meter", "chords", "form")
    print(f"{'style':16s} " + " ".join(f"{head:>{9 if head == 'drifting' else 7}s}" for head in heads))
    every, drifted, firsts, meters, late, chords, form, spent, heard = [], [], [], [], [], [], [], 0.0, 0.0
    for style in STYLES:
        row: dict[str, list[float]] = defaultdict(list)
        for seed in range(options.first, options.first + options.seeds):
            for drift in (0.0, options.drift):
                made = take(style, seed, options.bars, drift)
                began = time.perf_counter()
                found = song.grid(made.audio, ctx=Context(lend=lend))
                spent, heard = spent + time.perf_counter() - began, heard + made.audio.seconds
                beats, bars = heard_beats(found.grid, made.audio.seconds)
                row["drifting" if drift else "steady"].append(f_measure(made.beats, beats))
                row["bars"].append(f_measure(made.bars, bars))
                off = np.array([beats[np.argmin(np.abs(beats - b))] - b for b in made.beats[made.beats > 5]])
                row["off"] += list(1000 * np.abs(off[np.abs(off) < 0.07]))
                score = song.chords(made.audio, found.grid, ctx=Context(lend=lend))
                score = song.sections(made.audio, score, ctx=Context(lend=lend))
                row["chords"].append(agreement(made, score))
                row["form"].append(borders(made, score))
                row["meter"].append(found.grid.meter_at(found.grid.bars // 2).beats == made.meter)
        both = row["steady"] + row["drifting"]
        print(
            f"{style:16s} {np.mean(both):7.3f} {np.mean(row['drifting']):9.3f} {np.mean(row['bars']):7.3f} "
            f"{np.mean(row['off']):7.1f} {np.mean(row['meter']):7.2f} {np.mean(row['chords']):7.2f} "
            f"{np.mean(row['form']):7.2f}",
            flush=True,
        )
        every, drifted, firsts = every + both, drifted + row["drifting"], firsts + row["bars"]
        meters, late = meters + row["meter"], late + row["off"]
        chords, form = chords + row["chords"], form + row["form"]
    mean = float(np.mean(every))
    print(
        f"{'all ' + str(len(every)) + ' songs':16s} {mean:7.3f} {np.mean(drifted):9.3f} {np.mean(firsts):7.3f} "
        f"{np.mean(late):7.1f} {np.mean(meters):7.2f} {np.mean(chords):7.2f} {np.mean(form):7.2f}\n"
        f"beats: median {np.median(every):.3f}, worst {min(every):.3f}, "
        f"{heard / spent:.0f} times real time"
    )
    passed = mean >= TARGET and float(np.mean(drifted)) >= TARGET
    print(f"F-measure of beats, also of drifting songs alone ≥ {TARGET}: {'pass' if passed else 'FAIL'}")
    return int(not passed)


if __name__ == "__main__":
    sys.exit(main())
