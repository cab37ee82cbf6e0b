"""The folder in which an author writes a pack: where things lie in it, and its catalogue written from its code."""

from __future__ import annotations

import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

import msgspec

from nawgraph.packs import catalogue, manifest
from nawgraph.packs.catalogue import Entry
from nawgraph.packs.manifest import CATALOGUE, ENTRY_POINTS, FILE, Manifest, ManifestError
from nawgraph.packs.process import PackProcess
from nawgraph.packs.provide import launch
from nawgraph.packs.store import Store


@dataclass(frozen=True, slots=True)
class Source:
    """An author's folder.

    Attributes:
        folder: with the `pyproject.toml`.
        root: what has to be on Python's path.
        package: folder of the module that the entry point names, with the manifest in it.
    """

    folder: Path
    root: Path
    package: Path
    manifest: Manifest

    @property
    def catalogue(self) -> Path:
        return self.package / CATALOGUE

    def stated(self) -> tuple[Entry, ...]:
        """The nodes that the catalogue states. Raises `ManifestError`."""
        try:
            return catalogue.loads(self.catalogue.read_bytes(), self.manifest, str(self.catalogue))
        except FileNotFoundError:
            raise ManifestError(f"{self.catalogue} does not exist: run nawgraph pack build") from None


def find(folder: Path) -> Source:
    """What lies where in an author's folder.

    Raises:
        ManifestError: it is no pack's.
    """
    folder = folder.absolute()
    project = folder / "pyproject.toml"
    try:
        data = tomllib.loads(project.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ManifestError(f"{folder} is no pack: it has no pyproject.toml") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ManifestError(f"{project} is not TOML: {error}") from None
    points = data.get("project", {}).get("entry-points", {}).get(ENTRY_POINTS, {})
    if len(points) != 1:
        raise ManifestError(f'{project} needs one entry point: [project.entry-points."{ENTRY_POINTS}"] ID = "module"')
    ((id, module),) = points.items()
    for root in (folder, folder / "src"):
        package = root.joinpath(*str(module).split("."))
        if (package / FILE).is_file():
            made = manifest.parse((package / FILE).read_bytes(), str(package / FILE))
            _agree(made, id, module, data.get("project", {}).get("version"), package)
            return Source(folder, root, package, made)
    raise ManifestError(f"{folder} has no {FILE} beside the module {module}")


def _agree(made: Manifest, id: str, module: str, version: object, package: Path) -> None:
    if made.id != id or made.module != module:
        raise ManifestError(
            f"{package / FILE} and the entry point differ: {made.id} in {made.module}, {id} in {module}"
        )
    if version is not None and version != made.version:
        raise ManifestError(
            f"{package / FILE} has the version {made.version}, pyproject.toml {version}: make them equal"
        )


def libraries(source: Source) -> tuple[Path, ...]:
    """Where the libraries lie that only this pack has: in its environment, if it is installed.

    The environment has the installed pack as well; the author's folder comes before it.
    """
    store = Store()
    pack = store.load().packs.get(source.manifest.id)
    return (store.packages(pack),) if pack else ()


def described(source: Source) -> tuple[Entry, ...]:
    """The nodes that the code has, found out in a process behind the sandbox.

    Raises:
        PackError: the code cannot be imported.
    """
    with tempfile.TemporaryDirectory() as data:
        how = launch(source.manifest, Store(), source.root, (), Path(data), libraries(source))
        process = PackProcess(how)
        try:
            nodes = process.describe()
        finally:
            process.end()
    icons = source.manifest.icons
    return tuple(msgspec.structs.replace(node, icon=icons.get(node.id, "")) for node in nodes)


def difference(stated: tuple[Entry, ...], found: tuple[Entry, ...]) -> str:
    """In what a catalogue and the code differ, one sentence, or ""."""
    old, new = {n.id: n for n in stated}, {n.id: n for n in found}
    for id in sorted(old.keys() | new.keys()):
        if id not in new:
            return f"the catalogue has the node {id}, which the code has not"
        if id not in old:
            return f"the code has the node {id}, which the catalogue has not"
        if catalogue.dumps([old[id]]) != catalogue.dumps([new[id]]):
            fields = [f for f in Entry.__struct_fields__ if getattr(old[id], f) != getattr(new[id], f)]
            return f"the node {id} differs from the catalogue in {', '.join(fields) or 'its fields'}"
    return ""


def build(source: Source) -> bool:
    """Write the catalogue from the code; whether it changed.

    Raises:
        PackError, ManifestError: the code cannot be imported, or has what a pack cannot have.
    """
    text = catalogue.dumps(described(source))
    catalogue.loads(text.encode(), source.manifest)
    if source.catalogue.exists() and source.catalogue.read_text(encoding="utf-8") == text:
        return False
    source.catalogue.write_text(text, encoding="utf-8")
    return True
