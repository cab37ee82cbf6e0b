"""Changes of a document as data, and their history.

```python
history = History.of(graph)
history = history.apply(AddNode("audio.gain", at=(320, 80)), library)
history = history.apply(Connect("load.audio", "gain.audio"), library).undo()
```

Every edit is a frozen dataclass with a `label`, and ``apply(graph, library)`` that returns a new graph or
raises `EditError` with one sentence.
"""

from nawgraph.edits.base import Batch, Edit, EditError
from nawgraph.edits.definitions import Expose, RemoveDefinition, RenameDefinition, TitleDefinition, Unexpose
from nawgraph.edits.groups import Group, MakeUnique, Ungroup
from nawgraph.edits.history import Entry, History
from nawgraph.edits.layout import Move, Promote, SetForm, SetMeta, SetUi
from nawgraph.edits.nodes import AddNode, Duplicate, Remove, Rename, ReplaceType
from nawgraph.edits.paste import Paste
from nawgraph.edits.settings import ApplyPreset, RemovePreset, ResetKnob, SetKnob, SetMode, SetTitle, StorePreset
from nawgraph.edits.wires import Connect, Disconnect, Insert

__all__ = [
    "AddNode",
    "ApplyPreset",
    "Batch",
    "Connect",
    "Disconnect",
    "Duplicate",
    "Edit",
    "EditError",
    "Entry",
    "Expose",
    "Group",
    "History",
    "Insert",
    "MakeUnique",
    "Move",
    "Paste",
    "Promote",
    "Remove",
    "RemoveDefinition",
    "RemovePreset",
    "Rename",
    "RenameDefinition",
    "ReplaceType",
    "ResetKnob",
    "SetForm",
    "SetKnob",
    "SetMeta",
    "SetMode",
    "SetTitle",
    "SetUi",
    "StorePreset",
    "TitleDefinition",
    "Unexpose",
    "Ungroup",
]
