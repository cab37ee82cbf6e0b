"""nawgraph: generative music as a graph that reruns only what changed.

Everything that a node author or a script needs is a name of this package; each is imported when it is first used,
so that ``import nawgraph`` costs nothing::

    import nawgraph as ng

    song = ng.load("graphs/hello.nawgraph")
    song.set("gain.db", -3)
    ng.run(song)["gain.audio"].samples
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from nawgraph.version import VERSION

if TYPE_CHECKING:
    from nawgraph.api import load, run
    from nawgraph.context import Context
    from nawgraph.files import FormatError
    from nawgraph.graph import Graph, Problem
    from nawgraph.hints import Choice, File, Lazy, Model, Range, Seed, Text
    from nawgraph.library import Library
    from nawgraph.node import NodeSpec, node, spec_of
    from nawgraph.runtime.local import InvalidGraphError, Runtime
    from nawgraph.runtime.result import NodeResult, Result
    from nawgraph.song import Handle, Output, Song
    from nawgraph.values import (
        STEMS,
        Audio,
        Chord,
        ClapRef,
        CodecRef,
        Curve,
        Embedding,
        Grid,
        Key,
        Keyframe,
        Latents,
        Mask,
        Meter,
        ModelRef,
        Note,
        Part,
        Prompt,
        Score,
        Section,
        SeparatorRef,
        Stems,
        Tempo,
        Tokens,
        Value,
        VocoderRef,
        value,
    )  # fmt: skip

__version__ = VERSION

_HOMES = {
    "nawgraph.api": ("load", "run"),
    "nawgraph.context": ("Context",),
    "nawgraph.files": ("FormatError",),
    "nawgraph.graph": ("Graph", "Problem"),
    "nawgraph.hints": ("Choice", "File", "Lazy", "Model", "Range", "Seed", "Text"),
    "nawgraph.library": ("Library",),
    "nawgraph.node": ("NodeSpec", "node", "spec_of"),
    "nawgraph.runtime.local": ("InvalidGraphError", "Runtime"),
    "nawgraph.runtime.result": ("NodeResult", "Result"),
    "nawgraph.song": ("Handle", "Output", "Song"),
    "nawgraph.values": (
        "STEMS", "Audio", "Chord", "ClapRef", "CodecRef", "Curve", "Embedding", "Grid", "Key", "Keyframe", "Latents",
        "Mask", "Meter", "ModelRef", "Note", "Part", "Prompt", "Score", "Section", "SeparatorRef", "Stems", "Tempo",
        "Tokens", "Value", "VocoderRef", "value",
    ),
}  # fmt: skip
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "STEMS", "Audio", "Choice", "Chord", "ClapRef", "CodecRef", "Context", "Curve", "Embedding", "File",
    "FormatError", "Graph", "Grid", "Handle", "InvalidGraphError", "Key", "Keyframe", "Latents", "Lazy", "Library",
    "Mask", "Meter", "Model", "ModelRef", "NodeResult", "NodeSpec", "Note", "Output", "Part", "Problem", "Prompt",
    "Range", "Result", "Runtime", "Score", "Section", "Seed", "SeparatorRef", "Song", "Stems", "Tempo", "Text",
    "Tokens", "Value", "VocoderRef", "__version__", "load", "node", "run", "spec_of", "value",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'nawgraph' has no attribute {name!r}")
    found = getattr(importlib.import_module(_HOME_OF[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)


class _Package(ModuleType):
    """`nawgraph.node` is the decorator, although a module is called so too: importing that must not hide it."""

    @property
    def node(self) -> Any:
        return importlib.import_module("nawgraph.node").node

    @node.setter
    def node(self, module: ModuleType) -> None:
        """The import system puts the submodule here; ``from nawgraph.node import …`` does not need it."""


sys.modules[__name__].__class__ = _Package
