"""A node is a typed function: `@node` reads its signature and says what the engine and the editor need.

```python
@node("audio.gain", version=1)
def gain(audio: Audio, *, db: Annotated[float, Range(-60, 24, unit="dB")] = 0.0) -> Audio:
    \"\"\"Make a sound louder or softer.\"\"\"
    return Audio(audio.samples * np.float32(10 ** (db / 20)), audio.rate)
```

Positional parameters are input ports, keyword-only ones are knobs with a default (which a wire may feed as
well), the result is the output: one port named after its type in lower case (``value`` for scalars),
several for a `NamedTuple`, none for a sink. The decorator returns the same function.
"""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeVar

from nawgraph.context import Context
from nawgraph.hints import Choice, File, Hint, Lazy, Model, Range, Seed, Text, coerce
from nawgraph.types import SCALARS, Type, of_annotation
from nawgraph.values import Digest, ModelRef, digest

Needs = Literal["cpu", "gpu", "io"]
Migration = Callable[[dict[str, Any]], dict[str, Any]]
Step = Callable[..., tuple[Any, Any]]
F = TypeVar("F", bound=Callable[..., Any])

_ID = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*\Z")


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output.

    Attributes:
        optional: None is passed when nothing is wired.
        lazy: evaluated only if the node's `wants` asks for it.
    """

    name: str
    type: Type
    optional: bool = False
    lazy: bool = False


@dataclass(frozen=True, slots=True)
class Knob:
    """A setting with a default: typed in, dragged, or wired."""

    name: str
    type: Type
    default: Any
    hint: Hint | None = None

    def coerce(self, value: Any) -> Any:
        """`value` as this knob's type, checked. Raises `KnobError`."""
        return coerce(value, self.type, self.hint, self.name)


