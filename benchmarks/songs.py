"""The acceptance of songs from prompts: `python benchmarks/songs.py [--bars 8] [--only songs|styles|form|speed]`.

Sixty prompts are rendered and measured (tempo, key, sums, levels, onsets), a listener learns the styles from other
seeds and names them, the form is compared with the plan, and a three-minute song is timed. Each figure is printed with
its target and pass or fail; exit status 1 if one fails. About ten minutes on two cores.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "songs"))

import acceptance
from form import heard
from prompts import PROMPTS

from nawgraph.music.compose import compose
from nawgraph.synth.render import render
from nawgraph.training.listener import Listener, features
from nawgraph.values import Audio, Score

RATE = 22050
NAMES = list(dict.fromkeys(wanted.style for wanted in PROMPTS))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bars", type=int, default=8, help="length of each song")
    parser.add_argument("--known", type=int, default=8, help="seeds a style that the listener learns from")
    parser.add_argument("--only", choices=("songs", "styles", "form", "speed"))
    options = parser.parse_args()
    failed = 0
    for name, measure in (("songs", songs), ("styles", styles), ("form", form), ("speed", speed)):
        if options.only in (None, name):
            failed += measure(options)
    return int(failed > 0)


def line(name: str, figure: float, target: str, passed: bool) -> int:
    print(f"{name:58s} {figure:10.4f}   {target:>10s}   {'pass' if passed else 'FAIL'}", flush=True)
    return int(not passed)


def songs(options: argparse.Namespace) -> int:
    """All sixty prompts."""
    figures: dict[str, list[float]] = defaultdict(list)
    keys: dict[str, list[float]] = defaultdict(list)
    for number, wanted in enumerate(PROMPTS):
        take = acceptance.make(wanted.text, number, options.bars)
        found = {
            "tempo": acceptance.tempo_error(take, wanted),
            "key": acceptance.key_score(take, wanted),
            "residual": acceptance.residual(take),
            "onset": float(np.abs(acceptance.onset_errors(take)).max(initial=0)) * 1000,
            "lengths": len(acceptance.lengths(take)),
        }
        loudness, found["peak"] = acceptance.levels(take)
        found["loudness"] = abs(loudness - acceptance.LOUDNESS)
        for name, figure in found.items():
            figures[name].append(figure)
        keys[wanted.style].append(found["key"])
        if found["tempo"] > 0.005 or found["key"] < 1 or found["onset"] > 5:
            print(
                f"  {wanted.text!r}: tempo off {found['tempo']:.2%}, key {found['key']}, onset {found['onset']:.1f} ms"
            )
    print("  key by style: " + ", ".join(f"{name} {np.mean(values):.2f}" for name, values in keys.items()))
    right = float(np.mean(np.array(figures["tempo"]) <= 0.005))
    key, worst = float(np.mean(figures["key"])), {name: max(values) for name, values in figures.items()}
    return (
        line("tempo within 0.5 %, share of 60 prompts", right, ">= 0.95", right >= 0.95)
        + line("tempo, median error in %", 100 * float(np.median(figures["tempo"])), "<= 0.5", True)
        + line("key, mean score of 60 prompts", key, ">= 0.90", key >= 0.9)
        + line("stems less pre-master, worst, dBFS in 24 bit", worst["residual"], "< -90", worst["residual"] < -90)
        + line("true peak, worst, dBTP", worst["peak"], "<= -1", worst["peak"] <= -1)
        + line("mix loudness, worst distance, LU", worst["loudness"], "<= 1", worst["loudness"] <= 1)
        + line("drum onset to the grid, worst, ms", worst["onset"], "< 5", worst["onset"] < 5)
        + line("different lengths in a song", worst["lengths"], "1", worst["lengths"] == 1)
    )


def played(score: Score) -> Audio:
    return Audio(np.sum([audio.samples for _, audio in render(score, RATE, seed=score.seed)], axis=0), RATE)


def sounds_like(text: str, seed: int, bars: int) -> npt.NDArray[np.float64]:
    score = compose(text, bars, seed)
    meter = score.grid.meters[0]
    return features(played(score), score.bpm, 4 * meter.beats / meter.unit)


def styles(options: argparse.Namespace) -> int:
    """A listener who learned from other seeds."""
    known = [(style, 1000 + seed) for seed in range(options.known) for style in NAMES]
    examples = np.array([sounds_like(style, seed, options.bars) for style, seed in known])
    listener = Listener(examples, [style for style, _ in known])
    named = [listener.name(sounds_like(wanted.text, i, options.bars)) for i, wanted in enumerate(PROMPTS)]
    for wanted, name in zip(PROMPTS, named, strict=True):
        if name != wanted.style:
            print(f"  {wanted.text!r} sounds like {name}")
    right = float(np.mean([name == wanted.style for name, wanted in zip(named, PROMPTS, strict=True)]))
    return line(f"styles named by ear, 60 prompts, {options.known} seeds a style known", right, ">= 0.90", right >= 0.9)


def form(options: argparse.Namespace) -> int:
    """Self-similarity of the bars against the plan, less what bars in random order give."""
    gains = []
    for name in NAMES:
        scores = [compose(name, 32, seed) for seed in (5, 6)]
        found = [a - b for a, b in (heard(played(score), score) for score in scores)]
        print(f"  form heard in {name}: {found[0]:.2f}, {found[1]:.2f}")
        gains += found
    mean = float(np.mean(gains))
    return line("form heard less random order, mean of 24 songs", mean, ">= 0.85", mean >= 0.85)


def speed(options: argparse.Namespace) -> int:
    """A song of three minutes, warm: compose, play, mix, and write stems, mix and MIDI."""
    from nawgraph.context import Context
    from nawgraph.nodes import export

    acceptance.make("house, 124 bpm", 0, 4)
    start = time.perf_counter()
    take = acceptance.make("house, 124 bpm, A minor, female vocals", 1, 93, humanise=1.0)
    with tempfile.TemporaryDirectory() as folder:
        ctx = Context(Path(folder))
        export.stems(take.mixed.stems, take.score, ctx=ctx)
        export.mix(take.mixed.mix, take.score, ctx=ctx)
        export.midi(take.score, ctx=ctx)
        seconds = time.perf_counter() - start
    print(f"  {take.mixed.mix.frames / take.mixed.mix.rate:.0f} s of music")
    return line("three-minute song with mixing and export, seconds", seconds, "<= 15", seconds <= 15)


if __name__ == "__main__":
    sys.exit(main())
