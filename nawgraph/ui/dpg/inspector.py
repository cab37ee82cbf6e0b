"""The inspector on the right: what is selected, its knobs, its state, its results."""

from __future__ import annotations

from typing import Any

import dearpygui.dearpygui as dpg

from nawgraph.edits import Batch, SetKnob, SetTitle
from nawgraph.graph import Node, definition_of
from nawgraph.node import Knob, NodeSpec
from nawgraph.ui import theme
from nawgraph.ui.dpg.knobs import Knobs
from nawgraph.ui.dpg.pane import Kit, Pane, Tag
from nawgraph.ui.messages import Apply, Invoke
from nawgraph.ui.search import title as title_of
from nawgraph.ui.state import App, Badge, Tab

Summaries = Any

_STATES = {
    "": "not run yet",
    "dirty": "changed: runs the next time",
    "waiting": "waits",
    "running": "runs",
    "ran": "done",
    "cached": "done, known already",
    "skipped": "not needed",
    "failed": "failed",
    "blocked": "cannot run: something above it failed",
    "cancelled": "cancelled",
}


class Inspector(Pane):
    """Made anew when the selection or the structure changes; values follow while one turns them.

    Args:
        summary: digest → one line about the result, "" while it is not known.
    """

    def __init__(self, kit: Kit, parent: Tag, summary: Any) -> None:
        super().__init__(kit, parent, kit.style.pane)
        self._summary = summary
        self._knobs = Knobs(kit, self._turn)
        self._state: Tag = 0
        self._why: Tag = 0
        self._ids: tuple[str, ...] = ()
        self._scope = ""

    def key(self, app: App) -> tuple[Any, ...]:
        tab = app.tab
        if tab is None:
            return ("", self.width)
        nodes = tab.shown.nodes
        ids = tuple(sorted(id for id in tab.selection if id in nodes))
        parts = tuple((id, nodes[id].type, nodes[id].mode, tuple(nodes[id].inputs), nodes[id].title) for id in ids[:8])
        badge = tab.badges.get(tab.step(ids[0])) if len(ids) == 1 else None
        lines = tuple(self._summary(d) for d in badge.outputs) if badge is not None else ()
        return tab.key, tab.trail, len(ids), parts, lines, app.heard.name, self.width

    def build(self, app: App) -> None:
        tab = app.tab
        self._state = self._why = 0
        self._knobs.clear()
        self._ids = ()
        if tab is None:
            return
        self._scope = tab.scope
        nodes = tab.shown.nodes
        ids = tuple(sorted(id for id in tab.selection if id in nodes))
        self._ids = ids
        if not ids:
            self._document(app, tab)
        elif len(ids) == 1:
            self._one(app, tab, ids[0], nodes[ids[0]])
        else:
            self._many(app, tab, ids)

    # ------------------------------------------------------------------------------------ one node

    def _one(self, app: App, tab: Tab, id: str, node: Node) -> None:
        interfaces = app.interfaces()
        spec = interfaces.of(node) if interfaces is not None else None
        category = "group" if definition_of(node.type) else node.type.partition(".")[0]
        self._caption(node.title or (title_of(spec) if spec is not None else node.type), category, node.type)
        if spec is None:
            self.text(
                f"The type {node.type} is not installed here. The node is kept as it is.",
                theme.WARNING,
                wrap=self._wrap,
            )
            self.button("Missing Things…", Invoke("file.missing"))
            return
        field = self._title(node, id)
        self.kit.typing.add(field)
        self._modes(node)
        self._section("State")
        self._state = self.text("", theme.MUTED, wrap=self._wrap)
        self._why = self.text("", theme.FAINT, wrap=self._wrap, size=13)
        if spec.knobs:
            self._section("Knobs")
            self._knobs.build(id, node, spec, self._inner, tab.graph.form)
        if spec.outputs:
            self._section("Results")
            badge = tab.badges.get(tab.step(id), Badge())
            for index, port in enumerate(spec.outputs):
                self._output(app, id, port, badge.outputs[index] if index < len(badge.outputs) else b"")
        if spec.help:
            self._section("About")
            self.text(" ".join(spec.help.split("\n\n")[0].split()), theme.MUTED, wrap=self._wrap, size=13)
            self.button("More", Invoke("view.help", {"id": id}), look=self.kit.style.flat)

    def _caption(self, title: str, category: str, type: str) -> None:
        with dpg.group(horizontal=True):
            self.text("●", theme.of_category(category), font=theme.WIDE)
            self.text(title, size=theme.HEAD, font=theme.BOLD, wrap=self._wrap)
        self.text(type, theme.FAINT, size=12, font=theme.MONO)

    def _title(self, node: Node, id: str) -> Tag:
        scope = self._scope
        field: Tag = dpg.add_input_text(
            default_value=node.title,
            hint="its own title",
            width=self._inner,
            on_enter=True,
            callback=lambda _, value: self.send(Apply(SetTitle(id, value, scope=scope))),
        )
        dpg.bind_item_font(field, self.kit.fonts.words(node.title))
        return field

    def _modes(self, node: Node) -> None:
        style = self.kit.style
        with dpg.group(horizontal=True):
            for mode, key in (("bypass", "B"), ("mute", "M"), ("freeze", "Shift+F")):
                look = style.lit if node.mode == mode else style.flat
                self.button(mode.capitalize(), Invoke(f"node.{mode}"), look=look, help=f"{mode.capitalize()} ({key})")
            self.button(
                "Presets", Invoke("preset.choose"), look=style.flat, help="Keep and recall settings of this type"
            )

    def _output(self, app: App, id: str, port: Any, digest: bytes) -> None:
        source = f"{id}.{port.name}"
        playing = app.heard.name == source
        with dpg.group(horizontal=True):
            listen = Invoke("sound.listen", {"target": "port", "id": source})
            tag = self.button(
                "▶", listen, look=self.kit.style.lit if playing else self.kit.style.flat, help=f"Listen to {port.name}"
            )
            dpg.bind_item_font(tag, self.kit.fonts.of(theme.WIDE, 12))
            self.text(port.name, theme.of_type(port.type))
            self.text(str(port.type), theme.FAINT, size=12)
        line = self._summary(digest) if digest else ""
        if line:
            self.text(line, theme.MUTED, wrap=self._wrap, size=13)

    # ------------------------------------------------------------------------------- several, none

    def _many(self, app: App, tab: Tab, ids: tuple[str, ...]) -> None:
        """Knobs that all of them have, set together."""
        nodes = tab.shown.nodes
        interfaces = app.interfaces()
        self.text(f"{len(ids)} nodes", size=theme.HEAD, font=theme.BOLD)
        names = ", ".join(ids[:6]) + (" …" if len(ids) > 6 else "")
        self.text(names, theme.FAINT, wrap=self._wrap, size=12)
        specs = [interfaces.of(nodes[id]) if interfaces is not None else None for id in ids]
        known = [spec for spec in specs if spec is not None]
        self._modes(nodes[ids[0]])
        if len(known) < len(ids):
            return
        shared = _shared(known)
        if not shared:
            self.text("They have no knob in common.", theme.FAINT, wrap=self._wrap)
            return
        self._section("Knobs of all")
        self._knobs.build(ids[0], nodes[ids[0]], known[0], self._inner, (), only=shared)

    def _document(self, app: App, tab: Tab) -> None:
        meta = tab.graph.meta
        self.text(str(meta.get("title") or tab.title), size=theme.HEAD, font=theme.BOLD, wrap=self._wrap)
        if meta.get("description"):
            self.text(str(meta["description"]), theme.MUTED, wrap=self._wrap)
        self.text(f"{len(tab.shown.nodes)} nodes", theme.FAINT)
        for note in tab.notes:
            self.text(note, theme.WARNING, wrap=self._wrap, size=13)
        self._section("Getting on")
        for key, words in (
            ("Tab", "adds a node where the pointer is"),
            ("drag from a port", "wires; on empty canvas it asks for a node"),
            ("L", "listens to what is selected"),
            ("Ctrl+Return", "runs what has changed"),
            ("Ctrl+Shift+P", "finds every command"),
        ):
            with dpg.group(horizontal=True, xoffset=self.kit.px(128)):
                self.text(key, theme.TEXT, size=12, font=theme.MONO)
                self.text(words, theme.MUTED, size=13, wrap=self._wrap - self.kit.px(128))

    def _section(self, words: str) -> None:
        dpg.add_spacer(height=self.kit.px(6))
        self.text(words.upper(), theme.FAINT, size=11, font=theme.BOLD)

    @property
    def _inner(self) -> int:
        return self.width - self.kit.px(36)

    @property
    def _wrap(self) -> int:
        return self.width - self.kit.px(24)

    # ------------------------------------------------------------------------------------- values

    def _turn(self, knob: str, value: Any) -> None:
        edits = tuple(SetKnob(id, knob, value, scope=self._scope) for id in self._ids)
        if edits:
            self.send(Apply(edits[0] if len(edits) == 1 else Batch(edits, f"set {knob} of {len(edits)} nodes")))

    def refresh(self, app: App) -> None:
        tab = app.tab
        if tab is None or not self._ids:
            return
        node = tab.shown.nodes.get(self._ids[0])
        if node is None:
            return
        self._knobs.refresh(node)
        if self._state:
            badge = tab.badges.get(tab.step(self._ids[0]), Badge())
            dpg.set_value(self._state, _standing(badge))
            dpg.configure_item(self._state, color=theme.STATES[badge.state])
            why = badge.error or (f"because {badge.why}" if badge.why else badge.label)
            dpg.set_value(self._why, why)
            dpg.configure_item(self._why, show=bool(why), color=theme.TEXT if badge.error else theme.MUTED)


def _standing(badge: Badge) -> str:
    words = _STATES[badge.state]
    if badge.state == "running":
        words += f" {badge.progress:.0%}" if badge.progress is not None else ""
        words += f", {badge.seconds:.1f} s"
        return words + (f", about {badge.eta:.1f} s more" if badge.eta is not None else "")
    return words + (f", {badge.seconds:.2f} s" if badge.seconds and badge.state in ("ran", "cached") else "")


def _shared(specs: list[NodeSpec]) -> frozenset[str]:
    """Names of the knobs that all have, with the same type and hint."""

    def same(knob: Knob, other: Knob | None) -> bool:
        return other is not None and other.type == knob.type and other.hint == knob.hint

    return frozenset(k.name for k in specs[0].knobs if all(same(k, spec.knob(k.name)) for spec in specs[1:]))
