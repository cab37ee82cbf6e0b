"""What the editor shows, as one immutable value. Views draw from it and keep no truth of their own.

`update.update` makes the next state from a message. Documents are `History`s of immutable graphs, so an old state costs
little to keep and a test compares whole states.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from immutables import Map

from nawgraph.edits import History
from nawgraph.graph import EMPTY, Graph, Library, Subgraph
from nawgraph.interface import Interfaces
from nawgraph.ui.documents.settings import Settings

Point = tuple[float, float]

ZOOM_LOW, ZOOM_HIGH = 0.1, 4.0

StepState = Literal["", "dirty", "waiting", "running", "ran", "cached", "skipped", "failed", "blocked", "cancelled"]


@dataclass(frozen=True, slots=True)
class View:
    """Which part of the plane the canvas shows.

    Attributes:
        x, y: world point (canvas units, pixels at 100 %) in the canvas' upper left corner.
        zoom: pixels a unit, 0.1 to 4.
    """

    x: float = 0.0
    y: float = 0.0
    zoom: float = 1.0

    def world(self, screen: Point) -> Point:
        """World point under a point of the canvas (pixels from its upper left corner)."""
        return self.x + screen[0] / self.zoom, self.y + screen[1] / self.zoom

    def screen(self, world: Point) -> Point:
        """The inverse of `world`."""
        return (world[0] - self.x) * self.zoom, (world[1] - self.y) * self.zoom

    def panned(self, dx: float, dy: float) -> View:
        """The plane moved by so many pixels."""
        return replace(self, x=self.x - dx / self.zoom, y=self.y - dy / self.zoom)

    def zoomed(self, factor: float, anchor: Point) -> View:
        """Zoomed so that the world point under `anchor` (pixels) stays where it is."""
        zoom = min(max(self.zoom * factor, ZOOM_LOW), ZOOM_HIGH)
        x, y = self.world(anchor)
        return View(x - anchor[0] / zoom, y - anchor[1] / zoom, zoom)


@dataclass(frozen=True, slots=True)
class Badge:
    """How a step stands.

    Attributes:
        progress: 0 to 1 while it runs, None where it says nothing.
        seconds: what it took (what it once took, if cached).
        eta: seconds it is expected to take still, or None.
        why: a sentence why it would run, for a dirty step.
        outputs: digests of its results, in the order of the node type's outputs.
        preview: digest of an unfinished result, b"" for none.
    """

    state: StepState = ""
    progress: float | None = None
    seconds: float = 0.0
    eta: float | None = None
    label: str = ""
    error: str = ""
    why: str = ""
    outputs: tuple[bytes, ...] = ()
    preview: bytes = b""


@dataclass(frozen=True, slots=True)
class Tab:
    """A document that is open.

    Attributes:
        key: number of the tab, never used again.
        history: the document and its past.
        saved: the graph that is on disk; None for one that was never saved.
        path: of the file, None for an untitled one.
        stamp: what `documents` needs to see that another program changed the file.
        name: shown while there is no path.
        trail: ids of the instances that were entered, outermost first; () shows the document itself.
        selection: ids of nodes; frames, notes and reroutes as ``frames/ID``, ``notes/ID``, ``reroutes/ID``.
        views: scope name → view.
        badges: step id (``node`` or ``instance/node``) → badge.
        run: number of the run that its badges speak of, 0 for none.
        ran: the graph that its badges speak of.
        judged: the graph for which it was found out which nodes are dirty.
        notes: sentences that were said when it was opened.
        on_disk: what another program did to its file.
        fit: whether everything is shown, and is to stay so while the canvas gets its size.
        foreign: whether it came from elsewhere and reaches beyond its folder, so that its first run is asked about.
    """

    key: int
    history: History
    saved: Graph | None = None
    path: Path | None = None
    stamp: Any = None
    name: str = "untitled"
    trail: tuple[str, ...] = ()
    selection: frozenset[str] = frozenset()
    views: Map[str, View] = EMPTY
    badges: Map[str, Badge] = EMPTY
    run: int = 0
    ran: Graph | None = None
    judged: Graph | None = None
    notes: tuple[str, ...] = ()
    on_disk: Literal["", "changed", "gone"] = ""
    fit: bool = False
    foreign: bool = False

    @property
    def base(self) -> Path:
        """Folder that relative file knobs start from."""
        return self.path.parent if self.path is not None else Path()

    @property
    def graph(self) -> Graph:
        return self.history.graph

    @property
    def scope(self) -> str:
        """Name of the definition that is shown, "" for the document itself."""
        scope: Graph | Subgraph = self.graph
        name = ""
        for id in self.trail:
            node = scope.nodes.get(id)
            name = node.type.partition(".")[2] if node is not None else ""
            if name not in self.graph.subgraphs:
                return ""
            scope = self.graph.subgraphs[name]
        return name

    @property
    def shown(self) -> Graph | Subgraph:
        """The nodes that the canvas shows."""
        return self.graph.scope(self.scope)

    @property
    def view(self) -> View:
        return self.views.get(self.scope, View())

    @property
    def dirty(self) -> bool:
        """Whether there is something to save."""
        return self.graph is not self.saved and self.graph != self.saved

    @property
    def title(self) -> str:
        return self.path.stem if self.path is not None else self.name

    @property
    def crumbs(self) -> tuple[str, ...]:
        """Names of the instances that were entered: their own titles, else those of their definitions."""
        scope: Graph | Subgraph = self.graph
        names = []
        for id in self.trail:
            node = scope.nodes.get(id)
            scope = self.graph.subgraphs.get(node.type.partition(".")[2], self.graph) if node else self.graph
            title = scope.title if isinstance(scope, Subgraph) else ""
            names.append((node.title if node else "") or title or id)
        return tuple(names)

    def step(self, id: str) -> str:
        """Step id of a node that is shown."""
        return "/".join((*self.trail, id))


@dataclass(frozen=True, slots=True)
class Popup:
    """A small window over the canvas that takes the keys: search, palette, menu, dialog.

    Attributes:
        kind: which one; `dpg` has a view for each.
        at: canvas pixels, or None for the middle.
        data: what it is about (a port to be wired, a sentence, …).
        query: what was typed.
        index: the row that Return takes.
    """

    kind: str
    at: Point | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    query: str = ""
    index: int = 0


@dataclass(frozen=True, slots=True)
class Toast:
    """A sentence in the status bar. `until`: time at which it goes, in seconds of the loop's clock."""

    text: str
    kind: Literal["info", "warning", "error"] = "info"
    until: float = 0.0


