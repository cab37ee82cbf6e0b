"""Pictures of twelve songs by the house networks, one a style: the notes that the planner wrote, and below them the
spectrogram of every stem that the renderer painted. ``python tools/neural_pictures.py`` writes them for the docs.
"""

from __future__ import annotations

import contextlib
import functools
import io
from pathlib import Path

import numpy as np
from PIL import Image

from nawgraph.audio.pictures import spectrogram
from nawgraph.context import Context
from nawgraph.models.loaders import load
from nawgraph.music.roll import roll_png
from nawgraph.nodes import plan, render
from nawgraph.values import STEMS, Prompt

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
MODELS = functools.cache(load)
BARS = 8
SIZE = (700, 200)
PROMPTS = (
    "driving warehouse techno, 130 bpm, A minor", "warm deep house, 122 bpm, F minor, female vocals",
    "liquid drum and bass, 174 bpm, D minor", "heavy dubstep, 140 bpm, E minor", "dark trap, 142 bpm, C minor",
    "lo-fi hip hop, 84 bpm, D minor, mellow", "boom bap hip hop, 92 bpm, G minor",
    "jazz quartet, 120 bpm, B flat major", "funk, 104 bpm, E minor, slap bass",
    "rock with electric guitars, 136 bpm, A major",
    "calm ambient, 70 bpm, C major", "heroic orchestral theme, 110 bpm, D major",
)  # fmt: skip


def song(text: str, seed: int) -> np.ndarray:
    """Notes and four spectrograms of one song, one below the other, uint8 [height, width, 3]."""
    ctx = Context(lend=lambda ref: contextlib.nullcontext(MODELS(ref)))
    score = plan.generate(Prompt.of(text), bars=BARS, seed=seed, title=text, ctx=ctx)
    stems = render.decode(render.flow(score, seed=seed, ctx=ctx), score, ctx=ctx)
    pictures = [Image.open(io.BytesIO(roll_png(score, SIZE[0], 320)))]
    pictures += [spectrogram(stems[name].samples, stems.rate, *SIZE, title=name) for name in STEMS]
    return np.vstack([np.asarray(picture.convert("RGB")) for picture in pictures])


def main() -> None:
    """Two sheets of six songs."""
    for sheet in range(2):
        rows = [song(PROMPTS[number], number) for number in range(6 * sheet, 6 * sheet + 6)]
        left, right = np.vstack(rows[:3]), np.vstack(rows[3:])
        Image.fromarray(np.hstack([left, right])).quantize(128).save(
            FOLDER / f"neural_twelve_{sheet + 1}.png", optimize=True
        )


if __name__ == "__main__":
    main()
