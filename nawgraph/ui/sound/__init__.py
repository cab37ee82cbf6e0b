"""Transport and sound out, without any toolkit."""

from nawgraph.ui.sound.devices import Device, devices
from nawgraph.ui.sound.gains import Mix
from nawgraph.ui.sound.meter import Meter, Reading
from nawgraph.ui.sound.output import Choice, MemoryOutput, Output, SilentOutput, Status
from nawgraph.ui.sound.playable import Playable, playable
from nawgraph.ui.sound.player import Player
from nawgraph.ui.sound.transport import Transport

__all__ = [
    "Choice", "Device", "MemoryOutput", "Meter", "Mix", "Output", "Playable", "Player", "Reading", "SilentOutput",
    "Status", "Transport", "devices", "playable",
]  # fmt: skip
