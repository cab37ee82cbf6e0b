"""Compile what numba compiles, once, so that nobody's first song waits for it: ``python -m nawgraph.warm``.

It plays one note on every instrument, mixes and measures it. The compiled functions are kept beside their
modules (or in the user's cache folder if those cannot be written to) until the source changes.
"""

from __future__ import annotations

import time


def main() -> None:
    """Compile everything, and say how long it took."""
    from nawgraph.audio.key import key
    from nawgraph.audio.mixer import mixdown
    from nawgraph.audio.tempo import beats
    from nawgraph.music.compose import compose
    from nawgraph.synth.catalogue import INSTRUMENTS
    from nawgraph.synth.render import render
    from nawgraph.values import PPQ, Grid, Note, Part, Score

    start = time.perf_counter()
    notes = (Note(0, PPQ, 60, syllable="la"), Note(PPQ, PPQ, 64, syllable="sol"))
    drums = tuple(Note(i * PPQ // 8, PPQ // 8, pitch) for i, pitch in enumerate(range(35, 60)))
    for name in sorted(INSTRUMENTS):
        kind = name.partition(".")[0]
        stem = {"kit": "drums", "bass": "bass", "voice": "vocals"}.get(kind, "other")
        part = Part(stem, "part", name, drums if kind == "kit" else notes)
        render(Score(Grid(bars=1), (part,)), tail=False)
    mixed = mixdown(render(compose("funk, 100 bpm", 2, 0)), bpm=100)
    beats(mixed.mix.samples, mixed.mix.rate)
    key(mixed.mix.samples, mixed.mix.rate)
    print(f"compiled in {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
