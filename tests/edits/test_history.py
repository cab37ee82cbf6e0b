import pytest
from kit import LIBRARY, chain

from nawgraph.edits import AddNode, History, Move, Rename, SetKnob
from nawgraph.graph import Graph


def test_undo_redo_and_jump_by_name() -> None:
    history = History.of(chain())
    history = history.apply(AddNode("test.gain"), LIBRARY).apply(Rename("gain_2", "boost"), LIBRARY)
    assert [entry.label for entry in history.entries] == ["open", "add gain", "rename gain_2 to boost"]
    assert "gain_2" in history.undo().graph.nodes
    assert history.undo().undo().undo().graph == chain()
    assert history.undo().redo().graph == history.graph
    assert history.redo() is history
    assert history.jump(0).graph == chain()
    assert not history.jump(0).can_undo
    with pytest.raises(IndexError, match="states 0 to 2"):
        history.jump(3)


def test_a_new_step_forgets_what_was_undone() -> None:
    history = History.of(chain()).apply(AddNode("test.gain"), LIBRARY).undo().apply(AddNode("test.mix"), LIBRARY)
    assert [entry.label for entry in history.entries] == ["open", "add mix"]
    assert not history.can_redo


def drag(history: History, x: float, time: float) -> History:
    return history.apply(Move({"gain": (x, 0)}), LIBRARY, time=time)


def test_a_drag_is_one_step() -> None:
    history = History.of(chain(), window=1.0)
    for step in range(10):
        history = drag(history, step, step * 0.5)
    assert len(history.entries) == 2
    assert history.undo().graph == chain()
    assert len(drag(history, 99, 60.0).entries) == 3, "a later drag is another step"
    other = history.apply(SetKnob("gain", "db", 2.0), LIBRARY, time=4.6)
    assert len(drag(other, 1, 4.7).entries) == 4, "a step between ends the drag"
    assert len(drag(history.undo().redo(), 1, 4.6).entries) == 3, "so does undo"


def test_the_history_is_bounded() -> None:
    history = History.of(Graph(), limit=5)
    for step in range(20):
        history = history.push(f"step {step}", Graph())
    assert [entry.label for entry in history.entries] == [f"step {step}" for step in range(15, 20)]
    assert history.index == 4
    with pytest.raises(ValueError, match="limit"):
        History.of(Graph(), limit=0)


def test_an_edit_that_changes_nothing_is_no_step() -> None:
    history = History.of(chain())
    assert history.apply(Rename("gain", "gain"), LIBRARY) is history


def test_states_share_what_did_not_change() -> None:
    history = History.of(chain()).apply(SetKnob("tone", "level", -1.0), LIBRARY)
    old, new = history.undo().graph, history.graph
    assert old.nodes["mix"] is new.nodes["mix"]
    assert old.ui is new.ui


def test_what_is_remembered_on_a_state_goes_when_it_is_left() -> None:
    history = History.of(chain())
    opened, definitions = history.graph, history.graph.subgraphs
    assert opened.problems(LIBRARY) == opened.problems(LIBRARY)
    history = history.apply(SetKnob("gain", "db", -3.0), LIBRARY)
    assert not [name for name in vars(opened) if name.startswith("_")]
    assert history.graph.subgraphs is definitions
    history.graph.problems(LIBRARY)
    assert vars(history.graph)["_problems"]
    same = history.jump(history.index)
    assert vars(same.graph)["_problems"], "it is still the present one"
    assert history.undo().graph.problems(LIBRARY) == []
    assert "_problems" not in vars(history.graph)