@dataclass(frozen=True)
class NodeSpec:
    """All that is known of a node type without calling it.

    Attributes:
        id: ``category.name``; the category is what stands before the first dot.
        version: raised when the output may change for the same inputs.
        needs: the resource it occupies: "cpu", "gpu" or "io" (blocking, many at once).
        pure: False for a node whose result may change by itself; it runs in every run.
        cutoff: True: the output's digest is that of its content, so that an unchanged result stops the
            rerun below; False: it is derived from the key, and nothing is hashed or copied.
        context: (before, after) in seconds that a span of output depends on, or None: all of the input.
        step: ``step(chunk, state, **knobs) -> (chunk, state)`` of a streaming node. State is None at the
            beginning, chunk is None at the end (return the tail or None).
        wants: ``wants(values) -> names`` of the lazy inputs to evaluate, given the other inputs and knobs.
        forwards: ``forwards(values) -> (port, index)``: the node gives on that one of its lazy inputs unchanged
            (a switch); it is never called, and its result is the chosen input's.
        migrations: version → function from the knobs of that version to those of the next.
        memory: estimate of the bytes needed, from the knobs, or None.
        models: input → the model that is loaded where nothing is wired to it. A name that is no input stands for a
            model that is always loaded. Locks and bills of licences are made of it.
        function: the callable, or None for a node that is known by its description only.
    """

    id: str
    version: int = 1
    title: str = ""
    help: str = ""
    inputs: tuple[Port, ...] = ()
    knobs: tuple[Knob, ...] = ()
    outputs: tuple[Port, ...] = ()
    needs: Needs = "cpu"
    pure: bool = True
    cutoff: bool = True
    context: tuple[float, float] | None = None
    step: Step | None = None
    wants: Callable[[Mapping[str, Any]], Collection[str]] | None = None
    forwards: Callable[[Mapping[str, Any]], tuple[str, int]] | None = None
    migrations: Mapping[int, Migration] = field(default_factory=dict)
    memory: Callable[[Mapping[str, Any]], int] | None = None
    models: Mapping[str, ModelRef] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    pack: str = "nawgraph"
    pack_version: str = ""
    takes_context: bool = False
    function: Callable[..., Any] | None = None

    @property
    def category(self) -> str:
        return self.id.split(".", 1)[0]

    @property
    def is_sink(self) -> bool:
        return not self.outputs

    def input(self, name: str) -> Port | None:
        return self._inputs.get(name)

    def knob(self, name: str) -> Knob | None:
        return self._knobs.get(name)

    def knob_index(self, name: str) -> int:
        """Position of a knob. Raises KeyError for one that does not exist."""
        return self._knob_places[name]

    def output(self, name: str) -> Port | None:
        return self._outputs.get(name)

    def output_index(self, name: str) -> int:
        """Position of an output, 0 for one that does not exist."""
        return self._output_places.get(name, 0)

    @cached_property
    def lazy(self) -> frozenset[str]:
        """Names of the inputs that are evaluated only when asked for."""
        return frozenset(p.name for p in self.inputs if p.lazy)

    @cached_property
    def required(self) -> tuple[str, ...]:
        """Names of the inputs that must have a value."""
        return tuple(p.name for p in self.inputs if not p.optional)

    @cached_property
    def simple_inputs(self) -> dict[str, str]:
        """Port or knob → name of its type, for all that take one value of one type."""
        named = [(p.name, p.type) for p in self.inputs] + [(k.name, k.type) for k in self.knobs]
        return {name: kind.name for name, kind in named if not (kind.is_list or kind.is_variable)}

    @cached_property
    def simple_outputs(self) -> dict[str, str]:
        """Output → name of its type, for all that give one value of one type."""
        return {p.name: p.type.name for p in self.outputs if not (p.type.is_list or p.type.is_variable)}

    @cached_property
    def unwired(self) -> dict[str, None]:
        """What the inputs are called with if nothing is wired to them. Shared: not to be changed."""
        return dict.fromkeys(p.name for p in self.inputs)

    @cached_property
    def list_knobs(self) -> tuple[str, ...]:
        """Names of the knobs that hold a list."""
        return tuple(k.name for k in self.knobs if k.type.is_list)

    @cached_property
    def file_knobs(self) -> tuple[str, ...]:
        """Names of the knobs that are paths of files to read."""
        return tuple(k.name for k in self.knobs if isinstance(k.hint, File))

    @cached_property
    def defaults(self) -> tuple[dict[str, Any], tuple[Digest, ...]]:
        """Default values of the knobs, and their digests in order of the knobs. Shared: not to be changed."""
        values = {k.name: k.default for k in self.knobs}
        return values, tuple(map(digest, values.values()))

    @cached_property
    def _inputs(self) -> dict[str, Port]:
        return {p.name: p for p in self.inputs}

    @cached_property
    def _knobs(self) -> dict[str, Knob]:
        return {k.name: k for k in self.knobs}

    @cached_property
    def _knob_places(self) -> dict[str, int]:
        return {k.name: i for i, k in enumerate(self.knobs)}

    @cached_property
    def _outputs(self) -> dict[str, Port]:
        return {p.name: p for p in self.outputs}

    @cached_property
    def _output_places(self) -> dict[str, int]:
        return {p.name: i for i, p in enumerate(self.outputs)}

    def outputs_of(self, result: Any) -> tuple[Any, ...]:
        """A call's result as one value an output port."""
        if self.is_sink:
            return ()
        if hasattr(result, "_fields"):
            return tuple(result)
        return (result,) if len(self.outputs) == 1 or not isinstance(result, tuple) else result


def node(
    id: str,
    *,
    version: int = 1,
    title: str = "",
    needs: Needs = "cpu",
    pure: bool = True,
    cutoff: bool = True,
    context: tuple[float, float] | None = None,
    step: Step | None = None,
    wants: Callable[[Mapping[str, Any]], Collection[str]] | None = None,
    forwards: Callable[[Mapping[str, Any]], tuple[str, int]] | None = None,
    migrations: Mapping[int, Migration] | None = None,
    memory: Callable[[Mapping[str, Any]], int] | None = None,
    models: Mapping[str, ModelRef] | None = None,
    aliases: tuple[str, ...] = (),
) -> Callable[[F], F]:
    """Declare a function to be a node; see `NodeSpec` for the meaning of each argument.

    Raises:
        TypeError: a signature that no node can have; the message names the parameter.
    """
    if not _ID.match(id):
        raise TypeError(f"node id {id!r} must look like category.name in lower case")

    def mark(function: F) -> F:
        inputs, knobs, takes_context = _parameters(id, function)
        spec = NodeSpec(
            id=id,
            version=version,
            title=title or id.rsplit(".", 1)[-1].replace("_", " ").capitalize(),
            help=inspect.cleandoc(function.__doc__ or ""),
            inputs=inputs,
            knobs=knobs,
            outputs=_outputs(id, function),
            needs=needs,
            pure=pure,
            cutoff=cutoff,
            context=context,
            step=step,
            wants=wants,
            forwards=forwards,
            migrations=dict(migrations or {}),
            memory=memory,
            models=dict(models or {}),
            aliases=aliases,
            takes_context=takes_context,
            function=function,
        )
        function.__nawgraph__ = spec  # type: ignore[attr-defined]
        return function

    return mark


