"""Golden documents and their plans. ``python tests/runtime/golden.py`` adds the node types that are missing.

For each version of each node type, a document of `tests/golden/nodes` has a node with every knob written out and
something wired to every input; `tests/golden/plans.json` has the plan that it gives. What is there is never
written again: it stands for files that people have.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from nawgraph import files
from nawgraph.library import standard
from nawgraph.node import NodeSpec, Port
from nawgraph.runtime.plan import Constant, Plan

GOLDEN = Path(__file__).parents[1] / "golden"
PLANS: dict[str, Any] = json.loads((GOLDEN / "plans.json").read_text(encoding="utf-8"))

SOURCES = {
    "Audio": ("audio.tone", {}),
    "Prompt": ("prompt.text", {}),
    "Grid": ("song.grid", {"audio": "Audio"}),
    "Score": ("plan.compose", {"prompt": "Prompt"}),
    "Stems": ("synth.render", {"score": "Score"}),
    "Mask": ("mask.bars", {"score": "Score"}),
    "Curve": ("control.score", {"score": "Score"}),
    "CodecRef": ("codec.model", {}),
    "ModelRef": ("plan.model", {}),
    "Embedding": ("clap.text", {}),
    "Latents": ("latent.encode", {"stems": "Stems"}),
    "Tokens": ("codec.tokens", {"tokens": "Encoded"}),
    "Encoded": ("codec.encode", {"audio": "Audio"}),
    "str": ("value.text", {}),
    "float": ("value.float", {}),
    "list[str]": ("text.lines", {}),
    "list[Embedding]": ("clap.texts", {}),
    "list[float]": ("list.numbers", {}),
    "T": ("value.float", {}),
    "list[T]": ("list.numbers", {}),
}
"""Port type → the node that gives it, and what is wired to that node's inputs."""


def plan_of(name: str) -> dict[str, Any]:
    """Step → type, kind, knobs with their defaults, where each input comes from; in the order of the plan.

    Not the version of the type: an old node is brought to the one that is installed.
    """
    library = standard()
    graph, _ = files.upgrade_nodes(files.load(GOLDEN / name), library)
    plan = Plan(graph, library)
    todo, made = sorted(graph.nodes), {}
    for step in plan.demand(todo):
        sources = {
            port: [s.value if isinstance(s, Constant) else ".".join(map(str, s)) for s in found]
            for port, found in sorted(step.inputs.items())
        }
        made[step.id] = [step.spec.id, step.kind, dict(sorted(step.knobs.items())), sources]
    return json.loads(json.dumps(made, default=str))


def source(type: str, nodes: dict[str, Any]) -> str:
    """``node.port`` of something of the port type `type`; adds the nodes that make it to `nodes`."""
    if type not in SOURCES:
        sys.exit(f"tests/runtime/golden.py: SOURCES does not say which node gives {type}; add it there")
    id, inputs = SOURCES[type]
    spec = spec_of(id)
    name = "from_" + id.replace(".", "_")
    if name not in nodes:
        nodes[name] = {"type": id, "version": spec.version}
        nodes[name]["inputs"] = {port: source(wanted, nodes) for port, wanted in inputs.items()}
    return f"{name}.{spec.outputs[0].name}"


def wired(port: Port, nodes: dict[str, Any]) -> str | list[str]:
    """What stands under ``inputs`` for `port`: two wires where it takes a list that no node gives."""
    type = str(port.type)
    if type in SOURCES or not port.type.item:
        return source(type, nodes)
    return [source(str(port.type.item), nodes)] * 2


def spec_of(id: str) -> NodeSpec:
    spec = standard().get(id)
    if spec is None:
        sys.exit(f"tests/runtime/golden.py: there is no node {id}; SOURCES names it")
    return spec


def missing() -> list[tuple[NodeSpec, int]]:
    """Node types and versions that no golden document is about."""
    return [
        (spec, version)
        for spec in standard().specs()
        for version in range(1, spec.version + 1)
        if document_of(spec, version) not in PLANS
    ]


def document_of(spec: NodeSpec, version: int) -> str:
    return f"nodes/{spec.id}.{version}.nawgraph"


def main() -> None:
    (GOLDEN / "nodes").mkdir(exist_ok=True)
    for spec, version in missing():
        nodes: dict[str, Any] = {}
        inputs = {port.name: wired(port, nodes) for port in spec.inputs}
        knobs = {knob.name: knob.default for knob in spec.knobs}
        nodes["node"] = {"type": spec.id, "version": version, "inputs": inputs, "knobs": knobs}
        name = document_of(spec, version)
        document = files.loads(json.dumps({"nawgraph": files.upgrade.VERSION, "nodes": nodes}, default=list))
        (GOLDEN / name).write_text(files.dumps(document), encoding="utf-8")
        PLANS[name] = plan_of(name)
        print(name)
    lines = [f"{json.dumps(name)}: {json.dumps(PLANS[name], ensure_ascii=False)}" for name in sorted(PLANS)]
    (GOLDEN / "plans.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
