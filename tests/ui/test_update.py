"""The state after messages: no toolkit, no engine, no files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nawgraph import files
from nawgraph.edits import AddNode, Connect, History, Move, Remove, SetKnob
from nawgraph.graph import Graph
from nawgraph.library import standard
from nawgraph.ui import commands
from nawgraph.ui.messages import (
    Add,
    Apply,
    Change,
    Close,
    Do,
    Enter,
    Front,
    Insert,
    Invoke,
    Look,
    Open,
    Past,
    Run,
    Save,
    Say,
    Select,
    Show,
    Tick,
    Travel,
    Type,
)
from nawgraph.ui.runs import QueueChanged, RunEnded, RunStarted, StepChanged, Ticket
from nawgraph.ui.state import ZOOM_HIGH, ZOOM_LOW, App, Popup, Tab, View
from nawgraph.ui.update import fold, update

LIBRARY = standard()


def opened(*edits: Any) -> App:
    app, _ = update(Open(Tab(0, History.of(Graph(), "new"), saved=Graph())), App(LIBRARY))
    for edit in edits:
        app, _ = update(Apply(edit), app)
    return app


def tab(app: App) -> Tab:
    assert app.tab is not None
    return app.tab


CHAIN = (AddNode("audio.tone", (0, 0)), AddNode("audio.gain", (400, 0)), Connect("tone.audio", "gain.audio"))

STEPS = st.one_of(
    st.builds(lambda i, x: Move({f"gain_{i}" if i else "gain": (x, 2 * x)}), st.integers(0, 2), st.integers(-500, 500)),
    st.builds(lambda v: SetKnob("gain", "db", float(v)), st.integers(-40, 20)),
    st.just(AddNode("audio.gain")),
    st.just(Remove(("gain",))),
    st.just(Connect("tone.audio", "gain.audio")),
)


@settings(deadline=None, max_examples=60)
@given(st.lists(STEPS, max_size=12))
def test_undoing_everything_and_redoing_it_comes_back_to_the_same_states(edits: list[Any]) -> None:
    app = opened(*CHAIN)
    for i, edit in enumerate(edits):
        app, _ = update(Tick(100.0 * i), app)
        app, effects = update(Apply(edit), app)
        assert effects == ()
    last = tab(app).graph
    entries = tab(app).history.entries
    while commands.COMMANDS["edit.undo"].when(app):
        app, _ = update(Invoke("edit.undo"), app)
        assert tab(app).selection <= set(tab(app).graph.nodes)
    assert tab(app).graph == Graph() and not tab(app).dirty
    for _ in entries[1:]:
        app, _ = update(Invoke("edit.redo"), app)
    assert tab(app).graph == last


@given(
    st.floats(-1e4, 1e4), st.floats(-1e4, 1e4), st.floats(ZOOM_LOW, ZOOM_HIGH), st.floats(0.05, 20),
    st.floats(0, 2000), st.floats(0, 2000),
)  # fmt: skip
def test_zooming_keeps_the_point_under_the_pointer(
    x: float, y: float, zoom: float, factor: float, px: float, py: float
) -> None:
    view = View(x, y, zoom)
    after = view.zoomed(factor, (px, py))
    assert ZOOM_LOW <= after.zoom <= ZOOM_HIGH
    assert after.world((px, py)) == pytest.approx(view.world((px, py)), abs=1e-6, rel=1e-9)


def test_an_edit_that_cannot_be_made_is_a_sentence_and_changes_nothing() -> None:
    app = opened(*CHAIN)
    after, effects = update(Apply(Connect("gain.audio", "tone.frequency")), app)
    assert effects == () and tab(after).graph is tab(app).graph
    assert after.toasts[-1].kind == "warning" and after.toasts[-1].text[0].isupper()


def test_toasts_go_when_their_time_is_over() -> None:
    app, _ = update(Say("hello"), App(LIBRARY, now=10.0))
    assert [toast.text for toast in app.toasts] == ["hello"]
    app, _ = update(Tick(13.0), app)
    assert app.toasts
    app, _ = update(Tick(15.0), app)
    assert not app.toasts


def test_a_node_is_added_where_the_search_was_and_wired() -> None:
    app = opened(AddNode("prompt.text", (0, 0)))
    (prompt,) = tab(app).graph.nodes
    app, _ = update(Show(Popup("search", (10, 10))), app)
    app, _ = update(Add("plan.compose", {"world": (300, 70), "from": f"{prompt}.prompt"}), app)
    (added,) = tab(app).selection
    assert tab(app).graph.nodes[added].inputs["prompt"] == f"{prompt}.prompt"
    assert tuple(tab(app).graph.ui["nodes"][added]) == (300, 50)
    assert app.popup is None and app.recent == ("plan.compose",)
    app, _ = update(Travel(1), app)
    assert added not in tab(app).graph.nodes and added not in tab(app).selection


def test_copies_are_pasted_as_text_with_new_ids() -> None:
    app = opened(*CHAIN)
    app, _ = update(Select(("tone", "gain")), app)
    app, effects = update(Invoke("edit.copy"), app)
    (copy,) = effects
    assert isinstance(copy, Do) and set(files.loads(copy.data["text"]).nodes) == {"tone", "gain"}
    app, _ = update(Insert(app.clipboard, (0, 600)), app)
    assert len(tab(app).graph.nodes) == 4 and len(tab(app).selection) == 2
    assert not tab(app).selection & {"tone", "gain"}
    before = tab(app).graph
    app, _ = update(Insert("no json"), app)
    assert tab(app).graph is before and "clipboard" in app.toasts[-1].text


def test_files_of_a_file_manager_are_pasted_as_their_loaders() -> None:
    app = opened()
    text = (
        "copy\nfile:///music/a%20song.MP3\nfile:///music/notes.mid\nfile:///music/words.txt\nfile:///music/x.nawgraph"
    )
    app, effects = update(Insert(text, (100, 50)), app)
    loads = {node.type: dict(node.knobs) for node in tab(app).graph.nodes.values()}
    assert loads["audio.load"] == {"file": "/music/a song.MP3"}
    assert loads["score.from_midi"] == {"file": "/music/notes.mid"}
    assert [e.data["path"] for e in effects if isinstance(e, Do) and e.verb == "open"] == ["/music/x.nawgraph"]
    assert len(tab(app).history.entries) == 2
    before = tab(app).graph
    app, _ = update(Insert("'/music/words.txt'"), app)
    assert tab(app).graph is before and app.toasts[-1].text.startswith("No node reads words.txt")
    app, _ = update(Insert("/music/a.wav\nand some words"), app)
    assert tab(app).graph is before and "clipboard" in app.toasts[-1].text


def test_tabs_come_to_the_front_and_go() -> None:
    app = opened()
    app, _ = update(Open(Tab(0, History.of(Graph()), name="second")), app)
    first, second = (each.key for each in app.tabs)
    assert app.active == second
    app, _ = update(Front(first), app)
    app, _ = update(Close(first), app)
    assert app.active == second and [each.key for each in app.tabs] == [second]
    app, _ = update(Close(second), app)
    assert app.tab is None and app.active == 0


def test_the_queue_of_runs_is_what_was_said_last() -> None:
    ticket = Ticket(1, "1", "all", "song", None)
    app, _ = update(QueueChanged(ticket, ()), opened())
    assert app.queue.current == ticket
    app, _ = fold(app, (QueueChanged(None, ()), Past(("entry",))))
    assert app.queue.current is None and app.queue.past == ("entry",)


def test_commands_are_effects_or_nothing_where_they_may_not_be_used() -> None:
    app = opened(*CHAIN)
    assert update(Invoke("run.all"), app)[1] == (Run(),)
    assert update(Invoke("file.save"), app)[1] == (Save(app.active),)
    assert update(Invoke("edit.copy"), app) == (app, ())  # nothing is selected
    assert update(Invoke("run.all"), App(LIBRARY)) == (App(LIBRARY), ())
    assert "no command" in update(Invoke("no.such"), app)[0].toasts[-1].text


def test_typing_filters_and_looking_is_kept_for_each_scope() -> None:
    app, _ = update(Show(Popup("search")), opened(*CHAIN))
    app, _ = update(Type("mix"), app)
    assert app.popup is not None and app.popup.query == "mix"
    app, _ = update(Look(View(5, 6, 2.0)), app)
    assert tab(app).view == View(5, 6, 2.0)
    app, _ = update(Change({"size": (3.0, 4.0)}), app)
    assert app.size == (3.0, 4.0)
    with pytest.raises(TypeError, match="no message"):
        update(object(), replace(app))


def test_an_instance_shows_what_the_node_inside_it_made() -> None:
    song = files.load(Path(__file__).parents[2] / "graphs" / "subgraph.nawgraph")
    app, _ = update(Open(Tab(0, History.of(song))), App(LIBRARY))
    ticket = Ticket(1, str(app.active), "all", "song", None)
    app, _ = update(RunStarted(ticket, ("root/tone", "root/shape", "chord")), app)
    made = StepChanged(1, ticket.tab, "root/shape", ("root", "shape"), "ran", 0.1, outputs=(b"digest",))
    app, _ = fold(app, (made, RunEnded(ticket, "ok", 0.2, (), "", {})))
    assert tab(app).badges["root"].outputs == (b"digest",) and tab(app).badges["root"].state == "ran"
    assert tab(app).badges["fifth"].outputs == ()


def test_a_document_stays_whole_in_view_until_something_is_done() -> None:
    graph = tab(opened(*CHAIN)).graph
    app, _ = update(Open(Tab(0, History.of(graph))), App(LIBRARY, size=(1200, 800)))
    wide = tab(app).view
    app, _ = update(Change({"size": (500.0, 400.0)}), app)
    narrow = tab(app).view
    assert narrow.zoom < wide.zoom
    app, _ = update(Select(("tone",)), app)
    app, _ = update(Change({"size": (1200.0, 800.0)}), app)
    assert tab(app).view == narrow


def test_a_sound_is_shown_in_two_ways_and_a_number_in_one() -> None:
    app = opened(*CHAIN, AddNode("value.float"))
    for wanted in ("spectrogram", True, "spectrogram"):
        app, _ = fold(app, [Select(("tone",)), Invoke("node.view")])
        assert tab(app).graph.ui["nodes"]["tone"]["viewer"] == wanted
    before = tab(app).graph
    app, _ = fold(app, [Select(("float",)), Invoke("node.view")])
    assert tab(app).graph is before and app.toasts[-1].kind == "warning"


def test_the_way_into_groups_is_called_by_titles() -> None:
    app = opened(*CHAIN)
    app, _ = fold(app, [Select(("tone", "gain")), Invoke("node.group", {"text": "The band"})])
    (id,) = tab(app).graph.nodes
    app, _ = update(Enter(id), app)
    assert tab(app).crumbs == ("The band",)
