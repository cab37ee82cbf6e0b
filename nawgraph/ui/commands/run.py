"""Commands about runs, sound and probes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from nawgraph.ui.commands.base import Command, Data, Steps, has_tab, selected, some, subject, tab_of
from nawgraph.ui.messages import Cancel, Change, Do, Run, Say, Show
from nawgraph.ui.state import App, Heard, Popup, Tab

PROBES = range(1, 10)


def _run(app: App, data: Data) -> Steps:
    return (Run(),)


def _to_here(app: App, data: Data) -> Steps:
    tab = tab_of(app)
    if tab.trail:
        return (Run((tab.trail[0],)),)
    return (Run(subject(app, data)),)


def _cancel(app: App, data: Data) -> Steps:
    return (Cancel(),)


def _auto(app: App, data: Data) -> Steps:
    from msgspec.structs import replace as with_fields

    on = not app.settings.auto_run
    changed = with_fields(app.settings, auto_run=on)
    return Change({"settings": changed}), Say(f"Runs after every change: {'on' if on else 'off'}")


def _plan(app: App, data: Data) -> Steps:
    layout = replace(app.layout, side="plan")
    return Change({"layout": layout, "plan": None}), Do("runs", "plan", {"targets": data.get("targets")})


def _sound(verb: str, **fixed: object) -> Callable[[App, Data], Steps]:
    def act(app: App, data: Data) -> Steps:
        return (
            Do("sound", verb, {**fixed, **{k: v for k, v in data.items() if k in ("bar", "first", "end", "value")}}),
        )

    return act


def output_of(app: App, data: Data) -> Heard | None:
    """What a click or the selection means to listen to: a port, a wire's source, or a node's first sounding output."""
    tab = tab_of(app)
    source = str(data.get("from") or data.get("source") or "")
    if data.get("target") == "port" and not source:
        source = str(data.get("id", ""))
    if data.get("target") == "wire" and not source:
        wire = data.get("wire") or data.get("id")
        source = str(wire[0] if isinstance(wire, (tuple, list)) else wire)
    if source:
        source = _fed(tab, source)
        return heard(app, tab, source)
    ids = subject(app, data)
    return heard(app, tab, first_output(app, tab, ids[0])) if len(ids) == 1 else None


def _fed(tab: Tab, port: str) -> str:
    """The output itself, or what feeds an input (``node.port`` → ``node.output``)."""
    id, _, name = port.partition(".")
    node = tab.shown.nodes.get(id)
    wire = node.inputs.get(name) if node is not None else None
    if wire is None:
        return port
    return wire if isinstance(wire, str) else wire[0]


def first_output(app: App, tab: Tab, id: str) -> str:
    """``node.output`` of the first output that can be heard, else of the first one, else what feeds the sink."""
    interfaces = app.interfaces()
    node = tab.shown.nodes[id]
    spec = interfaces.of(node) if interfaces is not None else None
    names = [port.name for port in spec.outputs] if spec is not None else []
    sounding = [port.name for port in spec.outputs if port.type.name in ("Audio", "Stems")] if spec is not None else []
    if sounding or names:
        return f"{id}.{(sounding or names)[0]}"
    return next((source for _, source in node.wires()), f"{id}.")


def heard(app: App, tab: Tab, source: str) -> Heard | None:
    """What an output carries by the last run, None if it carries nothing yet."""
    id, _, name = source.partition(".")
    node = tab.shown.nodes.get(id)
    interfaces = app.interfaces()
    spec = interfaces.of(node) if node is not None and interfaces is not None else None
    if spec is None or spec.output(name) is None:
        return None
    index = spec.output_index(name)
    step = tab.step(id)
    badge = tab.badges.get(step)
    digest = badge.outputs[index] if badge is not None and index < len(badge.outputs) else b""
    return Heard(source, step, index, tab.key, digest)


def _listen(app: App, data: Data) -> Steps:
    found = output_of(app, data)
    if found is None:
        return (Say("Nothing to hear here: choose an output of a node", "warning"),)
    return (Do("sound", "listen", {"heard": found, "play": data.get("play", True)}),)


def _assign(digit: int) -> Callable[[App, Data], Steps]:
    def act(app: App, data: Data) -> Steps:
        found = output_of(app, data) if selected(app) or data.get("target") else app.heard
        if found is None or not found.name:
            return (Say(f"Probe {digit}: select a node, or listen to something first", "warning"),)
        return Change({"probes": app.probes.set(digit, found)}), Say(f"Probe {digit}: {found.name}")

    return act


def _recall(digit: int) -> Callable[[App, Data], Steps]:
    def act(app: App, data: Data) -> Steps:
        if digit not in app.probes:
            return _assign(digit)(app, data)
        return (Do("sound", "listen", {"heard": app.probes[digit], "play": app.sound.playing}),)

    return act


def _devices(app: App, data: Data) -> Steps:
    return Do("sound", "list_devices"), Show(Popup("devices"))


def _running(app: App) -> bool:
    return app.queue.current is not None or bool(app.queue.waiting)


def _loops(app: App) -> bool:
    return app.sound.looping


COMMANDS = (
    Command(
        "run.all", "Run All", _run, "Run", "run", ("Ctrl+Return", "F5"), has_tab, ("canvas",), icon="run", typing=True
    ),
    Command("run.here", "Run to Here", _to_here, "Run", "run", ("Ctrl+Shift+Return",), some, ("node", "selection")),
    Command("run.cancel", "Cancel", _cancel, "Run", "run", ("Ctrl+Period",), _running, icon="stop", typing=True),
    Command(
        "run.auto",
        "Run After Every Change",
        _auto,
        "Run",
        "how",
        ("Ctrl+Shift+R",),
        ticked=lambda app: app.settings.auto_run,
        icon="auto",
    ),
    Command("run.plan", "Show Run Plan", _plan, "Run", "how", ("Ctrl+R",), has_tab, icon="plan"),
    Command("sound.listen", "Listen", _listen, "Sound", "hear", ("L",), has_tab, ("node", "port", "wire"), icon="ear"),
    Command("sound.play", "Play / Pause", _sound("toggle"), "Sound", "move", ("Space",), icon="play"),
    Command("sound.stop", "Stop", _sound("stop"), "Sound", "move", ("Shift+Space",), icon="stop"),
    Command("sound.rewind", "Rewind", _sound("rewind"), "Sound", "move", ("Home",), icon="rewind"),
    Command("sound.forward", "One Bar On", _sound("step", bars=1), "Sound", "move", ("Period",), icon="next"),
    Command("sound.back", "One Bar Back", _sound("step", bars=-1), "Sound", "move", ("Comma",), icon="previous"),
    Command("sound.loop", "Loop", _sound("loop"), "Sound", "loop", ("Ctrl+L",), ticked=_loops, icon="loop"),
    Command("sound.seek", "Go to Bar", _sound("seek_bar"), hidden=True),
    Command("sound.range", "Loop Bars", _sound("set_loop"), hidden=True),
    Command("sound.volume", "Monitor Volume", _sound("volume"), hidden=True),
    Command("sound.choose_device", "Output Device…", _devices, "Sound", "loop"),
    Command("sound.mute", "Mute Monitor", _sound("mute"), "Sound", "loop", ticked=lambda app: app.sound.muted),
    *(
        Command(
            f"probe.{n}",
            f"Probe {n}",
            _recall(n),
            keys=(str(n),),
            when=has_tab,
            help="Listens to the probe; sets it, if it is free",
        )
        for n in PROBES
    ),
    *(
        Command(
            f"probe.set_{n}",
            f"Set Probe {n}",
            _assign(n),
            keys=(f"Shift+{n}",),
            when=has_tab,
            targets=("port", "wire") if n < 4 else (),
        )
        for n in PROBES
    ),
)
