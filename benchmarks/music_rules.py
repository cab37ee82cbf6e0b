"""The musical rules on many songs: `python benchmarks/music_rules.py [--songs 200] [--per-style 100] [--bars 32]`.

Prints each figure with its target and pass or fail; exit status 1 if one fails. Takes a few minutes with the defaults.
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
import time
from collections.abc import Callable

from nawgraph.music import rules
from nawgraph.music.compose import compose
from nawgraph.music.styles import STYLES
from nawgraph.values import Score


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--songs", type=int, default=200, help="songs for the rules, spread over the styles")
    parser.add_argument("--per-style", type=int, default=100, help="songs a style for shared passages")
    parser.add_argument("--bars", type=int, default=32)
    options = parser.parse_args()
    names = list(STYLES)
    songs = [compose(f"{names[i % len(names)]}, vocals", 64, i) for i in range(options.songs)]
    failed = judged(songs)
    failed += shared(options.per_style, options.bars)
    failed += speed()
    return int(failed > 0)


def line(name: str, figure: float, target: str, passed: bool) -> int:
    print(f"{name:52s} {figure:10.4f}   {target:>10s}   {'pass' if passed else 'FAIL'}")
    return int(not passed)


def judged(songs: list[Score]) -> int:
    def mean(rule: Callable[[Score], float]) -> float:
        return statistics.fmean(v for v in map(rule, songs) if not math.isnan(v))

    def least(rule: Callable[[Score], float]) -> float:
        return min(v for v in map(rule, songs) if not math.isnan(v))

    failed = 0
    roots, tones = mean(rules.bass_roots), mean(rules.melody_in_chord)
    failed += line("bass root on strong beats, mean", roots, ">= 0.95", roots >= 0.95)
    failed += line(
        "bass root on strong beats, worst song", least(rules.bass_roots), ">= 0.95", least(rules.bass_roots) >= 0.95
    )
    failed += line("melody strong beats in chord, mean", tones, ">= 0.90", tones >= 0.9)
    failed += line(
        "melody strong beats in chord, worst song",
        least(rules.melody_in_chord),
        ">= 0.90",
        least(rules.melody_in_chord) >= 0.9,
    )
    widest = max(max(rules.leaps(s), default=0) for s in songs)
    failed += line("widest sung leap, semitones", widest, "<= 12", widest <= 12)
    wrong = sum(len(rules.overlaps(s)) + len(rules.stuck(s)) for s in songs)
    failed += line("overlapping or stuck notes", wrong, "0", wrong == 0)
    copies = mean(rules.verbatim_repeats)
    failed += line("sections repeated verbatim, share", copies, "0", copies == 0)
    inside = mean(rules.in_key)
    failed += line("pitched notes in key or chord", inside, ">= 0.95", inside >= 0.95)
    form = mean(rules.form_heard)
    failed += line("bar self-similarity against the plan, correlation", form, ">= 0.60", form >= 0.6)
    return failed


def shared(count: int, bars: int) -> int:
    failed = 0
    for name in STYLES:
        found = rules.shared_passages(compose(f"{name} in A minor", bars, seed) for seed in range(count))
        failed += line(f"4-bar passages shared by two of {count} songs: {name}", len(found), "0", not found)
    return failed


def speed() -> int:
    times = []
    for name in STYLES:
        compose(name, 8, 0)
        start = time.process_time()
        compose(name, 64, 1)
        times.append(time.process_time() - start)
    return line("64 bars, slowest style, CPU seconds", max(times), "< 0.2", max(times) < 0.2)


if __name__ == "__main__":
    sys.exit(main())
