"""What the pointer does, event by event, without a toolkit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from nawgraph.edits import AddNode, Batch, Connect, History
from nawgraph.graph import Graph
from nawgraph.interface import Interfaces
from nawgraph.library import standard
from nawgraph.ui import gestures
from nawgraph.ui.geometry import scene_of
from nawgraph.ui.gestures import Event, Link, Place
from nawgraph.ui.messages import Apply, Look, Select, Show
from nawgraph.ui.state import Tab, View

LIBRARY = standard()
CHAIN = Batch(
    (AddNode("audio.tone", (0, 0)), AddNode("audio.gain", (400, 40)), Connect("tone.audio", "gain.audio"))
)  # fmt: skip


VIEW = View(-50, -50, 1.0)


def place(view: View = VIEW, *edits: Any) -> Place:
    graph = CHAIN.apply(Graph(), LIBRARY)
    for edit in edits:
        graph = edit.apply(graph, LIBRARY)
    scene = scene_of(graph, Interfaces(graph, LIBRARY), None)
    return Place(Tab(1, History.of(graph)), scene, view, LIBRARY)


def played(where: Place, *events: Event) -> tuple[Any, list[Any]]:
    gesture: Any = None
    said: list[Any] = []
    for event in events:
        gesture, messages = gestures.step(gesture, event, where)
        for message in messages:
            said.append(message)
            if isinstance(message, Select) and message.how == "set":
                where = replace(where, tab=replace(where.tab, selection=frozenset(message.ids)))
    return gesture, said


def drag(where: Place, start: tuple[float, float], *through: tuple[float, float], **held: Any) -> list[Any]:
    a = where.view.screen(start)
    moves = [where.view.screen(point) for point in through]
    events = [Event("press", a, **held), *(Event("move", at, **held) for at in moves)]
    gesture, said = played(where, *events, Event("release", moves[-1], **held))
    assert gesture is None
    return said


def applied(where: Place, said: list[Any]) -> Graph:
    graph = where.tab.graph
    for message in said:
        if isinstance(message, Apply):
            graph = message.edit.apply(graph, LIBRARY)
    return graph


@settings(deadline=None, max_examples=40)
@given(st.integers(5, 900), st.integers(5, 900), st.sampled_from([0.5, 1.0, 2.0]))
def test_dragging_a_head_moves_the_node_by_as_much_in_one_edit(dx: int, dy: int, zoom: float) -> None:
    where = place(View(-50, -50, zoom))
    if abs(dx * zoom) < gestures.THRESHOLD * 2 and abs(dy * zoom) < gestures.THRESHOLD * 2:
        return
    said = drag(where, (460, 55), (460 + dx / 2, 55 + dy / 2), (460 + dx, 55 + dy))
    assert sum(isinstance(message, Apply) for message in said) == 1
    x, y = applied(where, said).ui["nodes"]["gain"]
    assert abs(x - 400 - dx) <= 1 and abs(y - 40 - dy) <= 1


def test_escape_leaves_no_trace_of_a_move() -> None:
    where = place()
    a, b = where.view.screen((460, 55)), where.view.screen((600, 300))
    gesture, said = played(where, Event("press", a), Event("move", b))
    assert isinstance(gesture, gestures.Move) and not [m for m in said if isinstance(m, Apply)]
    assert gestures.cancelled(gesture, where) == (None, ())


def test_a_wire_is_drawn_from_an_output_to_an_input_that_fits() -> None:
    where = place(VIEW, AddNode("audio.gain", (400, 500), "other"))
    start, end = where.scene.dot("tone", "out", "audio"), where.scene.dot("other", "in", "audio")
    a, b = where.view.screen(start), where.view.screen(end)
    gesture, _ = played(where, Event("press", a), Event("move", b))
    assert isinstance(gesture, Link) and gesture.over == ("other", "in", "audio")
    assert ("tone", "in", "frequency") not in gesture.fits
    after = applied(where, drag(where, start, end))
    assert after.nodes["other"].inputs["audio"] == "tone.audio"
    assert after.nodes["gain"].inputs["audio"] == "tone.audio"


def test_the_end_of_a_wire_is_taken_away_and_dropped_beside_everything() -> None:
    where = place()
    said = drag(where, where.scene.dot("gain", "in", "audio"), (300, 600), (300, 700))
    assert "audio" not in applied(where, said).nodes["gain"].inputs or any(isinstance(m, Show) for m in said)


def test_a_wire_dropped_on_empty_canvas_asks_for_a_node() -> None:
    where = place()
    said = drag(where, where.scene.dot("gain", "out", "audio"), (800, 600), (800, 700))
    (shown,) = [message.popup for message in said if isinstance(message, Show)]
    assert shown is not None and shown.kind == "search" and shown.data["from"] == "gain.audio"
    assert applied(where, said) == where.tab.graph


def test_a_box_selects_what_lies_in_it_and_shift_adds() -> None:
    where = place()
    everything = drag(where, (-40, -40), (500, 300), (900, 900))[-1]
    assert isinstance(everything, Select) and set(everything.ids) == {"tone", "gain"}
    where = replace(where, tab=replace(where.tab, selection=frozenset({"tone"})))
    more = drag(where, (390, -40), (500, 300), (900, 900), shift=True)
    assert frozenset({"tone", "gain"}) in [frozenset(m.ids) for m in more if isinstance(m, Select)]


def test_a_second_wire_drawn_at_once_from_the_same_port_is_no_double_click() -> None:
    where = place()
    at = where.view.screen(where.scene.dot("tone", "out", "audio"))
    gesture, said = played(where, Event("press", at), Event("double", at))
    assert isinstance(gesture, Link)
    assert not said


def test_the_wheel_zooms_at_the_pointer_and_a_double_click_asks_for_a_node() -> None:
    where = place()
    _, (look,) = played(where, Event("wheel", (300, 200), wheel=1))
    assert isinstance(look, Look) and look.view == where.view.zoomed(gestures.STEP, (300, 200))
    _, (show,) = played(where, Event("double", (30, 700)))
    assert isinstance(show, Show) and show.popup is not None and show.popup.data["world"] == (-20, 650)


def test_a_slash_cuts_the_wires_that_it_crosses() -> None:
    where = place()
    x = (where.scene.dot("tone", "out", "audio")[0] + 400) / 2
    said = drag(where, (x, 300), (x, 100), (x, -30), alt=True)
    assert "audio" not in applied(where, said).nodes["gain"].inputs
