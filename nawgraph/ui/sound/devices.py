"""Output devices as PortAudio lists them. Nothing here raises: a machine without sound has an empty list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

NO_LIBRARY = (
    "no sound: the PortAudio library is missing (Debian and Ubuntu: apt install libportaudio2); playing in silence"
)
NO_PACKAGE = "no sound: the package sounddevice is not installed (pip install nawgraph[editor]); playing in silence"
NO_DEVICE = "no sound: there is no output device; playing in silence"


@dataclass(frozen=True)
class Device:
    """An output.

    Attributes:
        index: PortAudio's number, good until the list is made anew.
        name: its name.
        host_api: ``ALSA``, ``JACK Audio Connection Kit``, ``Windows WASAPI``, ``ASIO``, ``Core Audio``, …
        channels: outputs that it has.
        rate: its own rate in Hz.
        latency: low and high suggestion in seconds.
        default: whether its host API plays on it when nothing is chosen.
    """

    index: int
    name: str
    host_api: str
    channels: int
    rate: int
    latency: tuple[float, float]
    default: bool

    @property
    def key(self) -> str:
        """What settings keep: indices change, names stay."""
        return f"{self.host_api}: {self.name}"


def driver() -> tuple[Any, str]:
    """The module sounddevice and an empty sentence, or None and why there is none."""
    try:
        import sounddevice
    except ImportError:
        return None, NO_PACKAGE
    except OSError:
        return None, NO_LIBRARY
    return sounddevice, ""


def devices(module: Any = None, *, afresh: bool = False) -> tuple[Device, ...]:
    """All outputs, grouped by host API, that of the system's default first.

    Args:
        module: sounddevice, or what stands in for it.
        afresh: look for devices that came or went; only while no stream is open.
    """
    sound = module or driver()[0]
    if sound is None:
        return ()
    try:
        if afresh:
            sound._terminate()
            sound._initialize()
        apis = sound.query_hostapis()
        found = [_device(i, d, apis) for i, d in enumerate(sound.query_devices()) if d["max_output_channels"] > 0]
    except (sound.PortAudioError, OSError, ValueError):
        return ()
    best = _default_api(apis)
    return tuple(sorted(found, key=lambda d: (d.host_api != best, d.host_api, not d.default)))


def default_device(found: tuple[Device, ...]) -> Device | None:
    """The output to play on when none is chosen."""
    return next((d for d in found if d.default), found[0] if found else None)


def _device(index: int, entry: dict[str, Any], apis: Any) -> Device:
    api = apis[entry["hostapi"]]
    return Device(
        index=index,
        name=str(entry["name"]),
        host_api=str(api["name"]),
        channels=int(entry["max_output_channels"]),
        rate=round(entry["default_samplerate"]),
        latency=(float(entry["default_low_output_latency"]), float(entry["default_high_output_latency"])),
        default=index == api["default_output_device"],
    )


def _default_api(apis: Any) -> str:
    """The first host API that has a default output: PortAudio lists the system's own first."""
    return next((str(api["name"]) for api in apis if api["default_output_device"] >= 0), "")
