"""Analysis: what a sound tells of itself."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from nawgraph.hints import Range
from nawgraph.node import node
from nawgraph.values import Audio


class Tempo(NamedTuple):
    """Beats a minute, and how sure the estimate is (0–1)."""

    bpm: float
    confidence: float


@node("analyse.tempo", version=2, title="Find tempo", aliases=("bpm", "beat"))
def tempo(
    audio: Audio,
    *,
    low: Annotated[float, Range(20, 400, unit="bpm")] = 60.0,
    high: Annotated[float, Range(20, 400, unit="bpm")] = 200.0,
) -> Tempo:
    """Tempo of a recording, by autocorrelation of its onset envelope, between `low` and `high`.

    Where a tempo, its half and its double are all possible, the one nearer to the middle of the range is likelier.
    """
    from nawgraph.audio.tempo import tempo as estimate

    found = estimate(audio.samples, audio.rate, low, high, centre=(low + high) / 2)
    if found is None:
        raise ValueError("no beat was found: the sound is silent, too short or has no onsets")
    return Tempo(float(found.bpm), float(found.confidence))


@node("analyse.beats", title="Find beats", aliases=("beat times",))
def beats(audio: Audio, *, bpm: Annotated[float, Range(0, 400, unit="bpm")] = 0.0) -> list[float]:
    """Times of the beats in seconds; `bpm` 0 estimates the tempo first."""
    from nawgraph.audio.tempo import beats as track

    return [float(time) for time in track(audio.samples, audio.rate, bpm or None)]


@node("analyse.onsets", version=2, title="Find onsets", aliases=("transients", "attacks"))
def onsets(audio: Audio, *, threshold: Annotated[float, Range(0, 1)] = 0.12) -> list[float]:
    """Times at which something begins, in seconds."""
    from nawgraph.audio.onsets import onsets as pick

    return [float(time) for time in pick(audio.samples, audio.rate, threshold)]


@node("analyse.key", title="Find key", aliases=("tonality", "scale"))
def key(audio: Audio) -> str:
    """Key of a recording, by Krumhansl–Kessler profiles on its chroma: ``D minor``."""
    from nawgraph.audio.key import key as estimate
    from nawgraph.music.theory import key_name
    from nawgraph.values import Key

    found = estimate(audio.samples, audio.rate)
    if found is None:
        raise ValueError("no key was found: the sound is silent or has no pitch")
    return key_name(Key(0, found.tonic, found.mode))


class Loudness(NamedTuple):
    """Integrated loudness in LUFS, loudness range in LU, true peak in dBTP; −200 stands for silence."""

    lufs: float
    range: float
    true_peak: float


@node("analyse.loudness", title="Measure loudness", aliases=("LUFS", "true peak"))
def loudness(audio: Audio) -> Loudness:
    """Loudness by ITU-R BS.1770 and EBU R 128."""
    from nawgraph.audio.loudness import measure

    found = measure(audio.samples, audio.rate)
    return Loudness(*(max(float(x), -200.0) for x in (found.integrated, found.range, found.true_peak)))
