"""Lists: made, cut, counted, looked up."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab import Lab, graph, n, states, turned

from nawgraph.context import Context
from nawgraph.nodes import lists


def test_items_of_all_wires_in_their_order(lab: Lab):
    document = graph(
        a=n("value.int", value=1), b=n("value.int", value=2),
        l=n("list.make", items=["@b.value", "@a.value", "@b.value"]), size=n("list.length", items="@l.items"),
        last=n("list.item", items="@l.items", index=-2), part=n("list.slice", items="@l.items", start=1, count=5),
    )  # fmt: skip
    result = lab.run(document)
    assert result["l"] == (2, 1, 2) and result["size"] == 3 and result["last"] == 1 and result["part"] == (1, 2)


def test_a_list_wire_and_a_list_of_one_list_are_not_confused(lab: Lab):
    document = graph(
        l=n("list.numbers", values=[5.0, 6.0]),
        plain=n("list.length", items="@l.items"),
        nested=n("list.length", items=["@l.items"]),
    )
    result = lab.run(document)
    assert result["plain"] == 2 and result["nested"] == 1


@pytest.mark.parametrize("index", [2, -3, 99])
def test_an_item_that_is_not_there_is_a_sentence(index: int):
    with pytest.raises(ValueError, match="has 2 items"):
        lists.item([1, 2], index=index)


@pytest.mark.parametrize(
    ("start", "count", "made"), [(0, 2, [1, 2]), (2, 9, [3]), (9, 1, []), (-5, 2, [1, 2]), (1, 0, [])]
)
def test_parts_of_a_list(start: int, count: int, made: list[int]):
    assert lists.slice_([1, 2, 3], start=start, count=count) == made


def test_ranges():
    assert lists.range_(start=5, count=3, step=-2) == [5, 3, 1] and lists.range_(count=0) == []


def test_seeds_differ_and_do_not_depend_on_their_number():
    few, many = lists.seeds(seed=3, count=4, ctx=Context()), lists.seeds(seed=3, count=100, ctx=Context())
    assert many[:4] == few and len(set(many)) == 100 and all(0 <= seed < 2**63 for seed in many)
    assert lists.seeds(seed=4, count=4, ctx=Context()) != few


def test_files_of_a_folder_are_looked_up_anew(lab: Lab, tmp_path: Path):
    folder = tmp_path / "sounds"
    folder.mkdir()
    (folder / "b.wav").touch()
    (folder / "a.wav").touch()
    (folder / "a.txt").touch()
    document = graph(f=n("list.files", folder=str(folder)), size=n("list.length", items="@f.items"))
    assert [Path(p).name for p in lab.run(document)["f"]] == ["a.wav", "b.wav"]
    assert states(lab.run(document), "ran") == {"f"}
    (folder / "c.wav").touch()
    assert lab.run(document)["size"] == 3


def test_files_of_no_folder_is_a_sentence(lab: Lab):
    result = lab.run(graph(f=n("list.files", folder="/no/such")))
    assert "'/no/such' does not exist" in (result.nodes["f"].error or "")
    result = lab.run(turned(graph(f=n("list.files", folder=str(lab.folder))), "f", pattern=""))
    assert "pattern" in (result.nodes["f"].error or "")
