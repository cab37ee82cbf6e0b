"""What can happen to the editor's state, as data, and what the loop must do in turn.

Messages come from the pointer, keys, menus, widgets, files and the engine; `update.update` answers each with the next
state and a tuple of effects. Effects are carried out by the loop (`app.py`), never by `update`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from nawgraph.edits import Edit
from nawgraph.ui.state import Point, Popup, Tab, View


@dataclass(frozen=True, slots=True)
class Apply:
    """Change the document in front. The edit names its own scope.

    Attributes:
        select: select the nodes that it adds.
    """

    edit: Edit
    select: bool = False


@dataclass(frozen=True, slots=True)
class Travel:
    """Through the history: to the state with this index."""

    index: int


@dataclass(frozen=True, slots=True)
class Select:
    """Change the selection."""

    ids: Collection[str]
    how: Literal["set", "add", "remove", "toggle"] = "set"


@dataclass(frozen=True, slots=True)
class Look:
    """Show another part of the plane."""

    view: View


@dataclass(frozen=True, slots=True)
class Enter:
    """Show the inside of an instance (one of the nodes that are shown)."""

    id: str


@dataclass(frozen=True, slots=True)
class Leave:
    """Go out of instances until the trail has this length."""

    depth: int


@dataclass(frozen=True, slots=True)
class Open:
    """Show a new tab. Its key is given by `update`."""

    tab: Tab


@dataclass(frozen=True, slots=True)
class Front:
    """Bring a tab to the front."""

    key: int


@dataclass(frozen=True, slots=True)
class Close:
    """Close a tab, asked or not."""

    key: int


@dataclass(frozen=True, slots=True)
class Show:
    """Open a popup, or (None) close the one that is open."""

    popup: Popup | None


@dataclass(frozen=True, slots=True)
class Say:
    """Put a sentence into the status bar."""

    text: str
    kind: Literal["info", "warning", "error"] = "info"


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed: toasts end. `now` in seconds of the loop's clock."""

    now: float


@dataclass(frozen=True, slots=True)
class Invoke:
    """Carry out a command by id, if it may be used now.

    Attributes:
        data: what it is about, where it is not the selection: a popup's target, an answer to a question.
    """

    command: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Type:
    """Something was typed into the popup, or (None) another row of it was chosen."""

    query: str | None = None
    index: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """Set fields of the state that say how the editor is looked at (`panels`, `layout`, `settings`, …)."""

    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Retab:
    """Set fields of a tab: what opening, saving and watching its file found out."""

    key: int
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Past:
    """The runs that were, newest first."""

    entries: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Add:
    """Add a node and wire it.

    Attributes:
        data: of the popup that asked: `world` and one of `from`, `into`, `wire`.
    """

    type: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Insert:
    """Paste the text of a document."""

    text: str
    at: Point | None = None
    outer: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """Effect: run the document in front; `targets` None for all sinks."""

    targets: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Cancel:
    """Effect: stop what runs."""


@dataclass(frozen=True, slots=True)
class Save:
    """Effect: write a tab's document; `path` None asks where, if it has none."""

    key: int
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class Quit:
    """Effect: end the editor, after asking where something is unsaved."""


@dataclass(frozen=True, slots=True)
class Do:
    """Effect: something that a service of the loop does.

    Attributes:
        service: documents, runs, sound or window.
        verb: name of the service's action; an action that does not exist is an error of the program.
        data: its arguments by name.
    """

    service: Literal["documents", "runs", "sound", "window"]
    verb: str
    data: Mapping[str, Any] = field(default_factory=dict)


Message = (
    Apply
    | Travel
    | Select
    | Look
    | Enter
    | Leave
    | Open
    | Front
    | Close
    | Show
    | Say
    | Tick
    | Invoke
    | Type
    | Change
    | Retab
    | Past
    | Add
    | Insert
)
Effect = Run | Cancel | Save | Quit | Do
EFFECTS = (Run, Cancel, Save, Quit, Do)