def spec_of(function: Callable[..., Any]) -> NodeSpec:
    """The description of a function that `@node` marked.

    Raises:
        TypeError: it is not a node.
    """
    spec = getattr(function, "__nawgraph__", None)
    if not isinstance(spec, NodeSpec):
        raise TypeError(f"{getattr(function, '__name__', function)!r} is not a node: mark it with @node")
    return spec


def _parameters(id: str, function: Callable[..., Any]) -> tuple[tuple[Port, ...], tuple[Knob, ...], bool]:
    hints = typing.get_type_hints(function, include_extras=True)
    inputs: list[Port] = []
    knobs: list[Knob] = []
    takes_context = False
    for name, parameter in inspect.signature(function).parameters.items():
        if name == "ctx":
            takes_context = True
            continue
        if name not in hints:
            raise TypeError(f"{id}: parameter {name} needs a type")
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise TypeError(f"{id}: *{name} cannot be a port; take a list instead")
        kind, optional = of_annotation(hints[name])
        extras = typing.get_args(hints[name])[1:] if typing.get_origin(hints[name]) is typing.Annotated else ()
        if parameter.kind is parameter.KEYWORD_ONLY:
            knobs.append(_knob(id, name, kind, parameter, extras))
        else:
            lazy = any(isinstance(e, Lazy) or e is Lazy for e in extras)
            inputs.append(Port(name, kind, optional or lazy or parameter.default is None, lazy))
    return tuple(inputs), tuple(knobs), takes_context


def _knob(id: str, name: str, kind: Type, parameter: inspect.Parameter, extras: tuple[Any, ...]) -> Knob:
    if parameter.default is parameter.empty:
        raise TypeError(f"{id}: knob {name} needs a default")
    if (kind.item or kind).name not in SCALARS:
        raise TypeError(f"{id}: knob {name} must be int, float, bool, str or a list of these; {kind} is an input")
    hint = next((e for e in extras if isinstance(e, (Range, Choice, Text, File, Model, Seed))), None)
    knob = Knob(name, kind, parameter.default, hint)
    try:
        return Knob(name, kind, knob.coerce(parameter.default), hint)
    except ValueError as error:
        raise TypeError(f"{id}: default of {error}") from None


def _outputs(id: str, function: Callable[..., Any]) -> tuple[Port, ...]:
    result = typing.get_type_hints(function, include_extras=True).get("return", inspect.Parameter.empty)
    if result is inspect.Parameter.empty:
        raise TypeError(f"{id}: say what it returns (-> None for a sink)")
    if result is type(None):
        return ()
    if isinstance(result, type) and issubclass(result, tuple) and hasattr(result, "_fields"):
        fields = typing.get_type_hints(result, include_extras=True)
        return tuple(Port(name, of_annotation(kind)[0]) for name, kind in fields.items())
    kind = of_annotation(result)[0]
    return (Port(default_output(kind), kind),)


def default_output(kind: Type) -> str:
    """Name of a single output: the type in lower case, ``value`` for scalars and variables, ``items`` for lists."""
    if kind.is_list:
        return "items"
    return "value" if kind.name in SCALARS or kind.is_variable or kind.name == "any" else kind.name.lower()


__all__ = ["Context", "Knob", "NodeSpec", "Port", "default_output", "node", "spec_of"]
