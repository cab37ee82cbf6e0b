"""``nawgraph-pack.toml``: what a pack says of itself, read as data. Nothing of the pack is imported."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, Literal

import msgspec

from nawgraph.packs.rewrites import Rewrite

FILE = "nawgraph-pack.toml"
CATALOGUE = "nawgraph-nodes.json"
ENTRY_POINTS = "nawgraph.packs"
"""Group of the entry point by which a wheel names its pack: ``ID = "module"``."""

LARGEST = 1 << 20
"""Bytes that a manifest may have."""

PERMISSIONS = {
    "network": "reach the internet",
    "read": "read files in the folders it names",
    "write": "change files in the folders it names",
    "subprocess": "start other programs",
    "models": "read the models that are installed",
    "gpu": "use the graphics card",
}
"""Everything that a pack can ask for. Files that a node is given, and a folder of its own, need no permission."""

_ID = re.compile(r"[a-z][a-z0-9_]{1,39}\Z")
_MODULE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*\Z")
_LIBRARY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}\Z")
_HASH = re.compile(r"[0-9a-f]{64}\Z")
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?(MB|GB)\Z")
_UNITS = {"MB": 10**6, "GB": 10**9}


class ManifestError(ValueError):
    """A manifest or catalogue that cannot be used; one sentence."""


class Permission(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something that a pack asks for.

    Attributes:
        reason: why, for the person who decides.
        paths: folders, for `read` and `write`; ``~`` is the user's home.
    """

    reason: str
    paths: tuple[str, ...] = ()


