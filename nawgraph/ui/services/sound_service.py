"""What is heard: the transport, the player behind it, and the value that it plays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from nawgraph.interface import Interfaces
from nawgraph.ui.messages import Change, Do, Say
from nawgraph.ui.services.worker import Worker
from nawgraph.ui.sound import Choice, Output, Playable, Player, Transport, playable
from nawgraph.ui.state import App, Heard, Sounding
from nawgraph.values import Grid, Score

Send = Callable[[Any], None]
Fetch = Callable[[bytes, Callable[[Any, str], None]], None]


class SoundService:
    """Plays what the state says is heard, and follows it when its node has a new result.

    Args:
        send: puts a message into the loop's queue.
        fetch: asks for a value by its digest.
    """

    def __init__(self, send: Send, fetch: Fetch) -> None:
        self._send = send
        self._fetch = fetch
        self._player = Player(say=self._say)
        self._output = Output(self._player, say=self._say)
        self._worker = Worker(send, "nawgraph-audible")
        self._transport = Transport(rate=self._player.rate)
        self._heard = Heard()
        self._wanted = b""
        self._opened = False
        self._grids: dict[int, Grid] = {}

    def _say(self, sentence: str) -> None:
        self._send(Say(sentence[:1].upper() + sentence[1:], "warning"))

    def start(self, app: App) -> None:
        """Open the output, on the worker: a device may take its time."""
        self._opened = True
        choice = Choice(app.settings.sound_device, 0, app.settings.buffer_frames)

        def job() -> list[Any]:
            self._output.open(choice)
            return []

        self._worker.do(job)

    def do(self, app: App, effect: Do) -> None:
        """An action by name."""
        getattr(self, f"_{effect.verb}")(app, effect.data)

    # ------------------------------------------------------------------------------ what is heard

    def _listen(self, app: App, data: Any) -> None:
        heard: Heard = data["heard"]
        if not heard.digest:
            self._send(Say(f"{heard.name} has no result yet: run it first (Ctrl+Shift+Return)", "warning"))
            return
        same = (heard.step, heard.output, heard.digest) == (self._heard.step, self._heard.output, self._heard.digest)
        if same and self._transport.playing and data.get("play", True):
            self._toggle(app, data)
            return
        self._load(app, heard, bool(data.get("play", True)))

    def _load(self, app: App, heard: Heard, play: bool) -> None:
        self._wanted = heard.digest

        def ready(value: Any, error: str) -> None:
            if heard.digest != self._wanted:
                return
            if error:
                self._send(Say(error[:1].upper() + error[1:], "warning"))
                return
            self._worker.do(lambda: self._loaded(heard, playable(value), play))

        above = _score_above(app, heard)
        if above:
            self._fetch(above, lambda score, error: self._know(heard, score))
        self._fetch(heard.digest, ready)

    def _know(self, heard: Heard, score: Any) -> None:
        """The bars of a document's sounds."""
        if isinstance(score, Score):
            self._grids[heard.tab] = score.grid
            if self._heard.tab == heard.tab and self._transport.length:
                self._transport = replace(self._transport, grid=score.grid)
                self._player.set_loop(self._transport.loop_span)

    def _loaded(self, heard: Heard, found: Playable, play: bool) -> list[Any]:
        """On the worker: scores and curves were made audible."""
        if found.sound is None:
            return [Say(f"{heard.name}: {found.sentence}", "warning")]
        return [Do("sound", "take", {"heard": heard, "found": found, "play": play})]

    def _take(self, app: App, data: Any) -> None:
        heard, found = data["heard"], data["found"]
        if heard.digest != self._wanted:
            return
        same_tab = heard.tab == self._heard.tab and self._heard.tab != 0
        self._player.load(found.sound, None if same_tab or self._transport.playing else 0)
        rate = self._player.rate
        frames = round(found.sound.frames * rate / found.sound.rate)
        self._transport = self._transport.carrying(frames, found.grid or self._grids.get(heard.tab), rate)
        if not (same_tab or self._transport.playing):
            self._transport = self._transport.seek(0)
        self._player.set_loop(self._transport.loop_span)
        self._heard = heard
        if data["play"]:
            self._player.play()
        self._send(Change({"heard": heard}))

    # ------------------------------------------------------------------------------ the transport

    def _toggle(self, app: App, data: Any) -> None:
        if not self._transport.length:
            self._send(Say("Nothing to play yet: run the graph, then listen to a node (L)", "warning"))
        elif self._transport.playing:
            self._player.pause()
        else:
            self._player.play()

    def _stop(self, app: App, data: Any) -> None:
        self._transport = self._transport.stop()
        self._player.stop(self._transport.position)

    def _rewind(self, app: App, data: Any) -> None:
        self._go(self._transport.seek(0))

    def _step(self, app: App, data: Any) -> None:
        self._go(self._transport.step_bars(data["bars"]))

    def _seek(self, app: App, data: Any) -> None:
        self._go(self._transport.seek(round(data["seconds"] * self._transport.rate)))

    def _seek_bar(self, app: App, data: Any) -> None:
        self._go(self._transport.seek_bar(data["bar"]))

    def _go(self, transport: Transport) -> None:
        self._transport = transport
        self._player.seek(transport.position)

    def _loop(self, app: App, data: Any) -> None:
        self._looping(self._transport.set_looping(not self._transport.looping))

    def _set_loop(self, app: App, data: Any) -> None:
        first = max(int(data["first"]), 0)
        self._looping(self._transport.set_loop(first, max(int(data["end"]), first + 1)))

    def _looping(self, transport: Transport) -> None:
        self._transport = transport
        self._player.set_loop(transport.loop_span)

    def _volume(self, app: App, data: Any) -> None:
        self._player.volume = min(max(float(data["value"]), 0.0), 1.0)

    def _mute(self, app: App, data: Any) -> None:
        self._player.muted = not self._player.muted

    def _device(self, app: App, data: Any) -> None:
        choice = Choice(data.get("device", ""), 0, int(data.get("buffer", 0)))

        def job() -> list[Any]:
            status = self._output.open(choice)
            return [Say(f"Sound goes to {status.device}")]

        self._worker.do(job)

    def _list_devices(self, app: App, data: Any) -> None:
        def job() -> list[Any]:
            names = tuple(device.key for device in self._output.devices())
            return [Do("sound", "devices", {"names": names})]

        self._worker.do(job)

    def _devices(self, app: App, data: Any) -> None:
        self._send(Change({"sound": replace(app.sound, devices=data["names"])}))

    # -------------------------------------------------------------------------------------- a frame

    def frame(self, app: App) -> Sounding:
        """The transport as it is shown now; a new result of what is heard takes over where it plays."""
        if self._opened:
            self._follow(app)
        player, sound = self._player, app.sound
        self._transport = self._transport.at(self._output.position(), player.playing)
        transport = self._transport
        levels = player.levels
        status = self._output.status if player.playing or not sound.device else None
        return replace(
            sound,
            playing=transport.playing,
            looping=transport.looping,
            position=transport.seconds,
            length=transport.length / transport.rate,
            bars=transport.bars_text if transport.grid is not None else "",
            clock=transport.clock_text,
            bpm=transport.bpm,
            meter=transport.meter if transport.grid is not None else "",
            loop=transport.loop,
            peak=levels.peak,
            hold=levels.hold,
            rms=levels.rms,
            lufs=levels.momentary,
            clipped=levels.clipped,
            volume=player.volume,
            muted=player.muted,
            device=status.device if status else sound.device,
            buffer=status.block if status else sound.buffer,
            latency=status.latency if status else sound.latency,
        )

    def _follow(self, app: App) -> None:
        heard = self._heard
        if not heard.step:
            return
        tab = next((tab for tab in app.tabs if tab.key == heard.tab), None)
        badge = tab.badges.get(heard.step) if tab is not None else None
        if badge is None or badge.state not in ("ran", "cached") or heard.output >= len(badge.outputs):
            return
        digest = badge.outputs[heard.output]
        if digest not in (heard.digest, self._wanted):
            self._load(app, replace(heard, digest=digest), False)

    def close(self) -> None:
        self._worker.close(1.0)
        self._output.close()


def _score_above(app: App, heard: Heard) -> bytes:
    """Digest of the nearest score that a sound was made from, b"" if there is none: it knows the bars."""
    tab = next((tab for tab in app.tabs if tab.key == heard.tab), None)
    if tab is None or "/" in heard.step:
        return b""
    graph, todo, seen = tab.graph, [heard.step], {heard.step}
    interfaces = Interfaces(graph, app.library)
    while todo:
        id = todo.pop(0)
        node, badge = graph.nodes.get(id), tab.badges.get(id)
        spec = interfaces.of(node) if node is not None else None
        if node is None:
            continue
        for port, digest in zip(spec.outputs if spec else (), badge.outputs if badge else (), strict=False):
            if port.type.name == "Score":
                return digest
        fresh = sorted(node.sources - seen)
        seen.update(fresh)
        todo += fresh
    return b""
