import random

from hypothesis import example, given, settings
from hypothesis import strategies as st
from kit import LIBRARY, chain, check_sound, wrong

from nawgraph.edits import (
    AddNode,
    Batch,
    Connect,
    Disconnect,
    Duplicate,
    Edit,
    EditError,
    Expose,
    Group,
    History,
    Insert,
    MakeUnique,
    Move,
    Paste,
    Promote,
    Remove,
    RemoveDefinition,
    Rename,
    RenameDefinition,
    ReplaceType,
    ResetKnob,
    SetForm,
    SetKnob,
    SetMeta,
    SetMode,
    SetTitle,
    SetUi,
    StorePreset,
    Unexpose,
    Ungroup,
)
from nawgraph.files import copy, dumps, loads
from nawgraph.graph import Graph
from nawgraph.interface import Interfaces

VALUES = (
    0,
    1,
    1.5,
    -3.0,
    True,
    "hall",
    "x" * 99,
    [0.5, 1],
    {"a": None},
    None,
    float("nan"),
    10**400,
    "\ud800",
    object(),
)


class Editor:
    """Makes random edits, sensible and senseless, of the document at hand."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)

    def edit(self, graph: Graph) -> Edit:
        scope = self.rng.choice(("", "", *graph.subgraphs))
        made = self.rng.choice(self.KINDS)(self, graph, scope)
        return Batch((made, self.one(graph, scope)), scope=scope) if self.rng.random() < 0.05 else made

    def one(self, graph: Graph, scope: str) -> Edit:
        return self.rng.choice(self.KINDS)(self, graph, scope)

    def id(self, graph: Graph, scope: str) -> str:
        return self.rng.choice((*sorted(graph.scope(scope).nodes), "nobody"))

    def ids(self, graph: Graph, scope: str) -> tuple[str, ...]:
        known = sorted(graph.scope(scope).nodes)
        return tuple(self.rng.sample(known, min(len(known), self.rng.randint(0, 4))))

    def name(self) -> str:
        return self.rng.choice(("gain", "gain_2", "été", "9", "", "in", "a.b", "group", "take-1", "x" * 64, "x" * 65))

    def type(self, graph: Graph) -> str:
        kinds = [f"{kind}.{name}" for name in sorted(graph.subgraphs) for kind in ("subgraph", "map")]
        return self.rng.choice((*LIBRARY, *kinds, *kinds, "not.there"))

    def output(self, graph: Graph, scope: str) -> str:
        id = self.id(graph, scope)
        node = graph.scope(scope).nodes.get(id)
        spec = Interfaces(graph, LIBRARY).of(node) if node else None
        names = [port.name for port in spec.outputs] if spec else []
        if scope and self.rng.random() < 0.2:
            return f"in.{self.rng.choice((*sorted(graph.subgraphs[scope].inputs), 'nothing'))}"
        return f"{id}.{self.rng.choice((*names, *names, 'audio'))}"

    def input(self, graph: Graph, scope: str) -> str:
        id = self.id(graph, scope)
        node = graph.scope(scope).nodes.get(id)
        spec = Interfaces(graph, LIBRARY).of(node) if node else None
        names = [port.name for port in (*spec.inputs, *spec.knobs)] if spec else []
        return f"{id}.{self.rng.choice((*names, *names, 'audio'))}"

    def wire(self, graph: Graph, scope: str) -> tuple[str, str]:
        wires = [(s, f"{id}.{p}") for id, n in sorted(graph.scope(scope).nodes.items()) for p, s in n.wires()]
        return self.rng.choice((*wires, ("a.b", "c.d")))

    def knob(self, graph: Graph, scope: str) -> tuple[str, str]:
        id, _, name = self.input(graph, scope).partition(".")
        return id, self.rng.choice((name, "db", "over"))

    def point(self) -> tuple[float, float]:
        return self.rng.uniform(-1e3, 1e3), self.rng.uniform(-1e3, 1e3)

    def mode(self, graph: Graph, scope: str) -> Edit:
        ids = self.ids(graph, scope)
        mode = self.rng.choice(("", "bypass", "mute", "freeze"))
        return SetMode(ids, mode, {id: {"audio": "0123456789abcdef"} for id in ids}, scope=scope)

    def place(self, graph: Graph, scope: str) -> Edit:
        section = self.rng.choice(("frames", "notes", "reroutes", "bookmarks", "view", "nodes", "wires"))
        source, target = self.wire(graph, scope)
        value = {
            "at": self.point(),
            "size": [10, 10],
            "nodes": self.ids(graph, scope),
            "source": source,
            "targets": [target],
        }
        return SetUi(section, self.name(), self.rng.choice((value, value, None, {}, [1, 2])), scope=scope)

    def paste(self, graph: Graph, scope: str) -> Edit:
        part = loads(copy(graph, self.ids(graph, ""), ""))
        return Paste(part, self.rng.choice((None, (10, 20))), self.rng.random() < 0.5, scope=scope)

    def expose(self, graph: Graph, scope: str) -> Edit:
        side = self.rng.choice(("inputs", "outputs", "knobs"))
        target = {"inputs": "Audio", "outputs": self.output(graph, scope), "knobs": self.input(graph, scope)}[side]
        return Expose(side, self.rng.choice(("a", "b", "audio")), target, scope=scope)

    def unexpose(self, graph: Graph, scope: str) -> Edit:
        side = self.rng.choice(("inputs", "outputs", "knobs"))
        names = sorted(getattr(graph.subgraphs[scope], side)) if scope else []
        return Unexpose(side, self.rng.choice((*names, "a")), scope=scope)

    def definition(self, graph: Graph) -> str:
        return self.rng.choice((*sorted(graph.subgraphs), "nothing"))

    KINDS = (
        *[
            lambda s, g, n: AddNode(
                s.type(g), s.rng.choice((None, s.point())), s.rng.choice(("", "", s.name())), scope=n
            )
        ]
        * 3,
        *[lambda s, g, n: Connect(s.output(g, n), s.input(g, n), scope=n)] * 6,
        lambda s, g, n: Disconnect(s.wire(g, n)[1], s.rng.choice(("", s.wire(g, n)[0])), scope=n),
        lambda s, g, n: Insert(s.id(g, n), *s.wire(g, n), scope=n),
        lambda s, g, n: Remove(s.ids(g, n), s.rng.random() < 0.5, scope=n),
        lambda s, g, n: Rename(s.id(g, n), s.name(), scope=n),
        lambda s, g, n: Duplicate(s.ids(g, n), s.rng.random() < 0.5, scope=n),
        lambda s, g, n: ReplaceType(s.id(g, n), s.type(g), scope=n),
        lambda s, g, n: SetKnob(*s.knob(g, n), s.rng.choice(VALUES), scope=n),
        lambda s, g, n: ResetKnob(*s.knob(g, n), scope=n),
        lambda s, g, n: SetTitle(s.id(g, n), s.rng.choice(("", "Été ♪", "x" * 300, "\ud800")), scope=n),
        mode,
        place,
        paste,
        expose,
        unexpose,
        lambda s, g, n: Move(dict.fromkeys(s.ids(g, n), s.point()), scope=n),
        *[lambda s, g, n: Group(s.ids(g, n), s.rng.choice(("group", "9", "voice")), scope=n)] * 2,
        lambda s, g, n: Ungroup(s.id(g, n), scope=n),
        lambda s, g, n: MakeUnique(s.id(g, n), scope=n),
        lambda s, g, n: RenameDefinition(s.definition(g), s.name()),
        lambda s, g, n: RemoveDefinition(s.definition(g)),
        lambda s, g, n: StorePreset(s.id(g, n), s.rng.choice(("p", "")), scope=n),
        lambda s, g, n: Promote(*s.knob(g, "")),
        lambda s, g, n: SetForm(s.rng.choice(((), ({"node": s.id(g, ""), "knob": "db"},), ({},)))),
        lambda s, g, n: SetMeta(s.rng.choice(("title", "x")), s.rng.choice(VALUES)),
    )


@settings(max_examples=200)
@given(st.integers(0, 2**32))
@example(2001321)  # a list took the place of one of several wires
def test_any_edits_leave_a_sound_document_that_undo_takes_back(seed: int) -> None:
    editor = Editor(seed)
    history = History.of(chain())
    texts = [dumps(history.graph)]
    for step in range(14):
        edit = editor.edit(history.graph)
        try:
            history = history.push(edit.label, edit.apply(history.graph, LIBRARY), time=step)
        except EditError as error:
            assert "\n" not in str(error)
            continue
        check_sound(history.graph)
        assert not wrong(history.graph), (edit, wrong(history.graph))
        texts.append(dumps(history.graph))
    for text in reversed(texts):
        assert dumps(history.graph) == text
        history = history.undo()
    for text in texts[1:]:
        history = history.redo()
        assert dumps(history.graph) == text
