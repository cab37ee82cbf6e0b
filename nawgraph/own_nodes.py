"""Nodes from outside the program: installed packs, modules that ``NAWGRAPH_NODES`` names, functions of a script.

A document never names code to load; only the person at the keyboard does.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from nawgraph.library import Library, standard
from nawgraph.node import NodeSpec, spec_of
from nawgraph.packs.provide import Packs, Stamp, provided
from nawgraph.values.core import digest_bytes

VARIABLE = "NAWGRAPH_NODES"


def library() -> Library:
    """The standard nodes, those of installed packs and of the modules in ``NAWGRAPH_NODES``, separated like ``PATH``.

    Each is a module's name, or the path of a ``.py`` file.

    Raises:
        ValueError: one cannot be imported, or takes a standard node's id.
    """
    installed = Packs()
    return _library(tuple(name for name in os.environ.get(VARIABLE, "").split(os.pathsep) if name), installed.stamp)


@lru_cache(maxsize=4)
def _library(names: tuple[str, ...], installed: Stamp) -> Library:
    """Made once for the modules and for a state of the installed packs."""
    base = provided(standard())
    if not names:
        return base
    return extended(base, [spec for name in names for spec in _specs(_module(name))])


def extended(base: Library, specs: Iterable[NodeSpec]) -> Library:
    """A library with more nodes; `base` stays as it is.

    Raises:
        ValueError: an id is taken.
    """
    made = Library(base.specs())
    made.renamed.update(base.renamed)
    for spec in specs:
        made.add(spec)
    return made


def own(function: Callable[..., Any]) -> NodeSpec:
    """The description of a function that is still being worked on: a changed body is another version of its pack.

    So a cached result of the old body is not taken for the new one's. What the function calls is not looked into.
    """
    spec = spec_of(function)
    module = getattr(function, "__module__", None) or "__main__"
    code = getattr(function, "__code__", None)
    return replace(spec, pack=module, pack_version=_fingerprint(code).hex()[:16] if code else "")


def _fingerprint(code: CodeType) -> bytes:
    """Digest of compiled code, line numbers and file name left out."""
    constants = [_fingerprint(c) if isinstance(c, CodeType) else _shown(c).encode() for c in code.co_consts]
    return digest_bytes(code.co_code, repr((code.co_names, code.co_varnames)).encode(), *constants)


def _shown(constant: object) -> str:
    """A constant as text that is the same in every process: the order of a set of texts is not."""
    return str(sorted(map(repr, constant))) if isinstance(constant, frozenset) else repr(constant)


def _module(name: str) -> ModuleType:
    try:
        if name.endswith(".py"):
            return _from_file(Path(name))
        return importlib.import_module(name)
    except Exception as error:
        raise ValueError(f"{VARIABLE}: {name} cannot be imported: {type(error).__name__}: {error}") from error


def _from_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise FileNotFoundError(f"{path} is no file")
    if path.stem in sys.modules:
        raise ImportError(f"there is another module {path.stem!r}: give the file another name")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # annotations that are text are looked up there
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[path.stem]
        raise
    return module


def _specs(module: ModuleType) -> list[NodeSpec]:
    """The nodes that a module defines itself; those it imports are somebody else's."""
    found = [v for _, v in sorted(vars(module).items()) if isinstance(getattr(v, "__nawgraph__", None), NodeSpec)]
    return [own(function) for function in found if function.__module__ == module.__name__]
