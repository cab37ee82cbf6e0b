"""``nawgraph nodes``: what is installed."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from nawgraph.cli import common
from nawgraph.cli.common import OK, Commands

if TYPE_CHECKING:
    from nawgraph.node import Knob, NodeSpec, Port


def register(commands: Commands) -> None:
    """Add the command."""
    nodes_parser = commands.add_parser("nodes", help="list all node types")
    nodes_parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    nodes_parser.set_defaults(action=nodes)


def nodes(options: argparse.Namespace) -> int:
    """List all node types."""
    specs = common.library().specs()
    if options.json:
        common.print_json({"nodes": [describe(spec) for spec in specs]})
        return OK
    width = max((len(spec.id) for spec in specs), default=0)
    for spec in specs:
        first = spec.help.partition("\n")[0]
        print(f"{spec.id:<{width}}  {first or spec.title}")
    return OK


def describe(spec: NodeSpec) -> dict[str, Any]:
    """A node type as the contract has it."""
    return {
        "type": spec.id,
        "version": spec.version,
        "title": spec.title,
        "category": spec.category,
        "help": spec.help,
        "inputs": [_port(p) | {"optional": p.optional, "lazy": p.lazy} for p in spec.inputs],
        "knobs": [_knob(k) for k in spec.knobs],
        "outputs": [_port(p) for p in spec.outputs],
        "pack": spec.pack,
    }


def _port(port: Port) -> dict[str, Any]:
    return {"name": port.name, "type": str(port.type)}


def _knob(knob: Knob) -> dict[str, Any]:
    """A knob: name, type, default, and its hint's fields beside the hint's kind ("range", "choice", "seed" …)."""
    default = list(knob.default) if isinstance(knob.default, tuple) else knob.default
    hint = None if knob.hint is None else {"kind": type(knob.hint).__name__.lower(), **asdict(knob.hint)}
    return {"name": knob.name, "type": str(knob.type), "default": default, "hint": hint}
