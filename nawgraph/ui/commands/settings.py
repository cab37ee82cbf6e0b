"""Commands about knobs, presets, the form, and preferences."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from nawgraph.edits import Expose, Promote, ResetKnob, SetForm, SetKnob
from nawgraph.graph import plain
from nawgraph.ui.commands.base import Command, Data, Steps, ask, has_tab, inside, one, selected, tab_of
from nawgraph.ui.documents import apply_preset, store_preset, user_presets
from nawgraph.ui.messages import Apply, Change, Do, Message, Say, Show
from nawgraph.ui.state import App, Popup


def _set(app: App, data: Data) -> Steps:
    return (Apply(SetKnob(data["node"], data["knob"], data["value"], scope=tab_of(app).scope)),)


def _reset(app: App, data: Data) -> Steps:
    return (Apply(ResetKnob(data["node"], data["knob"], scope=tab_of(app).scope)),)


def _browse(app: App, data: Data) -> Steps:
    """A file for a knob of the selected node."""
    node = data.get("node") or selected(app)[0]
    base = str(tab_of(app).base.absolute())
    return (Do("documents", "browse", {"purpose": "knob", "node": node, "knob": data["knob"], "folder": base}),)


def _expose(app: App, data: Data) -> Steps:
    """A knob inside a group becomes one of the group's own."""
    target = f"{data['node']}.{data['knob']}"
    return (Apply(Expose("knobs", data["knob"], target, scope=tab_of(app).scope)),)


def _promote(app: App, data: Data) -> Steps:
    if tab_of(app).trail:
        return (Say("Make it a knob of the group first: the form shows knobs of the document's own nodes", "warning"),)
    return Apply(Promote(data["node"], data["knob"])), Change({"layout": replace(app.layout, side="form")})


def _unpromote(app: App, data: Data) -> Steps:
    kept = [plain(e) for e in tab_of(app).graph.form if (e["node"], e["knob"]) != (data["node"], data["knob"])]
    return (Apply(SetForm(kept)),)


def _lift(app: App, data: Data) -> Steps:
    """An entry of the form one place up or down."""
    entries: list[Any] = [plain(entry) for entry in tab_of(app).graph.form]
    place = data["index"]
    other = place + data["step"]
    if not 0 <= other < len(entries):
        return ()
    entries[place], entries[other] = entries[other], entries[place]
    return (Apply(SetForm(entries)),)


def _choose(app: App, data: Data) -> Steps:
    tab = tab_of(app)
    id = selected(app)[0]
    found = tuple(user_presets(tab.shown.nodes[id].type))
    return (Show(Popup("presets", data={"node": id, "presets": found})),)


def _apply_preset(app: App, data: Data) -> Steps:
    tab = tab_of(app)
    try:
        edit = apply_preset(data["preset"], tab.graph, app.library, data["node"], tab.scope)
    except ValueError as error:
        return (Say(str(error)[:1].upper() + str(error)[1:], "warning"),)
    return (Apply(edit),)


def _store(app: App, data: Data) -> Steps:
    tab = tab_of(app)
    if "text" not in data:
        return (Show(ask("preset.store", "Name of the preset", node=selected(app)[0])),)
    try:
        preset = store_preset(str(data["text"]), tab.shown.nodes[data["node"]])
    except (ValueError, OSError) as error:
        return (Say(str(error)[:1].upper() + str(error)[1:], "warning"),)
    return (Say(f"Kept the preset “{preset.name}” of {preset.type}"),)


def _settings(app: App, data: Data) -> Steps:
    from msgspec.structs import replace as with_fields

    steps: list[Message | Do] = [Change({"settings": with_fields(app.settings, **data)})]
    if {"buffer_frames", "sound_device"} & set(data):
        device = data.get("sound_device", app.settings.sound_device)
        steps.append(
            Do("sound", "device", {"device": device, "buffer": data.get("buffer_frames", app.settings.buffer_frames)})
        )
    if "ui_scale" in data or "device" in data:
        steps.append(Say("Takes effect when the editor is started again"))
    return steps


def _key(app: App, data: Data) -> Steps:
    """Another chord for a command, "" for none, None for its own."""
    keys = {id: chord for id, chord in app.settings.keys.items() if id != data["command"]}
    if data["chord"] is not None:
        keys[data["command"]] = data["chord"]
    return _settings(app, {"keys": keys})


COMMANDS = (
    Command("preset.choose", "Recall a Preset…", _choose, "Node", "mode", (), one, ("node",)),
    Command("preset.store", "Keep as a Preset…", _store, "Node", "mode", (), one, ("node",)),
    Command("preset.apply", "Recall This Preset", _apply_preset, when=has_tab, hidden=True),
    Command("knob.set", "Set a Knob", _set, when=has_tab, hidden=True),
    Command("knob.reset", "Reset a Knob", _reset, when=has_tab, hidden=True),
    Command("knob.browse", "Choose a File", _browse, when=one, hidden=True),
    Command("node.expose", "Make a Knob of the Group", _expose, when=inside, hidden=True),
    Command("form.promote", "Show in Form", _promote, when=has_tab, hidden=True),
    Command("form.unpromote", "Remove from Form", _unpromote, when=has_tab, hidden=True),
    Command("form.lift", "Move in the Form", _lift, when=has_tab, hidden=True),
    Command("settings.set", "Change a Setting", _settings, hidden=True),
    Command("keys.set", "Change a Key", _key, hidden=True),
)
