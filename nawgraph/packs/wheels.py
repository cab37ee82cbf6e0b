"""Look into a wheel: which pack it brings, without unpacking or importing it."""

from __future__ import annotations

import configparser
import email.parser
import hashlib
import zipfile
from pathlib import Path

import msgspec

from nawgraph.files import FormatError, archives
from nawgraph.packs import catalogue
from nawgraph.packs.manifest import CATALOGUE, ENTRY_POINTS, FILE, LARGEST, Manifest, ManifestError, parse, version_of


class Wheel(msgspec.Struct, frozen=True):
    """A pack in a wheel.

    Attributes:
        folder: of the manifest, inside the wheel.
        sha256: of the wheel's file.
        needs: requirements that it states.
    """

    path: str
    sha256: str
    folder: str
    manifest: Manifest
    nodes: tuple[catalogue.Entry, ...]
    needs: tuple[str, ...]


def inspect(path: Path) -> Wheel:
    """The pack in a wheel.

    Raises:
        ManifestError: no wheel, not safe to unpack, no pack; one sentence.
    """
    try:
        with zipfile.ZipFile(path) as wheel:
            archives.check(wheel)
            return _read(wheel, path)
    except FormatError as error:
        raise ManifestError(f"{path.name} {error.reason}") from None
    except archives.UNREADABLE as error:
        raise ManifestError(f"{path.name} is not a wheel that can be read: {error}") from None


def _read(wheel: zipfile.ZipFile, path: Path) -> Wheel:
    names = wheel.namelist()
    info = next((n for n in names if n.endswith(".dist-info/METADATA") and n.count("/") == 1), None)
    if info is None:
        raise ManifestError(f"{path.name} is not a wheel: it has no METADATA")
    points = info.replace("METADATA", "entry_points.txt")
    found = _entry_point(archives.read(wheel, points, LARGEST).decode(errors="replace")) if points in names else None
    if found is None:
        raise ManifestError(f"{path.name} is no node pack: it has no entry point in the group {ENTRY_POINTS}")
    id, module = found
    folder = module.replace(".", "/")
    where = f"{path.name}: {FILE}"
    if f"{folder}/{FILE}" not in names:
        raise ManifestError(f"{path.name} has no {folder}/{FILE}: include it in the package data")
    manifest = parse(archives.read(wheel, f"{folder}/{FILE}", LARGEST), where)
    if manifest.id != id:
        raise ManifestError(f"{where}: the id is {manifest.id!r}, and the entry point calls the pack {id!r}")
    if f"{folder}/{CATALOGUE}" not in names:
        raise ManifestError(f"{path.name} has no {folder}/{CATALOGUE}: run nawgraph pack build in the pack's folder")
    nodes = catalogue.loads(
        archives.read(wheel, f"{folder}/{CATALOGUE}", catalogue.LARGEST), manifest, f"{path.name}: {CATALOGUE}"
    )
    metadata = email.parser.BytesHeaderParser().parsebytes(archives.read(wheel, info, LARGEST))
    stated = str(metadata.get("Version", ""))
    if version_of(stated, "the wheel's version") != version_of(manifest.version, "version"):
        raise ManifestError(f"{where}: the version is {manifest.version}, and the wheel's is {stated}")
    needs = tuple(str(value) for value in metadata.get_all("Requires-Dist", []))
    return Wheel(str(path), sha256(path), folder, manifest, nodes, needs)


def _entry_point(text: str) -> tuple[str, str] | None:
    points = configparser.ConfigParser(delimiters=("=",), interpolation=None)
    points.optionxform = str  # type: ignore[assignment, method-assign]
    try:
        points.read_string(text)
    except configparser.Error:
        return None
    if not points.has_section(ENTRY_POINTS):
        return None
    found = points.items(ENTRY_POINTS)
    return found[0] if len(found) == 1 else None


def sha256(path: Path) -> str:
    """Digest of a file's content in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
