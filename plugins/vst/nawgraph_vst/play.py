"""Sound and notes through a plugin of either kind, in blocks."""

from __future__ import annotations

import base64
import binascii
import ctypes
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

import nawgraph as ng
from nawgraph_vst import midi, settings
from nawgraph_vst.find import Found
from nawgraph_vst.midi import Event
from nawgraph_vst.settings import Parameter

Float = npt.NDArray[np.float32]

BLOCK = 1024
"""Frames a block."""

BLOCKS = 16
"""Blocks between two looks at whether the user gave up."""

_PATIENCE = 10.0
"""Seconds of delay that a plugin may have."""


class Host(Protocol):
    """A plugin that was started: `lv2.Lv2` or `vst3.Vst3`."""

    inputs: int
    outputs: int
    parameters: dict[str, Parameter]

    @property
    def presets(self) -> dict[str, str]: ...
    @property
    def takes_notes(self) -> bool: ...
    @property
    def latency(self) -> int: ...
    def set(self, name: str, value: float) -> None: ...
    def run(self, sound: Float | None, frames: int, events: Sequence[Event]) -> Float: ...
    def preset(self, name: str) -> None: ...
    def restore(self, state: bytes) -> None: ...
    def state(self) -> bytes: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Setting:
    """How a document sets a plugin: first its state, then a preset, then single knobs; `seed` before it is loaded."""

    parameters: str
    preset: str
    state: str
    seed: int = 0

    def apply(self, host: Host) -> None:
        """Raises `ValueError`, a sentence about the one of them that does not fit."""
        if self.state.strip():
            host.restore(_bytes(self.state))
        if self.preset.strip():
            host.preset(self.preset.strip())
        for name, value in settings.read(self.parameters, host.parameters).items():
            host.set(name, value)


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error:
        raise ValueError("state: it is no text that vst.state made") from None


@contextmanager
def started(plugin: Found, rate: int, setting: Setting) -> Iterator[Host]:
    """A fresh instance: nothing of an earlier call is in it."""
    _sow(setting.seed)
    host: Host
    if plugin.kind == "lv2":
        from nawgraph_vst.lv2 import Lv2

        host = Lv2(plugin.place, rate)
    else:
        from nawgraph_vst.vst3 import Vst3

        host = Vst3(plugin, rate)
    try:
        setting.apply(host)
        yield host
    finally:
        host.close()


def _sow(seed: int) -> None:
    """Begin the C library's random numbers anew: what most plugins roll their dice with goes on from call to call."""
    library = ctypes.CDLL(None)
    library.srand(ctypes.c_uint(seed & 0xFFFFFFFF))
    library.srand48(ctypes.c_long(seed & 0x7FFFFFFF))


def through(plugin: Found, audio: ng.Audio, setting: Setting, tail: float, mix: float, ctx: ng.Context) -> ng.Audio:
    """A sound through an effect.

    Raises:
        ValueError: it is no effect, or is for another number of channels.
    """
    frames = audio.frames + round(tail * audio.rate)
    with started(plugin, audio.rate, setting) as host:
        if not host.inputs or not host.outputs:
            raise ValueError(f"plugin: {_name(plugin)} takes no sound: it is for vst.instrument")
        one_each = host.inputs == 1 < audio.channels
        if one_each:
            each = [_mono(plugin, channel, audio.rate, setting, frames, ctx) for channel in audio.samples]
            wet = np.concatenate(each)
        elif host.inputs == audio.channels or audio.channels == 1:
            wet = _rendered(host, np.broadcast_to(audio.samples, (host.inputs, audio.frames)), frames, (), ctx)
        else:
            raise ValueError(f"plugin: {_name(plugin)} is for {host.inputs} channels, and audio has {audio.channels}")
    dry = np.zeros((audio.channels, frames), np.float32)
    dry[:, : audio.frames] = audio.samples
    if mix == 1.0:
        return ng.Audio(wet, audio.rate)
    if audio.channels not in (1, len(wet)):
        raise ValueError(f"mix: {_name(plugin)} makes {len(wet)} channels of {audio.channels}, which have no mixture")
    return ng.Audio((dry * (1 - mix) + wet * mix).astype(np.float32), audio.rate)


