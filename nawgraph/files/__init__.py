"""The `.nawgraph` format: canonical text, safe reading, durable writing. `docs/format.md` describes it."""

from nawgraph.files.disk import load, save
from nawgraph.files.errors import FormatError
from nawgraph.files.printer import dumps
from nawgraph.files.reader import loads

__all__ = ["FormatError", "dumps", "load", "loads", "save"]
