"""The `.nawgraph` format: canonical text, safe reading, durable writing. `docs/format.md` describes it."""

from nawgraph.files.diff import Change, diff
from nawgraph.files.disk import load, save
from nawgraph.files.errors import FormatError
from nawgraph.files.merge import Conflict, merge
from nawgraph.files.migrate import upgrade_nodes
from nawgraph.files.parts import canonical_for_embedding, copy
from nawgraph.files.printer import dumps
from nawgraph.files.reader import loads

__all__ = [
    "Change",
    "Conflict",
    "FormatError",
    "canonical_for_embedding",
    "copy",
    "diff",
    "dumps",
    "load",
    "loads",
    "merge",
    "save",
    "upgrade_nodes",
]
