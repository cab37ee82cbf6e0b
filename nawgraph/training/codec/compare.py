"""Every codec that is there, and Opus, on the same clips: what comes back, at which true bit rate.

All is measured at 44.1 kHz, so that a codec of a lower rate answers for the treble that it drops. Each codec stands
beside Opus at the lowest setting that spends at least as many bits, its container included (Opus goes from 6 to 256
kbit/s a channel: its own true rate is told). Distances: `nawgraph.audio.spectral`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nawgraph.audio.resample import fit, resample
from nawgraph.audio.spectral import mel_distance, si_sdr, stft_distance
from nawgraph.training.codec.evaluate import F32, opus
from nawgraph.values import Audio

RATE = 44_100


@dataclass(frozen=True)
class Figures:
    """Means over the clips: kbit/s of all channels together, distances (less is better), SI-SDR in dB (more is)."""

    kbps: float
    mel: float
    stft: float
    sdr: float


@dataclass(frozen=True)
class Row:
    """A codec beside Opus at its bit rate.

    Attributes:
        name, licence: of the codec.
        rate: its sample rate, Hz; 0 if it could not be measured.
        what: tokens or latents; latents count 32 bits a number, since they are not rounded.
        codec, opus: the figures, None where the codec failed.
        fault: why it could not be measured, else empty.
    """

    name: str
    licence: str
    rate: int = 0
    what: str = "tokens"
    codec: Figures | None = None
    opus: Figures | None = None
    fault: str = ""


@dataclass(frozen=True)
class Candidate:
    """A codec that can be loaded: nothing is read before its turn, so that one at a time is in memory."""

    name: str
    licence: str
    load: Callable[[], Any]


def candidates() -> list[Candidate]:
    """The house codec and every codec that the user installed."""
    from functools import partial

    from nawgraph.models.codec import house
    from nawgraph.models.installed import all_installed
    from nawgraph.models.loaders import load

    own = Candidate("house", "MIT", partial(house.read, house.WEIGHTS))
    others = [Candidate(m.name, m.licence, partial(load, m.ref)) for m in all_installed() if m.kind == "codec"]
    return [own, *others]


def compare(
    found: Sequence[Candidate], clips: Sequence[Audio], say: Callable[[str], None] = lambda text: None
) -> Iterator[Row]:
    """A row for each codec; one that cannot be loaded or refuses a clip gets a sentence and loses no other.

    Args:
        found: codecs.
        clips: sounds of any rate, mono or stereo, not empty.
        say: told what is being done.
    """
    sounds = [np.asarray(resample(clip.samples, clip.rate, RATE), np.float32) for clip in clips]
    for candidate in found:
        try:
            yield _measured(candidate, sounds, say)
        except (LookupError, ValueError) as error:
            yield Row(candidate.name, candidate.licence, fault=str(error))


def _measured(candidate: Candidate, sounds: Sequence[F32], say: Callable[[str], None]) -> Row:
    codec = candidate.load()
    ours, theirs = [], []
    for number, x in enumerate(sounds, 1):
        made, bits = _through(codec, x)
        ours.append(_figures(x, made, bits))
        ogg, spent = opus(x, bits, RATE)
        theirs.append(_figures(x, ogg, spent))
        say(f"{candidate.name}: {number} of {len(sounds)} clips")
    what = "tokens" if codec.books else "latents"
    return Row(candidate.name, candidate.licence, int(codec.rate), what, _mean(ours), _mean(theirs))


def _through(codec: Any, x: F32) -> tuple[F32, float]:
    """What a codec makes of a sound [channels, frames], in the same shape, and the bits that its tokens take."""
    sound = {"clip": Audio(x, RATE)}
    if codec.books:
        tokens = codec.encode(sound)
        heard = codec.decode(tokens)["clip"]
        bits = tokens.codes.size * float(np.log2(codec.size)) + 32.0 * tokens.scale.size
    else:
        latents = codec.latents(sound)
        heard = codec.from_latents(latents)["clip"]
        bits = 32.0 * sum(data.size for data in latents.data)
    y = resample(heard.samples, heard.rate, RATE)
    if y.shape[0] > x.shape[0]:  # a stereo codec was given mono twice
        y = y.mean(axis=0, keepdims=True)
    return np.asarray(fit(y, x.shape[1]), np.float32), bits


def _figures(x: F32, y: F32, bits: float) -> Figures:
    kbps = bits / x.shape[1] * RATE / 1000
    return Figures(kbps, mel_distance(x, y, RATE), stft_distance(x, y), si_sdr(x, y))


def _mean(found: Sequence[Figures]) -> Figures:
    columns = zip(*((f.kbps, f.mel, f.stft, f.sdr) for f in found), strict=True)
    return Figures(*(float(np.mean(column)) for column in columns))
