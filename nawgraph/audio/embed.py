"""The graph that made a sound, inside the sound's own file.

WAV: a chunk ``nawg``; FLAC, Ogg Vorbis and Opus: a comment NAWGRAPH; MP3: an ID3 TXXX frame NAWGRAPH. The sound
stays bit for bit, and other players read over it.
"""

from __future__ import annotations

import mmap
import os
from pathlib import Path

from nawgraph.audio.sniff import kind
from nawgraph.audio.tags import LIMIT, flac, id3, ogg, riff


def embed(data: bytes, text: str) -> bytes:
    """A sound file's bytes with a text embedded; an earlier text is replaced.

    Raises:
        ValueError: not WAV, FLAC, Ogg or MP3; RF64; damaged; or the text is too large for the format.
    """
    if len(text.encode()) > LIMIT:
        raise ValueError("the graph is too large to be embedded: over 64 MiB")
    found = kind(data[:64])
    if found in ("WAV", "RF64"):
        return riff.put(data, text)
    if found == "FLAC":
        return flac.put(data, text)
    if found == "OGG":
        return ogg.put(data, text)
    if found == "MP3":
        return id3.put(data, text)
    raise ValueError(f"a graph cannot be embedded in {found or 'this'} content: use WAV, FLAC, OGG, Opus or MP3")


def extract(source: bytes | str | os.PathLike[str]) -> str | None:
    """The text embedded in a sound file (a path) or its bytes; None where there is none, damaged data included.

    Raises:
        ValueError: the file does not exist or cannot be read.
    """
    if isinstance(source, bytes):
        return _found(memoryview(source))
    path = Path(source)
    try:
        with path.open("rb") as stream:
            if path.stat().st_size == 0:
                return None
            with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data, memoryview(data) as view:
                return _found(view)
    except FileNotFoundError:
        raise ValueError(f"{path} does not exist") from None
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror or error}") from None


def _found(data: memoryview) -> str | None:
    readers = {"WAV": riff.get, "FLAC": flac.get, "OGG": ogg.get, "MP3": id3.get}
    reader = readers.get(kind(bytes(data[:64])))
    return reader(data) if reader else None
