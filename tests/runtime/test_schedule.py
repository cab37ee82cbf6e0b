"""What a run notes of its steps, apart from running them."""

from __future__ import annotations

from nawgraph.graph import Node
from nawgraph.node import NodeSpec
from nawgraph.runtime.plan import Step
from nawgraph.runtime.schedule import Schedule


def known(schedule: Schedule, id: str, *outputs: bytes) -> None:
    schedule.know(Step(id, Node("t.any"), NodeSpec("t.any"), "call"), outputs)


def test_the_maker_of_a_value_is_the_step_that_was_first_with_it():
    schedule = Schedule()
    known(schedule, "a", b"x", b"y")
    known(schedule, "b", b"y")
    assert [schedule.maker(name) for name in (b"x", b"y", b"z")] == ["a", "a", ""]
    known(schedule, "c", b"y", b"z")  # after somebody asked
    assert [schedule.maker(name) for name in (b"x", b"y", b"z")] == ["a", "a", "c"]


def test_who_makes_a_list_makes_its_items_and_their_items():
    schedule = Schedule()
    known(schedule, "lists", b"outer")
    schedule.taken_from(b"outer", [b"inner", b"other"])
    schedule.taken_from(b"inner", [b"item"])
    assert schedule.maker(b"item") == schedule.maker(b"other") == "lists"


def test_an_item_that_a_step_makes_by_itself_is_made_by_that_step():
    schedule = Schedule()
    known(schedule, "list", b"all")
    schedule.taken_from(b"all", [b"item"])
    known(schedule, "alone", b"item")
    assert schedule.maker(b"item") == "alone"
