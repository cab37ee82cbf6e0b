"""Examine installed packs: are they whole, do they start, since when not."""

from __future__ import annotations

import base64
import csv
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from nawgraph.packs import catalogue, manifest
from nawgraph.packs.install import try_out
from nawgraph.packs.manifest import ManifestError
from nawgraph.packs.process import PackError
from nawgraph.packs.store import Installed, Pack, Store, StoreError


@dataclass(frozen=True, slots=True)
class Finding:
    """How a pack fares, in a sentence."""

    id: str
    version: str
    sound: bool
    sentence: str


def examine(ids: Iterable[str] = (), store: Store | None = None) -> Iterator[Finding]:
    """Examine packs, all by default. A broken one's history is bisected for the change that broke it.

    Raises:
        StoreError: one of them is not installed.
    """
    store = store or Store()
    state = store.load()
    for id in list(ids) or list(state.packs):
        if id not in state.packs:
            raise StoreError(f"the pack {id!r} is not installed")
        pack = state.packs[id]
        fault, words = fault_of(id, pack, store)
        if not fault:
            yield Finding(id, pack.version, True, f"sound, {words}")
        else:
            yield Finding(id, pack.version, False, f"{fault}; {_since(id, store, [*store.snapshots(), state])}")


def fault_of(id: str, pack: Pack, store: Store) -> tuple[str, str]:
    """What is wrong with a pack, or "", and what is enforced on it."""
    packages = store.packages(pack)
    if not packages.is_dir():
        return "its environment is gone", ""
    changed = changed_file(packages)
    if changed:
        return f"{changed} was changed after it was installed", ""
    folder = packages / pack.folder
    try:
        made = manifest.parse((folder / manifest.FILE).read_bytes())
        nodes = catalogue.loads((folder / manifest.CATALOGUE).read_bytes(), made)
        return "", try_out(made, nodes, store, pack)
    except OSError as error:
        return f"{error.filename}: {error.strerror}", ""
    except (ManifestError, PackError) as error:
        return str(error), ""


def changed_file(packages: Path) -> str:
    """The first file of an environment that is not what its wheel's RECORD says, or "".

    Compiled files are left out: some wheels (numpy's) bring a few, which pip makes anew from their sources.
    """
    for record in sorted(packages.glob("*.dist-info/RECORD")):
        with record.open(newline="", encoding="utf-8") as file:
            rows = [
                row
                for row in csv.reader(file)
                if len(row) >= 2 and row[1].startswith("sha256=") and not row[0].endswith(".pyc")
            ]
        for name, wanted, *_ in rows:
            try:
                found = hashlib.sha256((packages / name).read_bytes()).digest()
            except OSError:
                return name
            if base64.urlsafe_b64encode(found).rstrip(b"=").decode() != wanted.removeprefix("sha256="):
                return name
    return ""


def _since(id: str, store: Store, states: list[Installed]) -> str:
    """Which change broke a pack, found by halving: states that are sound come first, broken ones last."""
    low, high = 0, len(states) - 1
    while low < high:
        middle = (low + high) // 2
        pack = states[middle].packs.get(id)
        if pack is not None and fault_of(id, pack, store)[0]:
            high = middle
        else:
            low = middle + 1
    steps = len(states) - high
    if high == 0 or id not in states[high - 1].packs:
        return "no earlier state of it is known to work: remove it, or install it again"
    return f"broken since '{states[high].change}': {steps} × nawgraph pack rollback returns to before"
