"""Sound files that another program must decode: M4A (AAC, ALAC), by ffmpeg where it is installed."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from nawgraph.values.signal import Audio

M4A = "not:an MP4 or M4A file"
"""What `nawgraph.audio.sniff.kind` says of one."""

_MINUTES = 10


def read(file: Path) -> Audio:
    """The first sound track of an MP4 or M4A file, float32, at its own rate.

    Raises:
        ValueError: one sentence that names the file: no ffmpeg, no sound in it, damaged.
    """
    program = shutil.which("ffmpeg")
    if program is None:
        raise ValueError(
            f"{file} is an MP4 or M4A file, which nawgraph reads by the program ffmpeg: install it, or convert the "
            "file to WAV, FLAC, OGG, Opus, MP3 or AIFF"
        )
    with tempfile.TemporaryDirectory() as folder:
        decoded = Path(folder) / "decoded.wav"
        # The file is named as a file and nothing else may be opened: a container can name addresses.
        options = ["-nostdin", "-v", "error", "-protocol_whitelist", "file", "-i", f"file:{file.absolute()}"]
        made = [*options, "-map", "0:a:0", "-c:a", "pcm_f32le", "-f", "wav", "-rf64", "auto", str(decoded)]
        try:
            result = subprocess.run(
                [program, *made], capture_output=True, stdin=subprocess.DEVNULL, timeout=60 * _MINUTES, check=False
            )
        except subprocess.TimeoutExpired:
            raise ValueError(f"{file} could not be decoded within {_MINUTES} minutes: convert it to FLAC") from None
        except OSError as error:
            raise ValueError(f"{file} cannot be decoded, since {program} does not run: {error.strerror}") from None
        if result.returncode or not decoded.is_file():
            said = result.stderr.decode(errors="replace").strip().splitlines()
            why = f" (ffmpeg says: {said[-1][:200]})" if said else ""
            raise ValueError(f"{file} holds no sound that can be decoded{why}")
        return _decoded(decoded, file)


def _decoded(path: Path, file: Path) -> Audio:
    import soundfile

    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, MemoryError) as error:
        raise ValueError(f"{file} holds no sound that can be decoded ({error})") from None
    if not np.isfinite(samples).all():
        raise ValueError(f"{file} has a value that is no number: mend it in an audio editor")
    return Audio(np.ascontiguousarray(samples.T, dtype=np.float32), rate)
