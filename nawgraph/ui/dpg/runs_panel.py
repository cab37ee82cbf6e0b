"""Panels about runs: the queue and what was run, and what a run would do."""

from __future__ import annotations

from typing import Any

import dearpygui.dearpygui as dpg

from nawgraph.ui import theme
from nawgraph.ui.choices import ago
from nawgraph.ui.dpg.pane import Kit, Pane, Tag
from nawgraph.ui.messages import Cancel, Do, Invoke, Run, Select
from nawgraph.ui.state import App, Heard

STATUS = {"ok": theme.OK, "failed": theme.ERROR, "cancelled": theme.WAITING}
VERDICTS = {
    "run": ("runs", theme.DIRTY),
    "maybe": ("may run", theme.WAITING),
    "cached": ("cached", theme.CACHED),
    "fail": ("fails", theme.ERROR),
    "blocked": ("blocked", theme.ERROR),
}
MOST = 400


class Runs(Pane):
    """What runs, what waits (in an order that can be changed), and what was."""

    def __init__(self, kit: Kit, parent: Tag) -> None:
        super().__init__(kit, parent, kit.style.pane)

    def key(self, app: App) -> tuple[Any, ...]:
        queue = app.queue
        return queue.current, queue.waiting, len(queue.past), queue.past[0] if queue.past else None, self.width

    def build(self, app: App) -> None:
        queue, quiet = app.queue, self.kit.style.quiet
        if queue.current is not None:
            with dpg.group(horizontal=True):
                self.text("●", theme.RUNNING, font=theme.WIDE, size=11)
                self.text(f"{queue.current.label} runs")
                self.button("Cancel", Cancel(), look=self.kit.style.danger)
        for place, ticket in enumerate(queue.waiting):
            with dpg.group(horizontal=True):
                self.text("○", theme.WAITING, font=theme.WIDE, size=11)
                self.text(f"{ticket.label} waits", theme.MUTED)
                up = Do("runs", "move", {"ticket": ticket, "index": place - 1})
                self.button(f"up##{ticket.id}", up, look=quiet, help="Earlier")
                down = Do("runs", "move", {"ticket": ticket, "index": place + 1})
                self.button(f"down##{ticket.id}", down, look=quiet, help="Later")
                self.button(f"×##{ticket.id}", Do("runs", "remove", {"ticket": ticket}), look=quiet, help="Take it out")
        if not queue.past and queue.current is None:
            self.text("Nothing was run yet.", theme.MUTED)
            self.button("Run All", Invoke("run.all"), look=self.kit.style.primary)
        for entry in queue.past:
            self._entry(app, entry)

    def _entry(self, app: App, entry: Any) -> None:
        dpg.add_separator()
        with dpg.group(horizontal=True):
            self.text("●", STATUS[entry.status], font=theme.WIDE, size=11)
            self.text(f"{entry.ticket.label}, {entry.seconds:.2f} s")
            self.text(ago(entry.time), theme.FAINT, size=12)
        seeds = list(entry.seeds.items())[:3]
        if seeds:
            words = ", ".join(f"{name} {value}" for name, value in seeds)
            self.text(words, theme.FAINT, size=12, font=theme.MONO, wrap=self.width - self.kit.px(24))
        if entry.error:
            self.text(entry.error, theme.ERROR, wrap=self.width - self.kit.px(24), size=13)
        with dpg.group(horizontal=True):
            restore = Do("runs", "restore", {"entry": entry})
            self.button(
                f"Open##{entry.ticket.id}", restore, look=self.kit.style.flat, help="Its graph, as it ran, in a new tab"
            )
            if entry.sounds:
                name, digest = entry.sounds[0]
                heard = Heard(f"{name} of run {entry.ticket.id}", "", 0, 0, digest)
                listen = Do("sound", "listen", {"heard": heard, "play": True})
                self.button(f"Listen##{entry.ticket.id}", listen, look=self.kit.style.flat, help=name)


class Plan(Pane):
    """What a run would do: cached, run, expected time and memory."""

    def __init__(self, kit: Kit, parent: Tag) -> None:
        super().__init__(kit, parent, kit.style.pane)

    def key(self, app: App) -> tuple[Any, ...]:
        return app.plan, app.tab.graph if app.tab else None, self.width

    def build(self, app: App) -> None:
        answer = app.plan
        with dpg.group(horizontal=True):
            self.button("Ask Again", Do("runs", "plan", {"targets": None}))
            self.button("Run", Run(), look=self.kit.style.primary)
        if answer is None:
            self.text("The engine is asked …", theme.MUTED)
            return
        if answer.plan is None:
            self.text(answer.error, theme.ERROR, wrap=self.width - self.kit.px(24))
            return
        plan = answer.plan
        self.text(
            f"{plan.to_run + plan.maybe} of {len(plan.rows)} steps run, {plan.cached} are cached", size=theme.BODY
        )
        words = [f"about {plan.seconds:.1f} s"]
        words += [f"{plan.unknown} never ran here, so that their time is not known"] if plan.unknown else []
        words += [f"at most {plan.bytes / 1e6:.0f} MB at once"] if plan.bytes else []
        self.text(", ".join(words), theme.MUTED, wrap=self.width - self.kit.px(24), size=13)
        for row in plan.rows[:MOST]:
            self._row(row)

    def _row(self, row: Any) -> None:
        verdict, colour = VERDICTS[row.verdict]
        with dpg.group(horizontal=True):
            self.text("●", colour, font=theme.WIDE, size=11)
            self.button(f"{row.step}##plan", Select(row.nodes[:1]), look=self.kit.style.flat)
            seconds = f", {row.seconds:.2f} s" if row.seconds else ""
            self.text(f"{verdict}{seconds}", theme.FAINT, size=12)
        if row.reason and row.verdict != "cached":
            self.text(row.reason, theme.FAINT, size=12, wrap=self.width - self.kit.px(24))
