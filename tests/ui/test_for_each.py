"""A group that runs once for each item of a list, by command."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from nawgraph.edits import AddNode, Batch, Connect, Expose, Group, History
from nawgraph.graph import Graph
from nawgraph.library import standard
from nawgraph.ui import commands
from nawgraph.ui.messages import Apply, Say, Show
from nawgraph.ui.state import App, Tab

LIBRARY = standard()
TAKES = Batch(
    (
        AddNode("list.seeds", (0, 0)),
        AddNode("audio.tone", (300, 0)),
        AddNode("audio.gain", (600, 0)),
        Connect("tone.audio", "gain.audio"),
        Group(("gain", "tone"), "take", "Take"),
        Expose("knobs", "seed", "tone.seed", scope="take"),
        Expose("knobs", "db", "gain.db", scope="take"),
    )
)


def app() -> App:
    graph = TAKES.apply(Graph(), LIBRARY)
    (instance,) = (id for id, node in graph.nodes.items() if node.type == "subgraph.take")
    tab = replace(Tab(1, History.of(graph)), selection=frozenset({instance}))
    return replace(App(LIBRARY), tabs=(tab,), active=1)


def after(app: App, steps: Any) -> App:
    for step in steps:
        assert isinstance(step, Apply)
        tab = app.tabs[0]
        app = replace(app, tabs=(replace(tab, history=tab.history.apply(step.edit, LIBRARY)),))
    return app


def each(app: App, text: str | None = None) -> Any:
    (id,) = app.tabs[0].selection
    return commands.COMMANDS["node.each"].act(app, {} if text is None else {"node": id, "text": text})


def test_it_asks_for_the_ports_and_knobs_that_take_lists() -> None:
    (shown,) = each(app())
    assert isinstance(shown, Show) and shown.popup is not None
    assert shown.popup.data["title"] == "Lists at which of db, seed? Nothing: run once"


def test_the_named_knob_takes_a_list_and_the_document_is_sound() -> None:
    made = after(app(), each(app(), "seed"))
    (id,) = made.tabs[0].selection
    node = made.tabs[0].graph.nodes[id]
    assert node.type == "map.take" and node.knobs["over"] == ("seed",)
    graph = Connect("seeds.items", f"{id}.seed").apply(made.tabs[0].graph, LIBRARY)
    assert not [p for p in graph.problems(LIBRARY) if p.severity == "error"]


def test_nothing_named_makes_it_run_once_again() -> None:
    there = after(app(), each(app(), "seed, db"))
    (id,) = there.tabs[0].selection
    assert there.tabs[0].graph.nodes[id].knobs["over"] == ("seed", "db")
    back = after(there, each(there, "  "))
    assert back.tabs[0].graph.nodes[id].type == "subgraph.take"


def test_a_name_that_is_not_there_is_said() -> None:
    (said,) = each(app(), "sede")
    assert isinstance(said, Say)
    (id,) = app().tabs[0].selection
    assert said.text == f"{id} has no port or knob 'sede': it has db, seed"
