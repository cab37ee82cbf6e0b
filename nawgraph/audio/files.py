"""Sound files in and out.

Reading goes by content, never by suffix. Writing is all or nothing: the bytes are made in memory (a large WAV: in a
file), written to a temporary file beside the target, flushed to the disk and renamed, so that a full disk or a crash
leaves the old file or none. Equal sound and options give equal bytes: dither comes from a seed, and the time stamps and
random serial numbers that libsndfile puts into WAV and Ogg files are replaced.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from nawgraph.audio import foreign, large
from nawgraph.audio.check import first_bad_frame
from nawgraph.audio.encode import FORMATS, parts
from nawgraph.audio.memory import available
from nawgraph.audio.sniff import kind, truncation
from nawgraph.values.signal import Audio, Float

READABLE = "WAV, FLAC, OGG, Opus, MP3 and AIFF"

_UNKNOWN = 1 << 40
"""Frames from which on a header's length is none: a stream's."""

_BLOCK = 1 << 18
"""Frames that are read at once."""


def read(path: str | os.PathLike[str]) -> Audio:
    """The sound in a WAV, FLAC, Ogg Vorbis, Opus, MP3 or AIFF file of any width, rate and up to 64 channels.

    M4A is read where the program ffmpeg is installed. The length in the header of an MP3 may be an estimate, and an Ogg
    file that was cut out of a longer one counts from there: the sound may end up to a second, or a hundredth, earlier.

    Raises:
        ValueError: one sentence that names the file: missing, empty, truncated, not a sound file, damaged, NaN in it.
    """
    file = Path(path)
    try:
        size = file.stat().st_size
        with file.open("rb") as stream:
            if size == 0:
                raise ValueError(f"{file} is empty: there is no sound in it")
            lost = truncation(stream, size)
            if lost:
                raise ValueError(f"{file} is truncated ({lost}): copy or export it again")
            return _decoded(file, stream)
    except FileNotFoundError:
        raise ValueError(f"{file} does not exist") from None
    except IsADirectoryError:
        raise ValueError(f"{file} is a folder, not a sound file") from None
    except OSError as error:
        raise ValueError(f"{file} cannot be read: {error.strerror or error}") from None


def _decoded(file: Path, stream: BinaryIO) -> Audio:
    import soundfile

    head = stream.read(4096)
    stream.seek(0)
    found = kind(head)
    if found == foreign.M4A:
        return foreign.read(file)
    if found.startswith("not:"):
        raise ValueError(f"{file} is {found[4:]}, which nawgraph cannot read: convert it to {READABLE}")
    try:
        with soundfile.SoundFile(stream) as f:
            promised, rate = f.frames, f.samplerate
            x = _samples(f, file)
    except soundfile.LibsndfileError as error:
        why = str(error.error_string).rstrip(".")
        if found == "MP3" and "exist" in why:  # libsndfile says so where there is no frame: "File does not exist or …"
            why = "no whole frame is in it"
        wrong = (
            f"its {found} content is damaged ({why})" if found else f"it holds no sound of a known kind ({READABLE})"
        )
        raise ValueError(f"{file} is not readable: {wrong}") from None
    except MemoryError:
        raise ValueError(f"{file} is damaged, or too long for this computer's memory: cut it into parts") from None
    lost = promised - x.shape[1] if promised < _UNKNOWN else 0
    if lost > (max(rate, promised // 100) if found in ("MP3", "OGG") else 0):
        raise ValueError(
            f"{file} is truncated ({x.shape[1] / rate:.2f} s of {promised / rate:.2f} s): copy or export it again"
        )
    bad = first_bad_frame(x)
    if bad is not None:
        raise ValueError(f"{file} has a value that is no number at {bad / rate:.3f} s: mend it in an audio editor")
    try:
        return Audio(x, rate)
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from None


def _samples(f: Any, file: Path) -> Float:
    """All samples of an open sound file, float32 [channels, frames], read block by block: nothing is held twice."""
    if f.frames >= _UNKNOWN:
        return np.ascontiguousarray(f.read(dtype="float32", always_2d=True).T, dtype=np.float32)
    needed, free = 4 * f.frames * f.channels, available()
    if free is not None and needed > free and not large.roomy(needed):
        raise ValueError(
            f"{file} lasts {f.frames / f.samplerate / 60:.0f} minutes and needs {needed / 2**30:.1f} GiB of memory, "
            f"{free / 2**30:.1f} GiB are free: cut it into parts, or close other programs"
        )
    x, at = large.zeros(f.channels, f.frames), 0
    while at < f.frames:
        block = f.read(_BLOCK, dtype="float32", always_2d=True)
        if not len(block):
            break
        x[:, at : at + len(block)] = block.T
        at += len(block)
    return large.done(x) if at == f.frames else np.ascontiguousarray(x[:, :at])


def write(
    path: str | os.PathLike[str],
    audio: Audio,
    format: str | None = None,
    subtype: str | None = None,
    *,
    quality: float = 0.8,
    seed: int = 0,
    text: str | None = None,
) -> Path:
    """Write a sound file, whole or not at all.

    Args:
        path: where; its folder must exist.
        audio: the sound.
        format: a key of `FORMATS`; None takes it from the suffix.
        subtype: width of the samples, see `encode`; None for the format's default.
        quality: 0–1, of the lossy formats.
        seed: of the dither.
        text: embedded in the file (see `nawgraph.audio.embed`), for example the graph that made it.

    Returns:
        The path.

    Raises:
        ValueError: unknown format, sound that the format cannot hold, or a path that cannot be written; says which.
    """
    file = Path(path)
    return save(file, *parts(audio, format or format_of(file), subtype, quality=quality, seed=seed, text=text))


def format_of(path: Path) -> str:
    """The format that a path's suffix asks for.

    Raises:
        ValueError: no such format.
    """
    name = path.suffix.lower().lstrip(".")
    name = {"oga": "ogg", "wave": "wav"}.get(name, name)
    if name not in FORMATS:
        raise ValueError(f"{path} has no suffix of a sound file that nawgraph writes: use .{', .'.join(FORMATS)}")
    return name


def save(path: str | os.PathLike[str], *parts: bytes | memoryview) -> Path:
    """Put bytes into a file: afterwards it holds all of them, or is as it was before.

    Raises:
        ValueError: the path cannot be written; says why.
    """
    file = Path(path)
    temporary = file.with_name(f".{file.name[:200]}.{os.getpid()}.{os.urandom(4).hex()}.tmp")
    try:
        try:
            with temporary.open("xb") as stream:
                for part in parts:
                    stream.write(part)
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(file)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
    except OSError as error:
        raise ValueError(f"{file} cannot be written: {_reason(error, file)}") from None
    return file


def _reason(error: OSError, file: Path) -> str:
    import errno

    reasons: dict[Any, str] = {
        errno.ENOSPC: "the disk is full, free some space",
        errno.EDQUOT: "your share of the disk is used up, free some space",
        errno.EACCES: f"no permission in the folder {file.parent}",
        errno.EPERM: f"no permission in the folder {file.parent}",
        errno.EROFS: f"the folder {file.parent} is read-only",
        errno.ENOENT: f"the folder {file.parent} does not exist",
        errno.ENOTDIR: f"{file.parent} is not a folder",
        errno.EISDIR: "a folder has that name",
        errno.ENAMETOOLONG: "the name is too long",
    }
    return reasons.get(error.errno, error.strerror or str(error))
