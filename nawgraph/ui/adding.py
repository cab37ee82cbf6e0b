"""The edit that adds a node where a wire was dropped, wired at once."""

from __future__ import annotations

from typing import Any

from nawgraph.edits import AddNode, Batch, Connect, Edit
from nawgraph.edits import Insert as OnWire
from nawgraph.edits.scopes import id_for
from nawgraph.graph import Node, definition_of
from nawgraph.node import NodeSpec
from nawgraph.types import ANY, Type
from nawgraph.ui.commands.base import Data, tab_of
from nawgraph.ui.search import Wanted, output_for, port_for
from nawgraph.ui.state import App

WIDTH = 220.0
"""About how wide a node is: what feeds a port is placed so far to its left."""


def added(app: App, type: str, data: Data) -> Edit:
    """The edit that adds a node of a type.

    Args:
        app: the editor.
        type: id of a node type or instance.
        data: `world`: where. `from`: an output that is wired into it; `into`: a port that it feeds; `wire`: (output,
            port) of a wire that it is put on.
    """
    tab = tab_of(app)
    scope = tab.scope
    id = id_for(type, tab.shown.nodes)
    x, y = data.get("world") or tab.view.world((app.size[0] / 2, app.size[1] / 2))
    place = (round(x - WIDTH), round(y - 20)) if data.get("into") else (round(x), round(y - 20))
    edits: list[Edit] = [AddNode(type, place, id, scope=scope)]
    spec = described(app, type)
    if spec is not None:
        if data.get("wire"):
            edits.append(OnWire(id, *data["wire"], scope=scope))
        edits += _wires(app, id, spec, data)
    return Batch(edits, f"add {id}") if len(edits) > 1 else edits[0]


def _wires(app: App, id: str, spec: NodeSpec, data: Data) -> list[Edit]:
    wanted = wanted_by(app, data)
    scope = tab_of(app).scope
    edits: list[Edit] = []
    if data.get("from") and wanted.takes is not None:
        port = port_for(spec, wanted.takes)
        edits += [Connect(data["from"], f"{id}.{port}", scope=scope)] if port else []
    if data.get("into") and wanted.gives is not None:
        output = output_for(spec, wanted.gives)
        edits += [Connect(f"{id}.{output}", data["into"], scope=scope)] if output else []
    return edits


def described(app: App, type: str) -> NodeSpec | None:
    """What a node of a type will look like."""
    interfaces = app.interfaces()
    if interfaces is None:
        return None
    return interfaces.of(Node(type)) if definition_of(type) else app.library.get(type)


def wanted_by(app: App, data: Data) -> Wanted:
    """The types that a search's wire asks for."""
    source, target = data.get("from"), data.get("into")
    if data.get("wire"):
        source, target = data["wire"]
    return Wanted(_output_type(app, source) if source else None, port_type(app, target) if target else None)


def _output_type(app: App, source: str) -> Type:
    interfaces = app.interfaces()
    assert interfaces is not None
    return interfaces.output_type(tab_of(app).shown, source)


def port_type(app: App, target: str) -> Type:
    """Type of an input or knob, given as ``node.port``."""
    id, _, name = target.partition(".")
    node = tab_of(app).shown.nodes.get(id)
    interfaces = app.interfaces()
    spec = interfaces.of(node) if node is not None and interfaces is not None else None
    found: Any = (spec.input(name) or spec.knob(name)) if spec is not None else None
    return found.type if found is not None else ANY
