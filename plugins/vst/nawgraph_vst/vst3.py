"""A VST3 plugin at work, hosted by pedalboard (which is JUCE's host)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from nawgraph_vst.find import Found
from nawgraph_vst.midi import Event
from nawgraph_vst.settings import Parameter, key

Float = npt.NDArray[np.float32]

BLOCK = 1024
"""Frames that a plugin is given at once."""

_CONTROLLER = re.compile(r"midi_ch_\d+_(cc_\d+|.*)\Z")
"""Parameters that JUCE makes of MIDI controllers, two thousand of them: no knobs of the plugin."""
_BUSES = re.compile(r"currently expects (\d+) input channels? and (\d+) output")


class Vst3:
    """One instance, freshly loaded.

    Attributes:
        inputs, outputs: channels of its main buses; `takes_notes` tells an instrument.
        parameters: by key.
        latency: frames that it says it delays, known after the first block.

    Raises:
        ValueError: it cannot be loaded.
    """

    presets: ClassVar[dict[str, str]] = {}

    def __init__(self, found: Found, rate: int) -> None:
        import pedalboard

        try:
            self._plugin: Any = pedalboard.load_plugin(found.place, plugin_name=found.name or None)
        except (ImportError, RuntimeError, ValueError) as error:
            text = " ".join(str(error).split())
            raise ValueError(f"plugin: {found.place} cannot be loaded: {text[:300]}") from None
        self._rate = rate
        self.takes_notes = bool(self._plugin.is_instrument)
        self._own = {key(n): (n, p) for n, p in self._plugin.parameters.items() if not _CONTROLLER.match(n)}
        self.parameters = {k: _parameter(k, p, getattr(self._plugin, name)) for k, (name, p) in self._own.items()}
        self.inputs, self.outputs = self._channels()

    @property
    def latency(self) -> int:
        # pedalboard takes a delay back only where the whole sound is one call
        return max(0, int(self._plugin.reported_latency_samples))

    def _channels(self) -> tuple[int, int]:
        """Channels of the main buses, which pedalboard tells in a refusal only."""
        try:
            if self.takes_notes:
                self._plugin.process([], 1.0, self._rate, 63, BLOCK, reset=False)
            else:
                self._plugin.process(np.zeros((63, BLOCK), np.float32), self._rate, BLOCK, reset=False)
        except ValueError as error:
            found = _BUSES.search(str(error))
            if found:
                return int(found[1]), int(found[2])
        return (0, 2) if self.takes_notes else (2, 2)

    def set(self, name: str, value: float) -> None:
        python, parameter = self._own[name]
        if parameter.type is str:
            setattr(self._plugin, python, parameter.valid_values[int(value)])
        elif parameter.type is bool:
            setattr(self._plugin, python, bool(value))
        else:
            setattr(self._plugin, python, value)

    def run(self, sound: Float | None, frames: int, events: Sequence[Event]) -> Float:
        """A block: [inputs, frames] or messages → [outputs, frames]."""
        if self.takes_notes:
            # In single precision, so that half a frame more is what keeps whole frames whole.
            messages = [(message, (frame + 0.5) / self._rate) for frame, message in events]
            made = self._plugin.process(
                messages, (frames + 0.5) / self._rate, self._rate, self.outputs, BLOCK, reset=False
            )
        else:
            given = np.zeros((self.inputs, frames), np.float32) if sound is None else np.ascontiguousarray(sound)
            made = self._plugin.process(given, self._rate, BLOCK, reset=False)
        return np.asarray(made, np.float32)

    def preset(self, name: str) -> None:
        raise ValueError("preset: VST3 presets are files: give a .vstpreset to vst.state, and its text to state")

    def restore(self, state: bytes) -> None:
        try:
            self._plugin.raw_state = state
        except (RuntimeError, ValueError) as error:
            raise ValueError(f"state: the plugin does not take it: {' '.join(str(error).split())[:200]}") from None

    def state(self) -> bytes:
        self.run(None, BLOCK, ())  # knobs reach the part of a plugin that has its state with the sound only
        return bytes(self._plugin.raw_state)

    def load(self, path: str) -> None:
        """Set everything as a .vstpreset says. Raises `ValueError`."""
        try:
            self._plugin.load_preset(path)
        except RuntimeError as error:
            text = " ".join(str(error).split())
            raise ValueError(f"file: the plugin does not take this preset: {text[:200]}") from None

    def close(self) -> None:
        self._plugin = None


def _parameter(name: str, found: Any, now: Any) -> Parameter:
    """A knob and where it stands; one of words has their numbers as its range."""
    if found.type is str:
        words = tuple((str(word), float(number)) for number, word in enumerate(found.valid_values))
        start = next((number for word, number in words if word == str(now)), 0.0)
        return Parameter(name, found.name, 0.0, float(len(words) - 1), start, "", words)
    if found.type is bool:
        return Parameter(name, found.name, 0.0, 1.0, float(bool(now)), "", (("off", 0.0), ("on", 1.0)))
    low, high, _ = found.range
    return Parameter(name, found.name, float(low), float(high), float(now), (found.units or "").strip())
