"""Random documents for the tests of the format: everything it can hold, odd texts and numbers included."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from immutables import Map

from nawgraph.graph import Graph, Node, Subgraph, deep_freeze

LETTERS = 'aZé字ß♪ "\\/\n\t\x00\u2028😀_-9'
NUMBERS = (0, 1, -1, 2**63, 10**40, 0.0, -0.0, 1.0, 1e-7, 1e22, 5e-324, 1.7976931348623157e308, 0.1 + 0.2)


class Maker:
    """Makes random parts of documents from one seed."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)

    def text(self, most: int = 12) -> str:
        return "".join(self.rng.choices(LETTERS, k=self.rng.randint(0, most)))

    def name(self) -> str:
        return "".join(self.rng.choices('aZé字 .:"\\', k=self.rng.randint(1, 6)))

    def id(self) -> str:
        return self.rng.choice("aZ_é字") + "".join(self.rng.choices("b9_-ß", k=self.rng.randint(0, 5)))

    def source(self) -> str:
        return f"{self.id()}.{self.name()}"

    def number(self) -> Any:
        return self.rng.choice((*NUMBERS, self.rng.uniform(-1e3, 1e3), self.rng.getrandbits(100)))

    def json(self, depth: int = 0) -> Any:
        kind = self.rng.randint(0, 6 if depth < 2 else 4)
        if kind == 5:
            return [self.json(depth + 1) for _ in range(self.rng.choice((0, 1, 3, 9)))]
        if kind == 6:
            return {self.text(): self.json(depth + 1) for _ in range(self.rng.randint(0, 4))}
        return (None, self.rng.random() < 0.5, self.text(60), self.number(), self.number())[kind]

    def map(self, value: Callable[[], Any], key: Callable[[], str] | None = None, most: int = 3) -> Any:
        return deep_freeze({(key or self.name)(): value() for _ in range(self.rng.randint(0, most))})

    def unknown(self) -> Any:
        return self.map(self.json, lambda: "x-" + self.text(), 2)

    def point(self) -> list[Any]:
        return [self.number(), self.number()]

    def placed(self) -> dict[str, Any]:
        return {"at": self.point(), "title": self.text(), "size": self.point(), "x-more": self.json()}

    def node(self) -> Node:
        return Node(
            type=self.name(),
            version=self.rng.randint(1, 99),
            inputs=self.map(lambda: self.rng.choice((self.source(), [self.source(), self.source()]))),
            knobs=self.map(self.json),
            title=self.text(),
            mode=self.rng.choice(("", "bypass", "mute", "freeze")),
            frozen=self.map(lambda: "0a" * 20, most=1),
            extra=self.unknown(),
        )

    def nodes(self, most: int) -> Map[str, Node]:
        return Map({self.id(): self.node() for _ in range(self.rng.randint(0, most))})

    def ui(self) -> Any:
        sections = {
            "nodes": self.map(lambda: self.rng.choice((self.point(), self.placed())), self.id),
            "frames": self.map(self.placed),
            "notes": self.map(self.placed),
            "view": deep_freeze(self.placed()),
            "x-unknown": deep_freeze(self.json()),
        }
        return Map({key: value for key, value in sections.items() if self.rng.random() < 0.5})

    def subgraph(self) -> Subgraph:
        return Subgraph(
            title=self.text(),
            nodes=self.nodes(3),
            inputs=self.map(self.name),
            outputs=self.map(self.source),
            knobs=self.map(self.source),
            ui=self.ui(),
            extra=self.unknown(),
        )

    def graph(self) -> Graph:
        form = [{"node": self.id(), "knob": self.name(), "x": self.json()} for _ in range(self.rng.randint(0, 3))]
        return Graph(
            nodes=self.nodes(6),
            subgraphs=Map({self.id(): self.subgraph() for _ in range(self.rng.randint(0, 2))}),
            meta=deep_freeze({"title": self.text(), "x": self.json()}),
            form=deep_freeze(form),
            presets=self.map(lambda: {self.name(): {self.name(): self.json()}}),
            lock=deep_freeze({"dtype": self.text(), "seeds": {self.text(): self.rng.getrandbits(63)}}),
            ui=self.ui(),
            extra=self.unknown(),
        )
