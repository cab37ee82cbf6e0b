"""Where sound goes: a device through PortAudio, silence at the right speed where there is none, or memory."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from nawgraph.ui.sound.devices import NO_DEVICE, Device, default_device, devices, driver
from nawgraph.ui.sound.player import Player
from nawgraph.values.signal import Float

SILENT_RATE = 48_000
_SILENT_BLOCK = 512
GONE = 1.5
"""Seconds without a call after which a device counts as gone."""

_LOOK = 0.25


@dataclass(frozen=True)
class Choice:
    """What to open.

    Attributes:
        device: a `Device.key`, empty for the system's default.
        rate: in Hz, 0 for the device's own.
        block: frames a block, 0 for what the device likes best.
    """

    device: str = ""
    rate: int = 0
    block: int = 0


@dataclass(frozen=True)
class Status:
    """What plays, and how well.

    Attributes:
        device: its name, ``no sound`` for silence.
        host_api: empty for silence.
        rate: in Hz.
        block: frames of the last block.
        latency: seconds from a block to the ear, as PortAudio measures it (its promise until it has measured).
        xruns: how often the device ran out of sound.
        load: part of the time that the callback takes, 0 to 1.
        silent: whether nothing is heard.
    """

    device: str
    host_api: str
    rate: int
    block: int
    latency: float
    xruns: int
    load: float
    silent: bool


class _Mark(NamedTuple):
    """A block: when its first sample is heard (in `clock` seconds), where that is, and whether it moves."""

    time: float
    position: int
    frames: int
    moving: bool


class Output:
    """Plays a player: on a device if one can be opened, else in silence. Never raises.

    `say` is called, from any thread, with one sentence when what plays changes for the worse. A device that has not
    asked for sound for `patience` seconds counts as gone.
    """

    def __init__(
        self,
        player: Player,
        say: Callable[[str], None] = lambda sentence: None,
        module: Any = None,
        patience: float = GONE,
    ) -> None:
        self.player = player
        self._patience = patience
        self._say = say
        self._module, self._why = (module, "") if module else driver()
        self._stream: Any = None
        self._silence: SilentOutput | None = None
        self._device: Device | None = None
        self._watch: threading.Thread | None = None
        self._closing = threading.Event()
        self._lock = threading.RLock()
        self._marks: deque[_Mark] = deque(maxlen=256)
        self._latencies: deque[float] = deque(maxlen=64)
        self._xruns = 0
        self._block = 0
        self._called = 0.0
        self._said = ""

    def devices(self) -> tuple[Device, ...]:
        """All outputs; made anew while nothing plays on one."""
        with self._lock:
            return devices(self._module, afresh=self._stream is None) if self._module else ()

    def open(self, choice: Choice | None = None) -> Status:
        """Play on this from now on; falls back to the default device, then to silence."""
        wanted = choice or Choice()
        with self._lock:
            self._shut()
            self.player.start()
            found = self.devices()
            named = next((d for d in found if d.key == wanted.device), None)
            if wanted.device and named is None and found:
                self._tell(f"the output {wanted.device} is not there; playing on the default one")
            device = named or default_device(found)
            opened = device is not None and self._started(device, wanted)
            if device is not None and not opened and (wanted.rate or wanted.block):
                opened = self._started(device, Choice(device.key))
            if not opened:
                self._fall_back(self._why or (NO_DEVICE if device is None else self._said))
            self._closing.set()
            self._closing = threading.Event()
            self._watch = threading.Thread(target=self._look, args=[self._closing], name="nawgraph-output", daemon=True)
            self._watch.start()
            return self.status

    def close(self) -> None:
        """Stop playing and give the device back."""
        self._closing.set()
        watch, self._watch = self._watch, None
        if watch is not None and watch is not threading.current_thread():
            watch.join()
        with self._lock:
            self._shut()
        self.player.close()

    @property
    def status(self) -> Status:
        """What plays, and how well."""
        with self._lock:
            stream, device = self._stream, self._device
            if stream is None or device is None:
                return Status("no sound", "", self.player.rate, _SILENT_BLOCK, 0.0, self._xruns, 0.0, True)
            measured = float(np.median(self._latencies)) if self._latencies else 0.0
            latency = measured if measured > 0 else float(stream.latency)
            load = float(stream.cpu_load)
            return Status(
                device.name, device.host_api, self.player.rate, self._block, latency, self._xruns, load, False
            )

    def position(self) -> int:
        """The sample that is heard at this moment: the player's position less the latency, moving smoothly."""
        with self._lock:
            stream = self._stream
            now = float(stream.time) if stream is not None else time.monotonic()
        marks = list(self._marks)
        heard = next((m for m in reversed(marks) if m.time <= now), None)
        if heard is None or not heard.moving:
            return self.player.position
        return heard.position + min(max(int((now - heard.time) * self.player.rate), 0), heard.frames)

    # ------------------------------------------------------------------ a device

    def _started(self, device: Device, choice: Choice) -> bool:
        """Open a stream; False, with the reason kept, if the device does not want to."""
        sound = self._module
        rate = choice.rate or device.rate
        try:
            self._stream = None
            if rate != self.player.rate:
                self.player.set_rate(rate)
            stream = sound.OutputStream(
                samplerate=rate,
                blocksize=choice.block,
                device=device.index,
                channels=min(device.channels, 2),
                dtype="float32",
                latency="low" if choice.block else "high",
                callback=self._callback,
            )
            self._called = time.monotonic()
            stream.start()
        except (sound.PortAudioError, OSError, ValueError) as error:
            self._tell(f"no sound: {device.name} cannot be opened ({_reason(error)}); playing in silence")
            return False
        self._stream, self._device, self._block = stream, device, choice.block
        return True

    def _callback(self, out: Float, frames: int, times: Any, flags: Any) -> None:
        self._called = time.monotonic()
        self._block = frames
        if flags and flags.output_underflow:
            self._xruns += 1
        self._latencies.append(times.outputBufferDacTime - times.currentTime)
        sound = self._pulled(frames, times.outputBufferDacTime)
        out[:] = sound.T if out.shape[1] == 2 else sound.mean(axis=0)[:, None]

    def _pulled(self, frames: int, heard_at: float) -> Float:
        sound = self.player.block(frames)
        self._marks.append(_Mark(heard_at, *self.player.passed))
        return sound

    def _look(self, closing: threading.Event) -> None:
        """Notice that a device has gone: its stream ended, or it no longer asks for sound."""
        while not closing.wait(_LOOK):
            with self._lock:
                if self._stream is None or closing.is_set():
                    return
                late = time.monotonic() - self._called > self._patience
                if late or not self._stream.active:
                    name = self._device.name if self._device else "the output"
                    self._shut()
                    self._fall_back(f"no sound: {name} has gone; playing in silence until another output is chosen")
                    return

    # ------------------------------------------------------------------ silence

    def _fall_back(self, sentence: str) -> None:
        self._tell(sentence)
        self._device = None
        self._silence = SilentOutput(self.player, self._pulled)
        self._silence.start()

    def _shut(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            try:
                stream.abort()
                stream.close()
            except (self._module.PortAudioError, OSError):
                pass  # it has gone already
        silence, self._silence = self._silence, None
        if silence is not None:
            silence.close()
        self._marks.clear()
        self._latencies.clear()

    def _tell(self, sentence: str) -> None:
        """Say something, once."""
        if sentence != self._said:
            self._said = sentence
            self._say(sentence)


class SilentOutput:
    """A clock that takes blocks from a player as fast as a device would, and drops them."""

    def __init__(self, player: Player, pull: Callable[[int, float], Any] | None = None) -> None:
        self._player = player
        self._pull = pull or (lambda frames, heard_at: player.block(frames))
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="nawgraph-silence", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End."""
        self._closing.set()
        if self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        rate = self._player.rate
        block = _SILENT_BLOCK / rate
        due = time.monotonic()
        while not self._closing.wait(max(due - time.monotonic(), 0)):
            self._pull(_SILENT_BLOCK, due)
            due += block
            if time.monotonic() - due > 0.5:  # the machine slept: that time has not been played
                due = time.monotonic()


class MemoryOutput:
    """Pulls blocks by hand, for tests and measurements: every page is there, no thread and no clock takes part."""

    def __init__(self, player: Player, block: int = 512) -> None:
        self.player, self.block = player, block

    def pull(self, frames: int) -> Float:
        """The next frames [2, frames], in blocks."""
        parts = [np.zeros((2, 0), np.float32)]
        while frames > 0:
            self.player.feed()
            parts.append(self.player.block(min(self.block, frames)))
            frames -= self.block
        self.player.feed()
        return np.concatenate(parts, axis=1)


def _reason(error: Exception) -> str:
    """PortAudio's words without its numbers."""
    text = str(error.args[0]) if error.args else str(error)
    return text.partition("[")[0].strip().rstrip(".")
