"""Where nawgraph keeps what is no document: settings, cache, models, packs. ``NAWGRAPH_HOME`` names the folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path

PROGRAM = Path(__file__).parent
"""The folder of this package, as it is imported."""


def home() -> Path:
    """The folder itself. It is not made here."""
    named = os.environ.get("NAWGRAPH_HOME")
    if named:
        return Path(named).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "nawgraph"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "nawgraph"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "nawgraph"


def cache_folder() -> Path:
    """Results of nodes, shared by the command line, the editor and Python."""
    return home() / "cache"


def models_folder() -> Path:
    """Checkpoints that the user installed."""
    return home() / "models"


def settings_folder() -> Path:
    """Preferences and window layouts."""
    return home() / "settings"
