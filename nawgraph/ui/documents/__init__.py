"""Documents and the disk: open, save, recent, autosave, recovery, local history, templates, missing things.

No toolkit. Everything here may wait for a disk and is meant for a thread beside the main one, except what says that it
is cheap (`changed`, `Autosave.write`).
"""

from nawgraph.files import FormatError
from nawgraph.ui.documents.autosave import Autosave, Recovered, Recovery, discard, recoveries
from nawgraph.ui.documents.claims import Claim, claim
from nawgraph.ui.documents.disk import (
    SOUNDS,
    SUFFIX,
    ChangedOnDiskError,
    Opened,
    Stamp,
    changed,
    open_document,
    save_document,
)
from nawgraph.ui.documents.local_history import Version, read_version, versions
from nawgraph.ui.documents.missing_things import FileKnob, Missing, file_knobs, missing, relink, same_folder
from nawgraph.ui.documents.places import editor_folder
from nawgraph.ui.documents.presets import Preset, apply_preset, remove_preset, store_preset, user_presets
from nawgraph.ui.documents.recent_files import Recent, forget, recent, remember
from nawgraph.ui.documents.settings import Settings, load_settings, save_settings
from nawgraph.ui.documents.templates import Template, start_from, templates

__all__ = [
    "SOUNDS",
    "SUFFIX",
    "Autosave",
    "ChangedOnDiskError",
    "Claim",
    "FileKnob",
    "FormatError",
    "Missing",
    "Opened",
    "Preset",
    "Recent",
    "Recovered",
    "Recovery",
    "Settings",
    "Stamp",
    "Template",
    "Version",
    "apply_preset",
    "changed",
    "claim",
    "discard",
    "editor_folder",
    "file_knobs",
    "forget",
    "load_settings",
    "missing",
    "open_document",
    "read_version",
    "recent",
    "recoveries",
    "relink",
    "remember",
    "remove_preset",
    "same_folder",
    "save_document",
    "save_settings",
    "start_from",
    "store_preset",
    "templates",
    "user_presets",
    "versions",
]
