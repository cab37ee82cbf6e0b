"""Pictures of what wires carry, as PNG files in the output folder."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Annotated, Any

from nawgraph.context import Context
from nawgraph.hints import Range
from nawgraph.node import node
from nawgraph.nodes.export import safe_name
from nawgraph.values import Audio, Score

Width = Annotated[int, Range(200, 8000, unit="px")]
Height = Annotated[int, Range(80, 4000, unit="px")]
Tall = Annotated[int, Range(200, 4000, unit="px")]


def _write(png: bytes, name: str, ctx: Context) -> None:
    from nawgraph.audio.files import save

    path: Path = ctx.claim(f"{safe_name(name)}.png")
    save(path, png)
    ctx.wrote(path)


def _png(image: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


@node("picture.waveform", title="Picture of waveform", aliases=("png",))
def waveform(audio: Audio, *, name: str = "Waveform", width: Width = 1200, height: Height = 360, ctx: Context) -> None:
    """Peaks and RMS over time."""
    from nawgraph.audio.pictures import waveform as draw

    _write(_png(draw(audio.samples, audio.rate, width, height, name)), name, ctx)


@node("picture.spectrogram", title="Picture of spectrogram", aliases=("png", "spectrum"))
def spectrogram(
    audio: Audio, *, name: str = "Spectrogram", width: Width = 1200, height: Height = 480, ctx: Context
) -> None:
    """Level over time and (logarithmic) frequency."""
    from nawgraph.audio.pictures import spectrogram as draw

    _write(_png(draw(audio.samples, audio.rate, width, height, title=name)), name, ctx)


@node("picture.chroma", title="Picture of chroma", aliases=("png", "harmony"))
def chroma(audio: Audio, *, name: str = "Chroma", width: Width = 1200, height: Height = 360, ctx: Context) -> None:
    """Strength of the twelve pitch classes over time."""
    from nawgraph.audio.pictures import chromagram as draw

    _write(_png(draw(audio.samples, audio.rate, width, height, name)), name, ctx)


@node("picture.roll", title="Picture of piano roll", aliases=("png", "notes"))
def roll(score: Score, *, name: str = "Roll", width: Width = 1600, height: Tall = 800, ctx: Context) -> None:
    """All notes over bars, coloured by stem."""
    from nawgraph.music.roll import roll_png

    _write(roll_png(score, width, height), name, ctx)


@node("picture.form", title="Picture of form", aliases=("png", "sections", "arrangement"))
def form(score: Score, *, name: str = "Form", width: Width = 1600, height: Tall = 260, ctx: Context) -> None:
    """Sections, their energy, and what each stem does in them."""
    from nawgraph.music.roll import form_png

    _write(form_png(score, width, height), name, ctx)
