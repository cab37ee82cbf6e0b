"""A page to listen to: what the networks made of prompts, beside the instruments, with rolls and spectrograms."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from nawgraph.audio.encode import encode
from nawgraph.audio.pictures import spectrogram
from nawgraph.audio.plot import png
from nawgraph.music.roll import roll_png
from nawgraph.training.whole import RATE, Take, mix
from nawgraph.values import Audio, Score, Stems

_HEAD = """<!doctype html><meta charset="utf-8"><title>House models</title>
<style>body{font:15px sans-serif;max-width:1240px;margin:2em auto;padding:0 1em}
img,audio{width:100%}td{width:50%;vertical-align:top}</style>
<h1>House models</h1><p>Left by networks, right by composer and instruments, to the same prompt.</p>
"""


def write(folder: Path, takes: Sequence[Take]) -> Path:
    """Write ``index.html`` with sounds (Ogg Vorbis) and pictures (PNG) into a folder, which is made if need be.

    Raises:
        OSError: it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    parts = [_HEAD]
    for number, take in enumerate(takes):
        cells = [
            _cell(folder, f"{number:02}_{side}", *of) for side, of in (("networks", take.made), ("played", take.played))
        ]
        parts.append(f"<h2>{html.escape(take.text)}</h2><table><tr>{''.join(cells)}</tr></table>\n")
    page = folder / "index.html"
    page.write_text("".join(parts), encoding="utf-8")
    return page


def _cell(folder: Path, name: str, score: Score, stems: Stems) -> str:
    whole = _level(mix(stems))
    (folder / f"{name}.ogg").write_bytes(encode(whole, "ogg"))
    (folder / f"{name}_roll.png").write_bytes(roll_png(score, 800, 400))
    (folder / f"{name}_spectrum.png").write_bytes(png(spectrogram(whole.samples, RATE, 800, 300)))
    pictures = "".join(f'<img src="{name}_{what}.png" alt="{what}">' for what in ("roll", "spectrum"))
    return f'<td><audio controls preload="none" src="{name}.ogg"></audio>{pictures}</td>'


def _level(audio: Audio) -> Audio:
    """Brought to a peak of −1 dBFS, so that nothing clips and all are heard alike."""
    top = float(np.abs(audio.samples).max(initial=0.0))
    return replace(audio, samples=audio.samples * np.float32(0.891 / top)) if top > 0 else audio
