"""Exporters: what leaves the graph as files. The document that made a file is embedded in it."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated

from nawgraph.context import Context
from nawgraph.hints import Choice, Range, Seed
from nawgraph.node import node
from nawgraph.values import Audio

_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]+')


def safe_name(text: str, otherwise: str = "Untitled") -> str:
    """A file name that every system takes: no separators, no leading dots, at most 120 characters."""
    kept = "".join(
        c for c in unicodedata.normalize("NFC", text) if unicodedata.category(c)[0] in "LNPZS" and c != "\ufffd"
    )
    name = _UNSAFE.sub("-", kept).strip(" .-")
    return name.encode()[:120].decode("utf-8", "ignore").strip(" .-") or otherwise


@node("export.mix", title="Export sound", needs="io", aliases=("save", "write", "bounce", "render"))
def mix(
    audio: Audio,
    *,
    name: str = "Untitled_Mix",
    format: Annotated[str, Choice("wav", "flac", "ogg", "opus", "mp3")] = "wav",
    bits: Annotated[str, Choice("24", "16", "32-float")] = "24",
    quality: Annotated[float, Range(0, 1)] = 0.8,
    dither_seed: Annotated[int, Seed()] = 0,
    ctx: Context,
) -> None:
    """Write a sound into the output folder, whole or not at all; the graph that made it is embedded.

    `bits` is for WAV and FLAC (16 bit is dithered), `quality` for OGG, Opus and MP3.
    """
    from nawgraph.audio.files import write

    lossless = format in ("wav", "flac")
    if format == "flac" and bits == "32-float":
        raise ValueError("FLAC has no 32-float: choose 24 bits, or WAV")
    path = ctx.claim(f"{safe_name(name)}.{format}")
    ctx.check()
    write(
        path, audio, format, bits if lossless else None, quality=quality, seed=dither_seed, text=ctx.provenance or None
    )
    ctx.wrote(path)