def _mono(plugin: Found, channel: Float, rate: int, setting: Setting, frames: int, ctx: ng.Context) -> Float:
    """One channel through an instance of its own."""
    with started(plugin, rate, setting) as host:
        return _rendered(host, channel[None], frames, (), ctx)[:1]


def played(
    plugin: Found, score: ng.Score, part: str, setting: Setting, rate: int, tail: float, ctx: ng.Context
) -> ng.Audio:
    """Notes through an instrument.

    Raises:
        ValueError: it is no instrument, or there is no such part.
    """
    events = midi.events(score, part, rate)
    frames = int(score.grid.samples(np.array([score.ticks]), rate)[0]) + round(tail * rate)
    with started(plugin, rate, setting) as host:
        if not host.takes_notes or not host.outputs:
            raise ValueError(f"plugin: {_name(plugin)} plays no notes: it is for vst.effect")
        return ng.Audio(_rendered(host, None, frames, events, ctx), rate)


def _rendered(host: Host, sound: Float | None, frames: int, events: Sequence[Event], ctx: ng.Context) -> Float:
    """So many frames of what a plugin makes, its delay taken out: [outputs, frames]."""
    step = BLOCK * BLOCKS
    made: list[Float] = []
    got = delay = start = 0
    place = 0
    total = max(1, math.ceil(frames / step))
    limit = frames + 768_000 * _PATIENCE
    while got < frames + delay and start < limit:
        ctx.progress(min(total, start // step), total, "blocks")
        for begin in range(start, start + step, BLOCK):
            until = place
            while until < len(events) and events[until][0] < begin + BLOCK:
                until += 1
            now = [(frame - begin, message) for frame, message in events[place:until]]
            place = until
            block = host.run(_cut(sound, begin), BLOCK, now)
            made.append(block)
            got += block.shape[1]
        delay = host.latency
        start += step
    whole = np.concatenate(made, axis=1) if made else np.zeros((host.outputs, 0), np.float32)
    whole = whole[:, delay : delay + frames]
    if not np.isfinite(whole).all():
        raise ValueError("the plugin made something that is no sound (infinite, or no number)")
    return np.pad(whole, ((0, 0), (0, frames - whole.shape[1])))


def _cut(sound: Float | None, begin: int) -> Float | None:
    """A block of a sound, with silence after its end."""
    if sound is None:
        return None
    block = sound[:, begin : begin + BLOCK]
    return np.pad(block, ((0, 0), (0, BLOCK - block.shape[1])))


def described(plugin: Found) -> str:
    """A plugin for people: name, place, channels, knobs, presets."""
    with started(plugin, 48_000, Setting("", "", "")) as host:
        what = "instrument" if host.takes_notes and not host.inputs else "effect"
        lines = [f"{_name(plugin)}: {plugin.kind} {what}, {host.inputs} in, {host.outputs} out", plugin.exact]
        lines += [str(parameter) for parameter in host.parameters.values()]
        lines += [f"preset: {name}" for name in host.presets]
    return "\n".join(lines)


def saved(plugin: Found, setting: Setting, file: str) -> str:
    """A plugin's state as text."""
    with started(plugin, 48_000, Setting("", "", "")) as host:
        if file:
            from nawgraph_vst.vst3 import Vst3

            if not isinstance(host, Vst3):
                raise ValueError("file: a .vstpreset is for VST3; the presets of LV2 are installed, name one in preset")
            host.load(file)
        setting.apply(host)
        return base64.b64encode(host.state()).decode()


def _name(plugin: Found) -> str:
    return plugin.name or plugin.place.rpartition("/")[2].removesuffix(".vst3")
