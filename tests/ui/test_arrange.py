from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nawgraph.ui import arrange

IDS = [f"n{i}" for i in range(9)]
SIZES = st.dictionaries(st.sampled_from(IDS), st.tuples(st.floats(50, 300), st.floats(30, 400)), min_size=1)
WIRES = st.lists(st.tuples(st.sampled_from(IDS), st.sampled_from(IDS)), max_size=20)


@given(SIZES, WIRES)
def test_tidy_places_everything_and_overlaps_nothing(
    sizes: dict[str, arrange.Size], wires: list[tuple[str, str]]
) -> None:
    places = arrange.tidy(sizes, wires)
    assert places.keys() == sizes.keys()
    ids = sorted(sizes)
    for i, a in enumerate(ids):
        for b in ids[i + 1 :]:
            (ax, ay), (bx, by) = places[a], places[b]
            apart = ax + sizes[a][0] <= bx or bx + sizes[b][0] <= ax or ay + sizes[a][1] <= by or by + sizes[b][1] <= ay
            assert apart, (a, b)


@given(SIZES, st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=20))
def test_tidy_runs_every_wire_to_the_right(sizes: dict[str, arrange.Size], pairs: list[tuple[int, int]]) -> None:
    wires = [(IDS[min(p)], IDS[max(p)]) for p in pairs]
    places = arrange.tidy(sizes, wires)
    for a, b in wires:
        if a in sizes and b in sizes and a != b:
            assert places[a][0] + sizes[a][0] < places[b][0]


def test_tidy_uncrosses_and_is_the_same_every_time() -> None:
    sizes = dict.fromkeys("abcd", (100.0, 50.0))
    wires = [("a", "d"), ("b", "c")]
    places = arrange.tidy(sizes, wires)
    assert (places["a"][1] < places["b"][1]) == (places["d"][1] < places["c"][1])
    assert places == arrange.tidy(sizes, wires)
    chain = arrange.tidy(sizes, [("a", "b"), ("b", "c"), ("c", "d")])
    assert len({y for _, y in chain.values()}) == 1


def test_align_and_distribute() -> None:
    boxes = {"a": ((0.0, 0.0), (10.0, 10.0)), "b": ((50.0, 7.0), (20.0, 30.0)), "c": ((90.0, 3.0), (10.0, 10.0))}
    assert {y for _, y in arrange.align(boxes, "top").values()} == {0.0}
    assert arrange.align(boxes, "right")["b"] == (80.0, 7.0)
    assert arrange.align(boxes, "middle")["b"][1] + 15 == arrange.align(boxes, "middle")["a"][1] + 5
    assert arrange.distribute(boxes, "across") == {"a": (0, 0), "b": (40, 7), "c": (90, 3)}
    assert arrange.align({}, "left") == {} and arrange.distribute({"a": boxes["a"]}, "down") == {"a": (0, 0)}


@given(st.floats(-1e6, 1e6))
def test_snapped_is_on_the_grid_and_near(value: float) -> None:
    made = arrange.snapped(value)
    assert made % arrange.GRID == 0 and abs(made - value) <= arrange.GRID / 2 + 1e-6
