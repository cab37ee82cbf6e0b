"""A tier keeps its budget and what is worth most."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nawgraph.runtime.cache.tiers import Tier


def name(i: int) -> bytes:
    return b"%d" % i


steps = st.lists(
    st.tuples(st.integers(0, 9), st.integers(1, 60), st.floats(0, 10), st.sampled_from("pgd")), max_size=80
)


@given(steps)
def test_the_budget_holds_and_the_account_is_right_after_any_steps(steps: list[tuple[int, int, float, str]]) -> None:
    tier = Tier(100, lambda digest: False)
    for i, size, seconds, what in steps:
        if what == "p":
            tier.put(name(i), i, size, seconds)
            assert name(i) in tier
        elif what == "g":
            entry = tier.get(name(i))
            assert entry is None or entry.value == i
        else:
            tier.drop(name(i))
            assert name(i) not in tier
        assert tier.used == sum(e.size for e in map(tier.peek, tier) if e is not None) <= 100


def test_the_least_seconds_a_byte_leave_first() -> None:
    left: list[bytes] = []
    tier = Tier(100, lambda digest: False, lambda digest, value, seconds: left.append(digest))
    tier.put(b"dear", 0, 30, 3.0)
    tier.put(b"cheap", 0, 30, 0.3)
    tier.put(b"large", 0, 40, 1.0)
    tier.put(b"new", 0, 50, 1.0)
    assert left == [b"cheap", b"large"]


def test_use_keeps_a_value_and_disuse_lets_even_a_dear_one_go() -> None:
    tier = Tier(30, lambda digest: False)
    tier.put(b"dear but forgotten", 0, 10, 5.0)
    tier.put(b"used", 0, 10, 1.0)
    for i in range(100):
        tier.get(b"used")
        tier.put(name(i), 0, 10, 1.0)
    assert b"used" in tier
    assert b"dear but forgotten" not in tier


def test_spared_values_stay_until_reconsidered() -> None:
    spared = {b"a", b"b"}
    tier = Tier(20, spared.__contains__)
    for digest in (b"a", b"b", b"c", b"d"):
        tier.put(digest, 0, 10, 1.0)
    assert set(tier) == {b"a", b"b", b"d"}  # over the budget, since two must stay
    spared.clear()
    tier.reconsider(b"a")
    tier.reconsider(b"b")
    tier.make_room(0)
    assert tier.used == 20


def test_a_value_larger_than_the_budget_is_handed_on_and_drives_nothing_out() -> None:
    left: list[bytes] = []
    tier = Tier(100, lambda digest: False, lambda digest, value, seconds: left.append(digest))
    tier.put(b"small", 0, 50, 1.0)
    tier.put(b"huge", 0, 101, 1.0)
    assert left == [b"huge"]
    assert set(tier) == {b"small"}


def test_one_tier_hands_down_to_the_next() -> None:
    lower = Tier(1000, lambda digest: False)
    upper = Tier(100, lambda digest: False, lambda digest, value, seconds: lower.put(digest, -value, 40, seconds))
    for i in range(1, 11):
        upper.put(name(i), i, 25, 1.0)
    assert len(upper) == 4
    assert {entry.value for entry in map(lower.peek, lower) if entry is not None} == {-1, -2, -3, -4, -5, -6}


def test_many_puts_of_one_name_do_not_grow_the_queue() -> None:
    tier = Tier(1 << 40, lambda digest: False)
    for _ in range(20_000):
        tier.put(b"same", 0, 10, 1.0)
    assert len(tier._queue) < 3000
