"""Outputs: PortAudio itself on ALSA's null device, devices that fail, and silence."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from player_sounds import RATE, noise, sine

from nawgraph.ui.sound import Choice, Output, Player, SilentOutput, devices
from nawgraph.ui.sound import devices as listed
from nawgraph.ui.sound.output import GONE
from nawgraph.values import Audio


def until(true: Callable[[], object]) -> None:
    for _ in range(1000):
        if true():
            return
        time.sleep(0.01)
    raise AssertionError("it did not happen")


class PortAudioError(Exception):
    pass


class Stream:
    """A stream that a test calls by hand."""

    def __init__(self, driver: Driver, **options: Any) -> None:
        if options["samplerate"] in driver.refused:
            raise PortAudioError("Error opening OutputStream: Invalid sample rate [PaErrorCode -9997]")
        self.options, self.active, self.time, self.latency, self.cpu_load = options, False, 0.0, 0.05, 0.01
        self.closed = False

    def start(self) -> None:
        self.active = True

    def abort(self) -> None:
        self.active = False

    def close(self) -> None:
        self.closed = True

    def call(self, frames: int, underflow: bool = False) -> np.ndarray[Any, Any]:
        out = np.empty((frames, self.options["channels"]), np.float32)
        times = SimpleNamespace(currentTime=self.time, outputBufferDacTime=self.time + 0.02)
        self.options["callback"](out, frames, times, SimpleNamespace(output_underflow=underflow))
        self.time += frames / self.options["samplerate"]
        return out


class Driver:
    """What PortAudio would say on a machine with these devices: faults that no machine of ours can be made to have."""

    PortAudioError = PortAudioError

    def __init__(self, channels: int = 2, refused: tuple[int, ...] = ()) -> None:
        self.refused, self.channels, self.streams, self.broken = refused, channels, [], False

    def query_hostapis(self) -> Any:
        if self.broken:
            raise PortAudioError("not initialised")
        return ({"name": "ALSA", "default_output_device": 1}, {"name": "JACK", "default_output_device": 2})

    def query_devices(self) -> Any:
        def device(name: str, api: int, outputs: int, rate: float) -> dict[str, Any]:
            return {
                "name": name, "hostapi": api, "max_output_channels": outputs, "default_samplerate": rate,
                "default_low_output_latency": 0.01, "default_high_output_latency": 0.04,
            }  # fmt: skip

        return [
            device("mic", 0, 0, 44_100.0), device("card", 0, self.channels, 44_100.0), device("jack", 1, 2, 48_000.0)
        ]  # fmt: skip

    def _terminate(self) -> None:
        pass

    _initialize = _terminate

    def OutputStream(self, **options: Any) -> Stream:  # noqa: N802
        self.streams.append(Stream(self, **options))
        return self.streams[-1]


def opened(driver: Driver, choice: Choice | None = None, patience: float = 600.0) -> tuple[Player, Output, list[str]]:
    """An output on what a test calls by hand: at its own pace, unless `patience` says how long it may take."""
    said: list[str] = []
    player = Player(RATE)
    output = Output(player, said.append, driver, patience)
    output.open(choice)
    return player, output, said


def test_devices_by_host_api_and_never_an_error() -> None:
    driver = Driver()
    found = listed(driver)
    assert [d.key for d in found] == ["ALSA: card", "JACK: jack"]
    assert found[0].rate == 44_100
    assert found[0].default
    driver.broken = True
    assert listed(driver) == ()
    assert isinstance(devices(), tuple)


def test_a_device_plays_the_player() -> None:
    driver = Driver()
    player, output, said = opened(driver, Choice("JACK: jack", block=256))
    try:
        x = noise(60_000)
        player.load(Audio(x, 48_000))
        player.play()
        until(lambda: player._ready.aim.playing)
        stream = driver.streams[0]
        heard = np.concatenate([stream.call(256) for _ in range(20)])
        assert np.array_equal(heard.T, x[:, :5120])
        stream.call(256, underflow=True)
        status = output.status
        assert (status.device, status.host_api, status.rate, status.block) == ("jack", "JACK", 48_000, 256)
        assert status.latency == pytest.approx(0.02)
        assert status.xruns == 1
        assert not status.silent
        assert output.position() == pytest.approx(player.position - 0.02 * RATE, abs=257)
        assert said == []
    finally:
        output.close()
    assert driver.streams[0].closed


def test_mono_devices_hear_the_mean() -> None:
    driver = Driver(channels=1)
    player, output, _ = opened(driver)
    try:
        assert player.rate == 44_100
        player.load(Audio(noise(9000), 44_100))
        player.play()
        until(lambda: player._ready.aim.playing)
        assert driver.streams[0].call(512)[:, 0] == pytest.approx(noise(9000)[:, :512].mean(axis=0), abs=1e-7)
    finally:
        output.close()


def test_a_rate_that_the_device_refuses_gives_way_to_its_own() -> None:
    _, output, said = opened(Driver(refused=(192_000,)), Choice(rate=192_000))
    assert output.status.rate == 44_100
    assert len(said) == 1
    assert "Invalid sample rate" in said[0]
    output.close()


def test_a_missing_choice_gives_way_to_the_default() -> None:
    _, output, said = opened(Driver(), Choice("ASIO: gone"))
    assert output.status.device == "card"
    assert said == ["the output ASIO: gone is not there; playing on the default one"]
    output.close()


@pytest.mark.parametrize("how", ["stops", "goes quiet"])
def test_a_device_that_goes_is_followed_by_silence_at_the_right_speed(how: str) -> None:
    driver = Driver()
    player, output, said = opened(driver, patience=GONE if how == "goes quiet" else 600.0)
    player.load(Audio(sine(20 * 44_100), 44_100))
    player.play()
    until(lambda: player._ready.aim.playing)
    driver.streams[0].call(512)
    if how == "stops":
        driver.streams[0].active = False
    until(lambda: output.status.silent)
    assert said == ["no sound: card has gone; playing in silence until another output is chosen"]
    at = player.position
    until(lambda: player.position > at + 2000)
    assert not output.open(Choice("JACK: jack")).silent
    assert player.playing
    output.close()


def test_no_device_is_said_once() -> None:
    driver = Driver(refused=(44_100, 48_000))
    driver.query_devices = list  # type: ignore[method-assign]
    _, output, said = opened(driver)
    output.open()
    assert said == ["no sound: there is no output device; playing in silence"]
    assert output.status.silent
    output.close()


def test_silence_takes_as_long_as_the_sound() -> None:
    player = Player(RATE)
    player.start()
    player.load(Audio(sine(RATE // 2), RATE))
    player.play()
    until(lambda: player._ready.aim.playing)
    silence = SilentOutput(player)
    begin = time.monotonic()
    silence.start()
    until(lambda: not player.playing)
    assert time.monotonic() - begin >= 0.48  # never faster; how much slower is up to the machine
    silence.close()
    player.close()
    assert not any(t.name in ("nawgraph-silence", "nawgraph-feeder") and t.is_alive() for t in threading.enumerate())


def test_without_sounddevice_there_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    said: list[str] = []
    output = Output(Player(), said.append)
    assert output.open().silent
    assert devices() == ()
    assert said == [
        "no sound: the package sounddevice is not installed (pip install nawgraph[editor]); playing in silence"
    ]
    output.close()


SCRIPT = """
import time, numpy as np
from nawgraph.ui.sound import Output, Player, Choice, devices
from nawgraph.values import Audio
said = []
player = Player()
output = Output(player, said.append)
keys = [d.key for d in output.devices()]
status = output.open(Choice("ALSA: quiet", 48000, 512))
player.load(Audio(np.full((2, 48000 * 60), 0.25, np.float32), 48000))
player.play()
for _ in range(6000):
    if player.position > 48000 or not player.playing:
        break
    time.sleep(0.01)
after = output.status
output.close()
print(keys, status.device, status.rate, after.block, after.latency > 0, player.position > 48000, said)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ALSA's null device is Linux's")
def test_portaudio_itself_plays(tmp_path: Path) -> None:
    """ALSA's null device takes what it is given: the whole way through PortAudio without a sound card.

    Needs sounddevice and PortAudio (Debian: libportaudio2).
    """
    (tmp_path / ".asoundrc").write_text("pcm.quiet { type null }\n")
    env = {**os.environ, "HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=env, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "['ALSA: quiet'] quiet 48000 512 True True []", done.stderr