@dataclass(frozen=True, slots=True)
class Layout:
    """Sizes of the panes, in units of the type scale (pixels at 100 %), and the panel on the left.

    Attributes:
        side: name of the panel on the left, "" while it is closed.
    """

    side: str = ""
    side_width: float = 300.0
    inspector_width: float = 336.0


@dataclass(frozen=True, slots=True)
class Queue:
    """Runs as the panel shows them: tickets of `runs`, and entries of its history, newest first."""

    current: Any = None
    waiting: tuple[Any, ...] = ()
    past: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Heard:
    """What the player plays.

    Attributes:
        name: ``node.output`` as it is shown to people, or a file's name.
        step: step id of the node, "" for what is no node's (a preview of a template, an old run).
        output: index of the output.
        tab: key of its document, 0 for none.
        digest: of the value.
    """

    name: str = ""
    step: str = ""
    output: int = 0
    tab: int = 0
    digest: bytes = b""


@dataclass(frozen=True, slots=True)
class Sounding:
    """The transport as it is shown; the loop brings it up to date once a frame.

    Attributes:
        peak, hold, rms: left and right in dBFS.
        device: name of the output, "" for the silent clock.
        devices: (name, …) to choose from.
        latency: of the output, in seconds.
        length, position: in seconds.
        loop: bars (first, end), counted from 0.
        bars: the position as ``bar.beat.tick``, "" where there is no grid.
    """

    playing: bool = False
    looping: bool = False
    position: float = 0.0
    length: float = 0.0
    bars: str = ""
    clock: str = "0:00.000"
    bpm: float | None = None
    meter: str = ""
    loop: tuple[int, int] = (0, 4)
    bar_count: int = 0
    peak: tuple[float, float] = (-200.0, -200.0)
    hold: tuple[float, float] = (-200.0, -200.0)
    rms: tuple[float, float] = (-200.0, -200.0)
    lufs: float = -200.0
    clipped: bool = False
    volume: float = 1.0
    muted: bool = False
    device: str = ""
    devices: tuple[str, ...] = ()
    buffer: int = 0
    latency: float = 0.0


@dataclass(frozen=True)
class App:
    """The whole editor.

    Attributes:
        library: the node types there are.
        tabs, active: the documents, and the key of the one in front (0 while there is none).
        gesture: what the pointer is in the middle of; `gestures` knows what it holds.
        hover: what lies under the pointer; `geometry.Hit` or None.
        panels: names of the panels that are open.
        clipboard: JSON text of what was copied.
        now: seconds of the loop's clock at the last message.
        settings: preferences; the loop writes them when they change.
        layout: sizes of the panes.
        size: of the canvas, in pixels.
        pointer: world point that the pointer was last over, None if it is elsewhere.
        recent: ids of node types that were added lately, the latest first.
        files: recently opened documents (`documents.Recent`), newest first.
        templates: documents to start from (`documents.Template`).
        queue: runs that wait, and that were.
        sound, heard: the transport, and what it plays.
        probes: digit → what it recalls.
        plan: the answer to the last question what a run would do (`runs.PlanReady`).
    """

    library: Library
    tabs: tuple[Tab, ...] = ()
    active: int = 0
    gesture: Any = None
    hover: Any = None
    popup: Popup | None = None
    panels: frozenset[str] = frozenset({"inspector", "transport", "minimap"})
    toasts: tuple[Toast, ...] = ()
    clipboard: str = ""
    now: float = 0.0
    settings: Settings = field(default_factory=Settings)
    layout: Layout = Layout()
    size: Point = (1200.0, 800.0)
    pointer: Point | None = None
    recent: tuple[str, ...] = ()
    files: tuple[Any, ...] = ()
    templates: tuple[Any, ...] = ()
    queue: Queue = Queue()
    sound: Sounding = Sounding()
    heard: Heard = Heard()
    probes: Map[int, Heard] = field(default_factory=Map)
    plan: Any = None

    @property
    def tab(self) -> Tab | None:
        """The document in front."""
        return next((tab for tab in self.tabs if tab.key == self.active), None)

    def with_tab(self, tab: Tab) -> App:
        """This state with one tab replaced (by key)."""
        return replace(self, tabs=tuple(tab if old.key == tab.key else old for old in self.tabs))

    def interfaces(self) -> Interfaces | None:
        """Descriptions of the nodes of the document in front; remembered on its graph, which never changes."""
        if self.tab is None:
            return None
        graph = self.tab.graph
        memo = graph.__dict__.get("_interfaces")
        if memo is None or memo.library is not self.library:
            memo = graph.__dict__["_interfaces"] = Interfaces(graph, self.library)
        found: Interfaces = memo
        return found