class Sdist(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A library that exists as source only.

    Attributes:
        url: of its archive, ``https://…`` ending in ``.tar.gz`` or ``.zip``.
        sha256: of the archive, in hex.
    """

    url: str
    sha256: str


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A pack.

    Attributes:
        id: lower case; the ids of its nodes begin with it and a dot.
        api: range of nawgraph versions that it works with, such as ``>=0.1,<1``.
        licence: SPDX expression.
        module: what to import for its nodes, in its own process.
        memory: the most that its process may allocate, such as ``4 GB``.
        patience: seconds that a node may go without a word (`ctx.steps`) before it is ended.
        examples: documents in the pack, relative to the manifest.
        renames: old node id → new one.
        migrations: node id → version → what turns knobs of that version into those of the next.
        icons: node id → name of a sign of the editor's font.
        sdists: library → its source: one that has no wheel, which is built behind the sandbox.
    """

    id: str
    version: str
    licence: str
    api: str
    module: str
    name: str = ""
    description: str = ""
    homepage: str = ""
    memory: str = "4 GB"
    patience: float = 300.0
    examples: tuple[str, ...] = ()
    permissions: dict[str, Permission] = {}
    renames: dict[str, str] = {}
    migrations: dict[str, dict[str, tuple[Rewrite, ...]]] = {}
    icons: dict[str, str] = {}
    sdists: dict[str, Sdist] = {}

    @property
    def title(self) -> str:
        return self.name or self.id

    @property
    def memory_bytes(self) -> int:
        found = _SIZE.match(self.memory)
        assert found is not None
        return int(float(found[1]) * _UNITS[found[2]])


def parse(data: bytes, where: str = FILE) -> Manifest:
    """A manifest from its text.

    Args:
        data: TOML.
        where: what messages call it.

    Raises:
        ManifestError: not TOML, a field that is missing, unknown or wrong.
    """
    if len(data) > LARGEST:
        raise ManifestError(f"{where} has {len(data):,} bytes; {LARGEST >> 20} MiB are the most")
    try:
        table: dict[str, Any] = tomllib.loads(data.decode())
    except UnicodeDecodeError:
        raise ManifestError(f"{where} is not UTF-8 text") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ManifestError(f"{where} is not TOML: {error}") from None
    try:
        made = msgspec.convert(table, Manifest)
    except msgspec.ValidationError as error:
        raise ManifestError(f"{where}: {_lowered(str(error))}") from None
    for problem in _problems(made):
        raise ManifestError(f"{where}: {problem}")
    return made


def version_of(text: str, what: str) -> Any:
    """A version that can be compared. Raises `ManifestError`."""
    from packaging.version import InvalidVersion, Version

    try:
        return Version(text)
    except InvalidVersion:
        raise ManifestError(f"{what} must be a version such as 1.0.2, got {text!r}") from None


def fits(api: str, version: str) -> bool:
    """Whether a nawgraph version lies in a range. Raises `ManifestError` for what is no range."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return SpecifierSet(api).contains(version, prereleases=True)
    except InvalidSpecifier:
        raise ManifestError(f"api must be a range such as >=0.1,<1, got {api!r}") from None


def _problems(made: Manifest) -> list[str]:
    found: list[str] = []
    if not _ID.match(made.id):
        found.append(f"id must be 2 to 40 lower-case letters, digits and _, got {made.id[:60]!r}")
    if not _MODULE.match(made.module):
        found.append(f"module must be the name of a Python module, got {made.module[:60]!r}")
    if not made.licence.strip():
        found.append("licence must say under which terms the pack may be used, such as MIT")
    if not _SIZE.match(made.memory):
        found.append(f"memory must be a size such as 512 MB or 4 GB, got {made.memory!r}")
    if not 0.1 <= made.patience <= 86400:
        found.append(f"patience must be between 0.1 and 86400 s, got {made.patience}")
    for name, permission in made.permissions.items():
        found += _permission_problems(name, permission)
    for name, sdist in made.sdists.items():
        found += _sdist_problems(name, sdist)
    found += [f"examples: {path!r} leads out of the pack" for path in made.examples if _leads_out(path)]
    prefix = f"{made.id}."
    for field, ids in _ids(made).items():
        found += [f"{field}: {id!r} must begin with {prefix!r}" for id in ids if not id.startswith(prefix)]
    for id, steps in made.migrations.items():
        found += [f"migrations of {id}: {v!r} is no version from 1" for v in steps if not v.isdecimal() or int(v) < 1]
    if not found:
        version_of(made.version, "version")
        fits(made.api, "0")
    return found


def _ids(made: Manifest) -> Mapping[str, list[str]]:
    return {
        "renames": [*made.renames, *made.renames.values()],
        "migrations": list(made.migrations),
        "icons": list(made.icons),
    }


def _permission_problems(name: str, permission: Permission) -> list[str]:
    if name not in PERMISSIONS:
        return [f"there is no permission {name!r}; there are {', '.join(PERMISSIONS)}"]
    if not permission.reason.strip():
        return [f"the permission {name} needs a reason"]
    if name in ("read", "write") and not permission.paths:
        return [f"the permission {name} needs paths: the folders it is for"]
    wide = [p for p in permission.paths if p.rstrip("/") in ("", "~", "/", "/home", "/etc", "/root")]
    if wide:
        return [f"the permission {name} asks for {wide[0]}, which is too much: name the folder that it needs"]
    return [f"the permission {name}: {p!r} must be absolute or begin with ~/" for p in permission.paths if not _full(p)]


def _sdist_problems(name: str, sdist: Sdist) -> list[str]:
    if not _LIBRARY.match(name):
        return [f"sdists: {name[:60]!r} is not the name of a library"]
    if not sdist.url.startswith("https://") or not sdist.url.endswith((".tar.gz", ".zip")):
        return [f"sdists: the url of {name} must begin with https:// and end in .tar.gz or .zip"]
    return [] if _HASH.match(sdist.sha256) else [f"sdists: {name} needs the sha256 of its archive, 64 hex digits"]


def _full(path: str) -> bool:
    return path.startswith(("/", "~/")) and ".." not in PurePosixPath(path).parts


def _leads_out(path: str) -> bool:
    return PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts or "\\" in path


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]


Needs = Literal["cpu", "gpu", "io"]
