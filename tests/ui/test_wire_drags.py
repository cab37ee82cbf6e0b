"""Wires from node to node, and bundles of them."""

from __future__ import annotations

from test_gestures import VIEW, applied, drag, place
from test_lasso import middle

from nawgraph.edits import AddNode, Connect
from nawgraph.ui.messages import Apply, Say

OTHERS = (
    AddNode("audio.gain", (400, 500), "second"),
    AddNode("audio.gain", (400, 900), "third"),
    AddNode("audio.mix", (900, 500), "mix"),
)


def test_alt_and_a_drag_from_node_to_node_draws_the_wire_that_fits() -> None:
    where = place(VIEW, *OTHERS)
    after = applied(where, drag(where, middle(where, "tone"), (500, 400), middle(where, "second"), alt=True))
    assert after.nodes["second"].inputs["audio"] == "tone.audio"
    assert after.nodes["gain"].inputs["audio"] == "tone.audio"


def test_alt_and_a_drag_says_so_where_nothing_fits() -> None:
    where = place(VIEW, AddNode("prompt.text", (400, 500), "words"))
    said = drag(where, middle(where, "words"), (500, 400), middle(where, "gain"), alt=True)
    assert [m.text for m in said if isinstance(m, Say)] == [
        "gain takes nothing that words gives: drag from a port to see what fits"
    ]
    assert not [m for m in said if isinstance(m, Apply)]


def test_a_wire_never_closes_a_circle() -> None:
    where = place(VIEW, *OTHERS)
    said = drag(where, middle(where, "gain"), (500, 400), middle(where, "tone"), alt=True)
    assert applied(where, said) == where.tab.graph


def test_ctrl_and_a_drag_moves_all_wires_of_an_output_in_one_step() -> None:
    wired = (*OTHERS, Connect("tone.audio", "third.audio"), Connect("tone.audio", "mix.sounds"))
    where = place(VIEW, *wired, AddNode("audio.tone", (0, 600), "noise"))
    start, end = where.scene.dot("tone", "out", "audio"), where.scene.dot("noise", "out", "audio")
    said = drag(where, start, (200, 300), end, ctrl=True)
    (step,) = [m for m in said if isinstance(m, Apply)]
    assert step.edit.label == "move 3 wires to noise.audio"
    after = applied(where, said)
    assert after.nodes["gain"].inputs["audio"] == after.nodes["third"].inputs["audio"] == "noise.audio"
    assert after.nodes["mix"].inputs["sounds"] in ("noise.audio", ("noise.audio",))


def test_ctrl_and_a_drag_copies_all_wires_of_an_input() -> None:
    wired = (*OTHERS, Connect("gain.audio", "mix.sounds"), Connect("second.audio", "mix.sounds"))
    where = place(VIEW, *wired, AddNode("audio.mix", (900, 900), "again"))
    start, end = where.scene.dot("mix", "in", "sounds"), where.scene.dot("again", "in", "sounds")
    after = applied(where, drag(where, start, (800, 800), end, ctrl=True))
    assert (
        after.nodes["again"].inputs["sounds"] == after.nodes["mix"].inputs["sounds"] == ("gain.audio", "second.audio")
    )


def test_a_bundle_dropped_beside_everything_changes_nothing() -> None:
    where = place(VIEW, *OTHERS)
    said = drag(where, where.scene.dot("tone", "out", "audio"), (-40, 900), ctrl=True)
    assert applied(where, said) == where.tab.graph
