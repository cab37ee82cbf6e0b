"""Annotations of sound files: one JSON object a line, as `nawgraph train annotate` writes them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nawgraph.values.signal import Float


@dataclass(frozen=True)
class Line:
    """A line of a file of annotations.

    Attributes:
        end: bytes of the file up to and with this line.
        data: what it says.
    """

    end: int
    data: dict[str, Any]


def lines(data: bytes) -> Iterator[Line]:
    """The whole lines of a file; the first that is torn or no object ends it, as an interrupted writer leaves one."""
    at = 0
    while True:
        stop = data.find(b"\n", at)
        if stop < 0:
            return
        try:
            found = json.loads(data[at:stop])
        except ValueError:
            return
        if not isinstance(found, dict) or not isinstance(found.get("file"), str):
            return
        at = stop + 1
        yield Line(at, found)


@dataclass(frozen=True)
class Known:
    """A file whose embedding is known."""

    file: str
    caption: str
    vector: Float


def known(path: Path, space: str) -> list[Known]:
    """All files of some annotations that have an embedding of a space.

    Raises:
        ValueError: the file cannot be read, holds no annotations, or none of this space.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    every = [line.data for line in lines(data)]
    if not every:
        raise ValueError(f"{path} holds no annotations: make them with 'nawgraph train annotate FOLDER'")
    found = [d for d in every if d.get("space") == space and isinstance(d.get("embedding"), list)]
    if not found:
        other = next((str(d["space"]) for d in every if d.get("space")), "none")
        raise ValueError(f"{path} has embeddings of {other}, not of {space}: annotate anew with the same CLAP")
    return [Known(d["file"], str(d.get("caption") or ""), np.asarray(d["embedding"], np.float32)) for d in found]
