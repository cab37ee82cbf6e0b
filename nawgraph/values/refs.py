"""References to models: what travels on wires in place of weights."""

from __future__ import annotations

from dataclasses import dataclass

from nawgraph.values.core import Value, value


@value
@dataclass(frozen=True)
class ModelRef(Value):
    """Names a checkpoint; the runtime loads it and lends it to nodes (`ctx.borrow`).

    Attributes:
        kind: what it can do: codec, vocoder, clap, planner, renderer, separator, …
        name: its name in the catalogue, or a path.
        revision: digest or revision of its weights, which is part of every key it takes part in.
    """

    kind: str
    name: str
    revision: str = ""


@value
@dataclass(frozen=True)
class CodecRef(ModelRef):
    """A codec."""


@value
@dataclass(frozen=True)
class VocoderRef(ModelRef):
    """A vocoder."""


@value
@dataclass(frozen=True)
class ClapRef(ModelRef):
    """A text and audio embedding model."""


@value
@dataclass(frozen=True)
class SeparatorRef(ModelRef):
    """A stem separator."""
