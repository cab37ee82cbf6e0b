"""Sound to the bytes of a file."""

from __future__ import annotations

import io
import mmap
from dataclasses import dataclass
from typing import IO, Any

import numpy as np

from nawgraph.audio import large
from nawgraph.audio.check import signal, within
from nawgraph.audio.embed import embed
from nawgraph.audio.tags import ogg, riff
from nawgraph.values.signal import Audio, Float


@dataclass(frozen=True)
class Format:
    """A file format: libsndfile's name of the container, its sample widths (the first is the default), its limits."""

    container: str
    subtypes: dict[str, str]
    channels: int
    rates: tuple[int, ...] = ()


FORMATS = {
    "wav": Format("WAV", {"24": "PCM_24", "16": "PCM_16", "32-float": "FLOAT"}, 64),
    "flac": Format("FLAC", {"24": "PCM_24", "16": "PCM_16"}, 8),
    "ogg": Format("OGG", {"vorbis": "VORBIS"}, 64),
    "opus": Format("OGG", {"opus": "OPUS"}, 8, (48000,)),
    "mp3": Format("MP3", {"mp3": "MPEG_LAYER_III"}, 2, (44100, 48000, 32000, 24000, 22050, 16000, 12000, 11025, 8000)),
}
"""What can be written, by suffix."""

_BLOCK = 1 << 14
_MAX_WAV = (1 << 32) - (1 << 16)


def encode(
    audio: Audio, format: str = "wav", subtype: str | None = None, *, quality: float = 0.8, seed: int = 0
) -> bytes:
    """The bytes of a sound file. Equal arguments give equal bytes.

    Integer formats clip at full scale. 16 bit is dithered (TPDF, ±1 step, Lipshitz et al. 1992), 24 bit is rounded: its
    steps lie below any converter's noise. Opus is always 48 kHz, MP3 44.1 kHz where it does not know the rate: the
    sound is resampled.

    Args:
        audio: the sound.
        format: wav, flac, ogg, opus or mp3.
        subtype: wav: 24 (default), 16, 32-float; flac: 24 (default), 16.
        quality: 0–1 for ogg, opus and mp3: from smallest to best.
        seed: of the dither.

    Raises:
        ValueError: unknown format or subtype, too many channels, too long, NaN in the sound.
    """
    return b"".join(parts(audio, format, subtype, quality=quality, seed=seed))


def parts(
    audio: Audio,
    format: str = "wav",
    subtype: str | None = None,
    *,
    quality: float = 0.8,
    seed: int = 0,
    text: str | None = None,
) -> list[bytes | memoryview]:
    """What `encode` gives, with a text embedded, in parts. Those of a large WAV lie in a file, not in memory.

    Raises:
        ValueError: as `encode`, or a text that is too large.
    """
    form, code = _chosen(format, subtype)
    within(quality, 0, 1, "the quality of the export")
    x = signal(audio.samples, audio.rate)
    if len(x) > form.channels:
        raise ValueError(f"{format} holds at most {form.channels} channels, the sound has {len(x)}: mix it down first")
    rate = audio.rate
    if form.rates and rate not in form.rates:
        from nawgraph.audio.resample import resample

        x, rate = resample(x, rate, form.rates[0]), form.rates[0]
    if form.container != "WAV":
        out = io.BytesIO()
        _write(out, x, rate, form.container, code, quality, seed)
        data = out.getvalue() if form.container != "OGG" else ogg.renumbered(out.getvalue(), serial=1)
        return [data if text is None else embed(data, text)]
    if x.size * 4 > _MAX_WAV:
        raise ValueError("a WAV file ends at 4 GiB: export shorter parts, or FLAC")
    stream = large.file(x.nbytes) or io.BytesIO()
    _write(stream, x, rate, "WAV", code, quality, seed)
    if isinstance(stream, io.BytesIO):
        whole = stream.getbuffer()
    else:
        stream.flush()
        whole = memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))
    return riff.edited(whole, (b"PEAK",), text)  # libsndfile puts the clock into PEAK


def _chosen(format: str, subtype: str | None) -> tuple[Format, str]:
    if format not in FORMATS:
        raise ValueError(f"unknown file format {format!r}: choose from {', '.join(FORMATS)}")
    form = FORMATS[format]
    if subtype is not None and subtype not in form.subtypes:
        raise ValueError(f"{format} has no width {subtype!r}: choose from {', '.join(form.subtypes)}")
    return form, form.subtypes[subtype] if subtype is not None else next(iter(form.subtypes.values()))


def _write(out: IO[bytes], x: Float, rate: int, container: str, code: str, quality: float, seed: int) -> None:
    import soundfile

    level = _compression(code, quality)
    dither = [np.random.default_rng([seed, channel]) for channel in range(len(x))] if code == "PCM_16" else []
    try:
        with soundfile.SoundFile(out, "w", rate, len(x), code, format=container, compression_level=level) as f:
            for start in range(0, x.shape[1], _BLOCK):  # libvorbis overflows its stack on one long write
                f.write(_quantised(x[:, start : start + _BLOCK], code, dither))
    except soundfile.LibsndfileError as error:
        raise ValueError(f"{container} cannot hold {len(x)} channels at {rate} Hz: {error.error_string}") from None


def _quantised(block: Float, code: str, dither: list[np.random.Generator]) -> np.ndarray[Any, Any]:
    """Samples as libsndfile shall write them, [frames, channels]: integers of our own rounding, floats as they are."""
    if code == "PCM_16":
        noise = np.stack([tpdf(rng, block.shape[1]) for rng in dither])
        steps = np.clip(np.rint(block * np.float32(1 << 15) + noise), -(1 << 15), (1 << 15) - 1)
        return np.asarray(steps.T, np.int16, order="C")
    if code == "PCM_24":
        # A power of two: float32 holds the product and its rounding exactly up to full scale.
        steps = np.clip(np.rint(block * np.float32(1 << 23)), -(1 << 23), (1 << 23) - 1)
        return np.asarray(steps.T, np.int32, order="C") << 8
    return np.ascontiguousarray(block.T)


def tpdf(rng: np.random.Generator, frames: int) -> Float:
    """Triangular dither of ±1 quantisation step, float32 [frames]."""
    return rng.random(frames, dtype=np.float32) - rng.random(frames, dtype=np.float32)


def _compression(code: str, quality: float) -> float | None:
    """libsndfile's compression level (0 best, below 1) for a quality of 0–1; None for lossless formats."""
    if code == "OPUS":  # libsndfile: 6 + 250 · (1 − level) kbit/s a channel; 128 a channel is transparent
        return 1 - max(128 * quality - 6, 2.5) / 250
    return min(1 - quality, 0.99) if code in ("VORBIS", "MPEG_LAYER_III") else None
