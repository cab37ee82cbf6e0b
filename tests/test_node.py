"""What `@node` reads off a function."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple, TypeVar

import pytest

from nawgraph.context import Cancelled, Context
from nawgraph.hints import Choice, Lazy, Range, Seed
from nawgraph.node import default_output, node, spec_of
from nawgraph.types import parse
from nawgraph.values import Audio, ModelRef, Score, Stems

T = TypeVar("T")


class Pair(NamedTuple):
    mix: Audio
    parts: Stems


@node("test.gain", version=3, needs="gpu", aliases=("loud",))
def gain(
    audio: Audio,
    score: Score | None,
    *,
    db: Annotated[float, Range(-60, 24, unit="dB")] = 0,
    seed: Annotated[int, Seed()] = 7,
    ctx: Context,
) -> Audio:
    """Louder.

    Or softer.
    """
    return audio


def test_the_decorator_gives_back_the_function_itself():
    assert gain.__name__ == "gain" and spec_of(gain).function is gain


def test_ports_knobs_and_output_are_read_from_the_signature():
    spec = spec_of(gain)
    assert [(p.name, str(p.type), p.optional) for p in spec.inputs] == [
        ("audio", "Audio", False),
        ("score", "Score", True),
    ]
    assert [(k.name, str(k.type), k.default) for k in spec.knobs] == [("db", "float", 0.0), ("seed", "int", 7)]
    assert type(spec.knobs[0].default) is float
    assert [(p.name, str(p.type)) for p in spec.outputs] == [("audio", "Audio")]
    assert (spec.category, spec.title, spec.needs, spec.version, spec.takes_context) == ("test", "Gain", "gpu", 3, True)
    assert spec.help == "Louder.\n\nOr softer." and spec.aliases == ("loud",)


def test_look_ups_by_name():
    spec = spec_of(gain)
    assert spec.input("audio") and not spec.input("db") and spec.knob("db") and not spec.knob("audio")
    assert spec.output("audio") and not spec.output("x") and spec.output_index("audio") == 0
    assert not spec.is_sink


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("float", "value"),
        ("Audio", "audio"),
        ("Score", "score"),
        ("T", "value"),
        ("any", "value"),
        ("list[Audio]", "items"),
    ],
)
def test_the_name_of_a_single_output(kind: str, name: str):
    assert default_output(parse(kind)) == name


def test_a_named_tuple_gives_several_outputs_and_none_a_sink():
    @node("test.pair")
    def pair(audio: Audio) -> Pair:
        """Two."""
        raise NotImplementedError

    @node("test.sink")
    def sink(audio: Audio) -> None:
        """Nothing."""

    assert [(p.name, str(p.type)) for p in spec_of(pair).outputs] == [("mix", "Audio"), ("parts", "Stems")]
    assert spec_of(pair).output_index("parts") == 1
    assert spec_of(sink).is_sink and spec_of(sink).outputs_of("ignored") == ()


def test_lazy_inputs_are_optional():
    @node("test.lazy")
    def lazy(a: Annotated[T, Lazy()], b: Annotated[list[T], Lazy]) -> T:
        """One."""
        return a

    spec = spec_of(lazy)
    assert spec.lazy == {"a", "b"} and all(p.optional for p in spec.inputs)


def bad_id() -> Any:
    return node("Upper.case")


def no_type() -> Any:
    def f(x, *, y: int = 0) -> int:
        return 0

    return node("test.f")(f)


def no_default() -> Any:
    def f(*, y: int) -> int:
        return y

    return node("test.f")(f)


def star() -> Any:
    def f(*xs: int) -> int:
        return 0

    return node("test.f")(f)


def no_result() -> Any:
    def f(*, y: int = 0):
        return y

    return node("test.f")(f)


def value_knob() -> Any:
    def f(*, sound: Audio | None = None) -> int:
        return 0

    return node("test.f")(f)


def bad_default() -> Any:
    def f(*, y: Annotated[int, Range(1, 5)] = 9) -> int:
        return y

    return node("test.f")(f)


def odd_type() -> Any:
    def f(x: dict) -> int:
        return 0

    return node("test.f")(f)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (bad_id, "lower case"),
        (no_type, "parameter x needs a type"),
        (no_default, "knob y needs a default"),
        (star, "take a list instead"),
        (no_result, "say what it returns"),
        (value_knob, "sound"),
        (bad_default, "y must be between 1 and 5"),
        (odd_type, "cannot carry"),
    ],
)
def test_a_signature_that_no_node_can_have_is_named(make: Any, words: str):
    with pytest.raises(TypeError, match=words):
        make()


def test_a_function_that_is_no_node_is_named():
    with pytest.raises(TypeError, match="mark it with @node"):
        spec_of(test_look_ups_by_name)


def test_a_choice_is_written_as_words():
    assert Choice("a", "b").options == ("a", "b")


# ------------------------------------------------------------------------------------- context


def test_a_plain_context_serves_a_plain_call(tmp_path: Any):
    ctx = Context(tmp_path / "new")
    assert list(ctx.steps(3)) == [0, 1, 2] and list(ctx.steps(["a", "b"], "work")) == ["a", "b"]
    path = ctx.claim("x.wav")
    assert path.parent.is_dir() and path.name == "x.wav"
    ctx.warn("careful")
    ctx.wrote(path)
    ctx.preview(1.0)
    assert ctx.warnings == ["careful"] and ctx.files == [path]
    assert not issubclass(Cancelled, Exception)  # so that a node's own handlers let it pass


def test_random_numbers_follow_from_seed_and_stream_alone():
    ctx = Context()
    draw = lambda *key: ctx.rng(*key).integers(0, 2**62)  # noqa: E731
    assert draw(5) == draw(5) and draw(5, 1, 2) == draw(5, 1, 2)
    keys = [(5,), (6,), (5, 0), (5, 1), (5, 0, 1), (5, 1, 0), (5 + 2**32,), (2**63 - 1,)]
    assert len({draw(*key) for key in keys}) == len(keys)


def test_borrowing_an_unknown_kind_of_model_is_a_sentence():
    with pytest.raises(LookupError, match="telepath"), Context().borrow(ModelRef("telepath", "x")):
        pass
