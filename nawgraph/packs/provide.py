"""Installed packs as node types and as an engine. What faces use; nothing of a pack is imported."""

from __future__ import annotations

import contextlib
import os
import site
import sys
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from nawgraph import home
from nawgraph.library import Library
from nawgraph.node import NodeSpec
from nawgraph.packs import catalogue, manifest
from nawgraph.packs.catalogue import Entry
from nawgraph.packs.manifest import Manifest, ManifestError
from nawgraph.packs.sandbox import Policy
from nawgraph.packs.store import Pack, Store, StoreError
from nawgraph.runtime.engines import Engine
from nawgraph.version import VERSION

if TYPE_CHECKING:  # the engine is imported when it is wanted: listing nodes needs no process
    from nawgraph.packs.process import Launch

SANDBOX = "NAWGRAPH_SANDBOX"
"""Environment variable: "off" lets packs do what the user can do. Everything shows it."""


Stamp = tuple[str, int, int]
"""Place, time and size of the file that says what is installed: another stamp, perhaps other packs."""


class Known(msgspec.Struct, frozen=True):
    """A pack as its own files describe it, or why they cannot be used."""

    id: str
    pack: Pack
    manifest: Manifest | None = None
    nodes: tuple[Entry, ...] = ()
    problem: str = ""


class _Index(msgspec.Struct, array_like=True):
    """All catalogues in one file, and the state of `installed.json` that it was made from."""

    stamp: Stamp
    version: str
    known: tuple[Known, ...]


class Packs:
    """The installed packs.

    Args:
        store: where they are; the user's own by default.
    """

    def __init__(self, store: Store | None = None) -> None:
        self.store = store or Store()

    @property
    def stamp(self) -> Stamp:
        """What changes when packs do."""
        try:
            status = self.store.file.stat()
        except OSError:
            return "", 0, 0  # nothing is installed, wherever it is not
        return str(self.store.file), status.st_mtime_ns, status.st_size

    @cached_property
    def known(self) -> dict[str, Known]:
        """Installed packs by id, from one file if it is up to date."""
        stamp = self.stamp
        if not stamp[1]:
            return {}
        index = self.store.folder / "index.msgpack"
        with contextlib.suppress(OSError, msgspec.DecodeError):
            found = msgspec.msgpack.decode(index.read_bytes(), type=_Index)
            if (found.stamp, found.version) == (stamp, VERSION):
                return {k.id: k for k in found.known}
        known = tuple(self._described(id, pack) for id, pack in sorted(self.store.load().packs.items()))
        with contextlib.suppress(OSError):  # a home that is read-only
            unfinished = index.with_name(f".index.{os.getpid()}.tmp")
            unfinished.write_bytes(msgspec.msgpack.encode(_Index(stamp, VERSION, known)))
            unfinished.replace(index)
        return {k.id: k for k in known}

    def _described(self, id: str, pack: Pack) -> Known:
        folder = self.store.packages(pack) / pack.folder
        try:
            made = manifest.parse((folder / manifest.FILE).read_bytes(), f"the pack {id}: {manifest.FILE}")
            nodes = catalogue.loads((folder / manifest.CATALOGUE).read_bytes(), made, f"the pack {id}")
        except OSError as error:
            return Known(id, pack, problem=f"{error.filename}: {error.strerror}")
        except ManifestError as error:
            return Known(id, pack, problem=str(error))
        return Known(id, pack, made, nodes)

    def specs(self) -> list[NodeSpec]:
        """The node types of all packs that can be used."""
        return [s for k in self.known.values() if k.manifest is not None for s in specs(k.manifest, k.nodes)]

    def renamed(self) -> dict[str, str]:
        """Old node id → new one."""
        return {old: new for k in self.known.values() if k.manifest for old, new in k.manifest.renames.items()}

    def launch(self, id: str) -> Launch:
        """How to start a pack's process.

        Raises:
            LookupError: it is not installed, or damaged.
        """
        found = self.known.get(id)
        if found is None:
            raise LookupError(f"the pack {id!r} is not installed: nawgraph pack install {id}")
        if found.manifest is None:
            raise LookupError(f"the pack {id!r} is damaged ({found.problem}): nawgraph pack doctor says more")
        return launch(found.manifest, self.store, self.store.packages(found.pack), found.pack.granted)


def specs(made: Manifest, nodes: Iterable[Entry]) -> list[NodeSpec]:
    """A pack's node types."""
    return [catalogue.spec(node, made) for node in nodes]


def launch(
    made: Manifest,
    store: Store,
    packages: Path,
    granted: Iterable[str],
    data: Path | None = None,
    libraries: Iterable[Path] = (),
) -> Launch:
    """How to start a pack whose packages lie in a folder, and its libraries there or in others."""
    from nawgraph.packs.process import Launch

    granted = frozenset(granted) & made.permissions.keys()
    data = data or store.data(made.id)
    data.mkdir(parents=True, exist_ok=True)
    sites = (str(packages), *map(str, libraries), *host_sites())
    paths = {name: tuple(os.path.expanduser(p) for p in p.paths) for name, p in made.permissions.items()}  # noqa: PTH111
    models = (str(home.models_folder()),) if "models" in granted else ()
    readable = paths.get("read", ()) if "read" in granted else ()
    policy = Policy(
        read=(*sites, *roots(), *models, *readable),
        write=(str(data), *(paths.get("write", ()) if "write" in granted else ())),
        network="network" in granted,
        subprocess="subprocess" in granted,
        gpu="gpu" in granted,
        memory=made.memory_bytes,
        enforce=enforced(),
    )
    return Launch(
        made.id,
        made.module,
        sites,
        policy,
        made.patience,
        (
            ("NAWGRAPH_PACK_FOLDER", str(data)),
            ("NAWGRAPH_PACK_READ", os.pathsep.join(readable)),
            ("NAWGRAPH_MODELS", str(home.models_folder())),
        ),
        tuple(sorted(made.permissions.keys() - granted)),
    )


def enforced() -> bool:
    """Whether packs are held to their permissions."""
    return os.environ.get(SANDBOX, "").lower() != "off"


def host_sites() -> tuple[str, ...]:
    """The folders of Python packages of this process: a pack finds there what its own environment does not have."""
    found = [*site.getsitepackages(), *(p for p in sys.path if p.endswith(("site-packages", "dist-packages")))]
    return tuple(dict.fromkeys(os.path.abspath(p) for p in found if os.path.isdir(p)))  # noqa: PTH100, PTH112


def roots() -> tuple[str, ...]:
    """Where this Python itself lies."""
    return tuple(dict.fromkeys((sys.base_prefix, sys.base_exec_prefix, sys.prefix)))


def provided(base: Library, packs: Packs | None = None) -> Library:
    """A library with the nodes of all installed packs; `base` stays as it is where there are none.

    Raises:
        StoreError: what is installed cannot be told.
    """
    packs = packs or Packs()
    if not packs.known:
        return base
    made = Library(base.specs())
    made.renamed.update(packs.renamed() | base.renamed)
    for spec in packs.specs():
        if made.get(spec.id) is None:  # a pack never replaces a node that is there
            made.add(spec)
    return made


def engine(base: Engine | None = None, packs: Packs | None = None) -> Engine:
    """The engine for the nodes of all installed packs, and of everything else."""
    from nawgraph.packs.engine import PackEngine

    found = packs

    def find(id: str) -> Launch:
        return (found or Packs()).launch(id)  # asked when it is wanted: a pack may have been installed meanwhile

    return PackEngine(find, base)


__all__ = ["Packs", "StoreError", "enforced", "engine", "launch", "provided"]
