"""Values: apart and together again, their names, and what cannot be changed."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nawgraph.values import (
    Audio,
    Curve,
    Embedding,
    Keyframe,
    Mask,
    ModelRef,
    Prompt,
    Stems,
    Value,
    digest,
    frozen,
    nbytes,
    type_name,
    value,
)
from nawgraph.values.core import (
    CHUNK,
    DIGEST_SIZE,
    TIME_CHUNK,
    chunk_digests,
    digest_bytes,
    freeze,
    join,
    split,
    value_types,
)

floats = st.floats(width=32, allow_nan=False)
scalars = st.one_of(st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(), st.text(max_size=6))


@st.composite
def audios(draw: st.DrawFn) -> Audio:
    shape = draw(st.integers(1, 3)), draw(st.integers(0, 40))
    seed = draw(st.integers(0, 1000))
    return Audio(
        np.random.default_rng(seed).standard_normal(shape).astype(np.float32), draw(st.sampled_from([8000, 44100]))
    )


values = st.recursive(
    st.one_of(
        scalars,
        audios(),
        st.builds(ModelRef, st.text(max_size=4), st.text(max_size=4)),
        st.lists(st.text(max_size=4), min_size=1, max_size=3).map(
            lambda texts: Prompt(tuple(Keyframe(float(i), t) for i, t in enumerate(texts)))
        ),
        st.lists(floats, max_size=5).map(lambda x: Embedding(np.array(x, np.float32), "space/1")),
    ),
    lambda inner: st.lists(inner, max_size=3).map(tuple),
    max_leaves=6,
)


@given(values)
def test_apart_and_together_again(x: Any):
    plain, arrays = split(x)
    copies = [a.copy() for a in arrays]
    again = join(plain, iter(copies))
    assert type(again) is type(x) and digest(again) == digest(x)
    assert all(not a.flags.writeable for a in split(again)[1])
    assert repr(split(again)[0]) == repr(plain)  # by repr, since NaN is not equal to itself


@given(values)
def test_the_plain_part_survives_msgpack(x: Any):
    import msgspec

    plain, arrays = split(x)
    again = join(msgspec.msgpack.decode(msgspec.msgpack.encode(plain)), iter(arrays))
    assert digest(again) == digest(x) and type(again) is type(x)


@given(values, values)
def test_digests_differ_exactly_where_values_do(a: Any, b: Any):
    def exact(x: Any) -> Any:
        plain, arrays = split(x)
        return repr(plain), [(v.dtype.str, v.shape, v.tobytes()) for v in arrays]

    assert (digest(a) == digest(b)) == (exact(a) == exact(b))


@given(values)
def test_digest_and_size_are_plain_facts(x: Any):
    assert len(digest(x)) == DIGEST_SIZE and digest(x) == digest(x)
    assert nbytes(x) >= sum(a.nbytes for a in split(x)[1]) and nbytes(x) > 0


@pytest.mark.parametrize(
    "group",
    [
        (1, True, 1.0, "1", (1,), ((1,),)),
        (0, False, 0.0, -0.0, "", ()),
        ("a", ("a",), ModelRef("a", ""), ModelRef("", "a")),
        (("a", "b"), ("ab",), ("ab", ""), ("", "ab")),
        (1e300, float("inf"), float("-inf")),
    ],
)
def test_what_looks_alike_is_told_apart(group: tuple[Any, ...]):
    assert len({digest(x) for x in group}) == len(group)


def test_the_type_and_the_shape_count():
    data = np.arange(12, dtype=np.float32)
    same_bytes: list[Value] = [Audio(data.reshape(n, 12 // n).copy()) for n in (1, 2, 3)]
    same_bytes += [Audio(data.reshape(1, 12).copy(), 48_000), Curve("dynamics", data.reshape(1, 12).copy(), 44_100.0)]
    same_bytes += [Embedding(data.copy(), "")]
    assert len({digest(x) for x in same_bytes}) == len(same_bytes)


def test_the_digest_is_the_same_in_every_version():
    """A change of these makes every cache on every machine worthless: raise the cache's version if it must be."""
    assert digest(1.0).hex() == "13580c69ff95ec5ac33775d15829cc2bc75b0d39"
    assert digest(("a", 2)).hex() == "703ec8b5ef2c9a5a2aaef453a8f9e71e698ea9b5"
    assert Audio(np.zeros((2, 3), np.float32)).digest().hex() == "8a48f9d35731a8f31d301dd52de7ddaac7074b8b"


