"""Stems: put them together, take them apart."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np

from nawgraph.hints import Choice
from nawgraph.node import node
from nawgraph.values import STEMS, Audio, Stems


class Four(NamedTuple):
    """The standard stems one by one."""

    drums: Audio
    bass: Audio
    vocals: Audio
    other: Audio


@node("stems.unpack", title="Unpack stems", aliases=("split",))
def unpack(stems: Stems) -> Four:
    """The four standard stems one by one; one that is not there is silent."""
    silent = Audio(np.zeros((stems.audios[0].channels, stems.frames), np.float32), stems.rate)
    return Four(*(stems[name] if name in stems.names else silent for name in STEMS))


@node("stems.pack", title="Pack stems", aliases=("join",))
def pack(drums: Audio | None, bass: Audio | None, vocals: Audio | None, other: Audio | None) -> Stems:
    """Four sounds as the stems of one song: at one rate, stereo, padded to the longest. Unwired ones are silent."""
    from nawgraph.audio.levels import to_stereo
    from nawgraph.audio.resample import fit, resample

    given = {name: a for name, a in zip(STEMS, (drums, bass, vocals, other), strict=True) if a is not None}
    if not given:
        raise ValueError("nothing is connected: wire at least one stem")
    rate = next(iter(given.values())).rate
    stereo = {n: resample(to_stereo(a.samples, a.rate), a.rate, rate) for n, a in given.items()}
    frames = max(x.shape[1] for x in stereo.values())
    nothing = np.zeros((2, frames), np.float32)
    return Stems.of({n: Audio(fit(stereo[n], frames) if n in stereo else nothing, rate) for n in STEMS})


@node("stems.pick", title="Pick stem", aliases=("solo",))
def pick(stems: Stems, *, stem: Annotated[str, Choice(*STEMS)] = "drums") -> Audio:
    """One stem of a song."""
    if stem not in stems.names:
        raise ValueError(f"there is no stem {stem!r} here, only {', '.join(stems.names)}")
    return stems[stem]


@node("stems.replace", title="Replace stem", aliases=("swap",))
def replace(stems: Stems, audio: Audio, *, stem: Annotated[str, Choice(*STEMS)] = "drums") -> Stems:
    """A song with one stem replaced; the new one is brought to the song's rate and length."""
    from nawgraph.audio.levels import to_stereo
    from nawgraph.audio.resample import fit, resample

    new = resample(to_stereo(audio.samples, audio.rate), audio.rate, stems.rate)
    stereo = {name: to_stereo(a.samples, a.rate) for name, a in stems}
    stereo[stem] = fit(new, stems.frames)
    return Stems.of({name: Audio(samples, stems.rate) for name, samples in stereo.items()})
