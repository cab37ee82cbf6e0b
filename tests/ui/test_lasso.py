"""Selecting by an outline drawn by hand."""

from __future__ import annotations

import math
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from test_gestures import VIEW, drag, place

from nawgraph.edits import AddNode
from nawgraph.ui import gestures, lasso
from nawgraph.ui.gestures import Event, Place
from nawgraph.ui.messages import Select


def middle(where: Place, id: str) -> tuple[float, float]:
    left, top, right, bottom = where.scene.box(id)
    return (left + right) / 2, (top + bottom) / 2


def ring(at: tuple[float, float], radius: float) -> list[tuple[float, float]]:
    return [(at[0] + radius * math.cos(i / 5), at[1] + radius * math.sin(i / 5)) for i in range(32)]


@given(st.floats(-3000, 3000), st.floats(-3000, 3000), st.floats(1, 2000))
def test_a_ring_holds_what_is_nearer_than_its_radius(x: float, y: float, radius: float) -> None:
    where = place(VIEW, AddNode("audio.gain", (900, 700), "other"))
    found = lasso.inside(where.scene, ring((x, y), radius))
    for id in ("tone", "gain", "other"):
        far = math.dist(middle(where, id), (x, y))
        assert id not in found if far > radius else id in found if far < 0.99 * radius else True


def test_two_points_hold_nothing() -> None:
    where = place()
    assert lasso.inside(where.scene, [(-5000, -5000), (5000, 5000)]) == frozenset()


def test_a_lasso_adds_to_the_selection_and_with_ctrl_takes_away() -> None:
    where = place(VIEW, AddNode("audio.gain", (900, 700), "other"))
    x, y = middle(where, "other")
    path = [(x - 600, y - 300), (x + 600, y - 300), (x + 600, y + 300), (x - 600, y + 300)]
    said = drag(where, path[0], *path[1:], alt=True, shift=True)
    assert [m.ids for m in said if isinstance(m, Select)][-1] == frozenset({"other"})
    where = replace(where, tab=replace(where.tab, selection=frozenset({"other", "tone"})))
    said = drag(where, path[0], *path[1:], alt=True, shift=True, ctrl=True)
    assert [m.ids for m in said if isinstance(m, Select)][-1] == frozenset({"tone"})


def test_escape_gives_the_old_selection_back() -> None:
    where = place()
    a, b = where.view.screen((-40, -40)), where.view.screen((900, -40))
    gesture, _ = gestures.step(None, Event("press", a, alt=True, shift=True), where)
    gesture, _ = gestures.step(gesture, Event("move", b, alt=True, shift=True), where)
    assert isinstance(gesture, gestures.Lasso)
    assert gestures.cancelled(gesture, where) == (None, (Select(frozenset()),))
