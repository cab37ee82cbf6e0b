"""The mixer as a node."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, NamedTuple

from nawgraph.hints import Range
from nawgraph.node import node
from nawgraph.values import STEMS, Audio, Score, Stems

Volume = Annotated[float, Range(-120, 24, unit="dB", step=0.1)]
Pan = Annotated[float, Range(-1, 1)]
Send = Annotated[float, Range(0, 1)]


class Mixed(NamedTuple):
    """The finished mix, the stems as they are in it, and the sum of these before the master."""

    mix: Audio
    stems: Stems
    premaster: Audio


@node("mix.mixer", title="Mixer", aliases=("mixdown", "faders", "master", "volume", "pan"))
def mixer(
    stems: Stems,
    score: Score | None,
    *,
    drums_volume: Volume = 0.0,
    drums_pan: Pan = 0.0,
    drums_mute: bool = False,
    drums_solo: bool = False,
    drums_reverb: Send = 0.05,
    drums_delay: Send = 0.0,
    bass_volume: Volume = 0.0,
    bass_pan: Pan = 0.0,
    bass_mute: bool = False,
    bass_solo: bool = False,
    bass_reverb: Send = 0.0,
    bass_delay: Send = 0.0,
    vocals_volume: Volume = 0.0,
    vocals_pan: Pan = 0.0,
    vocals_mute: bool = False,
    vocals_solo: bool = False,
    vocals_reverb: Send = 0.2,
    vocals_delay: Send = 0.1,
    other_volume: Volume = 0.0,
    other_pan: Pan = 0.0,
    other_mute: bool = False,
    other_solo: bool = False,
    other_reverb: Send = 0.15,
    other_delay: Send = 0.05,
    bpm: Annotated[float, Range(0, 999, unit="bpm")] = 0.0,
    delay_beats: Annotated[float, Range(0.0625, 4, unit="beats")] = 0.75,
    feedback: Annotated[float, Range(0, 0.95)] = 0.35,
    compress: bool = True,
    ceiling: Annotated[float, Range(-60, 0, unit="dBTP")] = -1.0,
    loudness: Annotated[float, Range(-60, 0, unit="LUFS")] = -14.0,
) -> Mixed:
    """Mix four stems: volume, pan, mute, solo, reverb and delay for each; compressor, loudness and limiter on the sum.

    The stems that come out add up to `premaster` exactly. `bpm` sets the delay; 0 takes the score's tempo.
    `loudness` 0 leaves the mix as loud as it is.
    """
    from nawgraph.audio.mixer import Channel, Master, mixdown

    knobs = dict(locals())  # the strips' knobs by name: stem_setting
    channels = {
        name: Channel(*(knobs[f"{name}_{knob}"] for knob in ("volume", "pan", "solo", "mute", "reverb", "delay")))
        for name in STEMS
        if name in stems.names
    }
    master = Master(
        delay_beats=delay_beats, delay_feedback=feedback, ceiling_db=ceiling, target_lufs=loudness if loudness else None
    )
    if not compress:
        master = replace(master, compressor=None)
    tempo = bpm or (score.grid.tempi[0].bpm if score else 120.0)
    return Mixed(*mixdown(stems, channels, bpm=tempo, master=master))


@node("mix.meter", title="Meters", aliases=("loudness", "LUFS", "peak", "level"))
def meter(audio: Audio) -> str:
    """Peak, RMS, loudness, true peak and stereo correlation, as a line of text."""
    from nawgraph.audio.mixer import meter as measure

    m = measure(audio)
    return (
        f"peak {m.peak_db:.1f} dBFS, RMS {m.rms_db:.1f} dBFS, {m.lufs:.1f} LUFS, "
        f"true peak {m.true_peak_db:.1f} dBTP, correlation {m.correlation:+.2f}"
    )
