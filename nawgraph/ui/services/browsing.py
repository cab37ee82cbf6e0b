"""What lies in a folder, for the editor's own file browser."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Place:
    """A folder or file. `detail`: its size, for people."""

    path: Path
    folder: bool
    detail: str = ""


def listed(folder: Path, suffixes: Collection[str]) -> tuple[tuple[Place, ...], str]:
    """Folders, then files with one of the suffixes (none: all), by name; and a sentence if it cannot be read."""
    try:
        found = [(path, path.is_dir()) for path in folder.iterdir() if not path.name.startswith(".")]
    except OSError as error:
        return (), f"{folder} cannot be read: {error.strerror or error}"
    wanted = {suffix.lower() for suffix in suffixes}
    folders = [Place(path, True) for path, is_folder in found if is_folder]
    files = [
        Place(path, False, _size(path))
        for path, is_folder in found
        if not is_folder and (not wanted or path.suffix.lower() in wanted)
    ]
    places = sorted(folders, key=_name) + sorted(files, key=_name)
    up = [Place(folder.parent, True, "up")] if folder.parent != folder else []
    return tuple(up + places), ""


def _name(place: Place) -> str:
    return place.path.name.lower()


def _size(path: Path) -> str:
    try:
        size = float(path.stat().st_size)
    except OSError:
        return ""
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