@given(st.integers(0, 4 * TIME_CHUNK - 1), st.integers(1, 2))
def test_a_changed_frame_changes_the_digest_of_its_chunk_alone(frame: int, channels: int):
    samples = np.zeros((channels, 4 * TIME_CHUNK - 7), np.float32)
    frame = min(frame, samples.shape[1] - 1)
    before = chunk_digests(samples, -1)
    samples[channels - 1, frame] = 1.0
    after = chunk_digests(samples, -1)
    assert [i for i, (a, b) in enumerate(zip(before, after, strict=True)) if a != b] == [frame // TIME_CHUNK]


def test_arrays_without_time_have_chunks_of_bytes():
    array = np.zeros(CHUNK // 4 * 2 + 5, np.float32)
    before = chunk_digests(array, None)
    array[CHUNK // 4] = 1
    assert len(before) == 3 and [a == b for a, b in zip(before, chunk_digests(array, None), strict=True)] == [
        True,
        False,
        True,
    ]


def test_chunks_do_not_depend_on_the_layout_in_memory():
    samples = np.random.default_rng(1).standard_normal((2, TIME_CHUNK + 100)).astype(np.float32)
    assert chunk_digests(samples, -1) == chunk_digests(np.asfortranarray(samples), -1)
    assert chunk_digests(samples, -1)[:1] == chunk_digests(samples[:, :TIME_CHUNK], -1)


def test_a_longer_sound_shares_the_chunks_of_the_shorter():
    samples = np.random.default_rng(1).standard_normal((2, 3 * TIME_CHUNK)).astype(np.float32)
    assert chunk_digests(samples, -1)[:2] == chunk_digests(samples[:, : 2 * TIME_CHUNK], -1)


def test_borders_of_byte_strings_count():
    assert (
        len({digest_bytes(b"ab", b"c"), digest_bytes(b"a", b"bc"), digest_bytes(b"abc"), digest_bytes(b"abc", b"")})
        == 4
    )


# -------------------------------------------------------------------------------- frozen


def test_nobody_can_write_to_a_value():
    audio = Audio(np.zeros((1, 10), np.float32))
    with pytest.raises(ValueError, match="read-only"):
        audio.samples[0, 0] = 1
    with pytest.raises(AttributeError):
        audio.rate = 1  # type: ignore[misc]


def test_an_array_that_was_given_away_is_read_only_for_the_giver_too():
    mine = np.zeros((1, 10), np.float32)
    audio = Audio(mine)
    before = audio.digest()
    with pytest.raises(ValueError, match="read-only"):
        mine[0, 0] = 1
    assert Audio(np.array(audio.samples)).digest() == before


def test_a_view_of_something_that_can_change_is_copied():
    mine = np.zeros((4, 10), np.float32)
    audio = Audio(mine[1:3])
    mine[:] = 1
    assert not audio.samples.any()


def test_freeze_converts_and_refuses_the_wrong_shape():
    assert freeze([[1, 2]], np.float32, 2, "x").dtype == np.float32
    with pytest.raises(ValueError, match=r"sound needs 2 dimensions, got shape \(3,\)"):
        freeze(np.zeros(3), np.float32, 2, "sound")


@pytest.mark.parametrize(
    ("given_", "made"),
    [
        ([1, [2.0, "a"]], (1, (2.0, "a"))),
        (np.float64(1.5), 1.5),
        (np.int32(3), 3),
        (np.bool_(True), True),
        (np.str_("x"), "x"),
        ([np.float64(1.0)], (1.0,)),
    ],
)
def test_what_a_node_returns_is_made_fit_for_a_wire(given_: Any, made: Any):
    result = frozen(given_)
    assert result == made and type(result) is type(made)
    assert not isinstance(result, np.generic)


@pytest.mark.parametrize("thing", [None, {}, b"", object(), np.zeros(2), {1}, [None]])
def test_what_no_wire_carries_is_refused(thing: Any):
    with pytest.raises(TypeError, match="cannot carry"):
        frozen(thing)


def test_names_of_types():
    audio = Audio(np.zeros((1, 1), np.float32))
    assert [type_name(x) for x in (1, 1.0, True, "", audio, (audio,), (1, 1.0), ())] == [
        "int", "float", "bool", "str", "Audio", "list[Audio]", "list", "list",
    ]  # fmt: skip


def test_pickling_keeps_a_value_frozen():
    audio = Audio(np.ones((1, 4), np.float32))
    audio.digest()
    again = pickle.loads(pickle.dumps(audio))
    assert again.digest() == audio.digest() and "_digest" not in audio.__getstate__()


@pytest.mark.parametrize(
    "plain", [["Nothing", []], ["Audio", []], ["Audio", [1, 2, 3]], ["#", "<f4", [1]], [], ["Audio"], [[], []]]
)
def test_what_is_no_value_is_refused(plain: Any):
    with pytest.raises(ValueError, match="not a value"):
        join(plain, iter(()))


def test_only_frozen_dataclasses_of_ours_are_values():
    with pytest.raises(TypeError, match="frozen dataclass"):

        @value
        @dataclass
        class Loose(Value):
            x: int = 0

    with pytest.raises(TypeError, match="two value types"):

        @value
        @dataclass(frozen=True)
        class Other(Value):
            type_name = "Audio"
            x: int = 0

    assert value_types()["Audio"] is Audio


def test_a_type_of_a_pack_needs_no_code_of_its_own():
    @value
    @dataclass(frozen=True, eq=False)
    class Wavelets(Value):
        levels: tuple[np.ndarray[Any, Any], ...]
        name: str
        inner: Mask

    mask = Mask(("drums",), np.zeros((1, 1, 4), np.float32), 10.0)
    one = Wavelets((np.zeros(3), np.ones((2, 2))), "haar", mask)
    plain, arrays = split(one)
    again = join(plain, iter([a.copy() for a in arrays]))
    assert again.digest() == one.digest() and again.inner.names == ("drums",) and one.nbytes > 56 + 16
    assert Wavelets((np.zeros(3), np.ones((2, 2))), "db4", mask).digest() != one.digest()


def test_a_value_cannot_hold_what_cannot_be_stored():
    with pytest.raises(TypeError, match="cannot hold dict"):
        split(({},))


def test_stems_digest_follows_order_names_and_sound():
    a, b = Audio(np.zeros((1, 5), np.float32)), Audio(np.ones((1, 5), np.float32))
    variants = [
        Stems(("x", "y"), (a, b)),
        Stems(("y", "x"), (a, b)),
        Stems(("x", "y"), (b, a)),
        Stems(("x", "z"), (a, b)),
    ]
    assert len({v.digest() for v in variants}) == 4
