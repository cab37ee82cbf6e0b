"""Install, update, remove, grant, go back. Every change is a new state of the store, or none."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from nawgraph.library import standard
from nawgraph.packs import builder, environment, index, sdists, source, wheels
from nawgraph.packs.catalogue import Entry
from nawgraph.packs.environment import Item, Sources
from nawgraph.packs.manifest import Manifest, fits
from nawgraph.packs.process import PackError, PackProcess
from nawgraph.packs.provide import Packs, launch
from nawgraph.packs.store import Installed, Pack, Store, StoreError
from nawgraph.packs.wheels import Wheel
from nawgraph.version import VERSION

_NAMED = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:==([A-Za-z0-9.!+_-]+))?\Z")


@dataclass(frozen=True, slots=True)
class Proposal:
    """What an installation would do, for the person who decides.

    Attributes:
        items: wheels that would be installed, the pack's own first; libraries that the host has are not among them.
        before: the installed version, or "".
    """

    manifest: Manifest
    items: tuple[Item, ...]
    before: str


Consent = Callable[[Proposal], Iterable[str]]
"""Is asked before anything changes: the permissions to grant. Raises to stop."""


class Installer:
    """Changes what is installed.

    Args:
        store: the folder of packs.
        sources: where wheels of libraries are found.
        catalogue: path or address of an index of packs, or "".
    """

    def __init__(self, store: Store | None = None, sources: Sources | None = None, catalogue: str = "") -> None:
        self.store = store or Store()
        self._sources = sources or Sources()
        self._index = catalogue

    def install(self, what: str, consent: Consent) -> Pack:
        """Install a folder, a wheel, or ``NAME[==VERSION]``.

        Raises:
            StoreError, ManifestError, PackError: one sentence; nothing was changed.
        """
        with self.store.changing(), tempfile.TemporaryDirectory(prefix="nawgraph-install-") as scratch:
            path, origin = self._wheel(what, Path(scratch))
            return self._install(wheels.inspect(path), origin, consent, Path(scratch))

    def update(self, id: str, consent: Consent) -> tuple[str, str]:
        """Install a pack again from where it came, in its newest version: (version before, version now).

        Raises:
            StoreError: it is not installed, or cannot be had; nothing was changed.
        """
        pack = self._installed(id)
        before = pack.version
        kind, _, place = pack.source.partition(":")
        if kind == "index" and not self._index:
            self._index = place
        what = place if kind in ("path", "pypi") else id
        if kind != "path" and self._newest(id, kind, place) == before:
            return before, before
        return before, self.install(what, consent).version

    def remove(self, id: str) -> None:
        """Take a pack out; `rollback` brings it back. Raises `StoreError`."""
        with self.store.changing():
            self._installed(id)
            state = self.store.load()
            rest = {name: pack for name, pack in state.packs.items() if name != id}
            self.store.write(Installed(packs=rest, change=f"remove {id}"))

    def grant(self, id: str, names: Iterable[str], *, revoke: bool = False) -> Pack:
        """Give a pack permissions that it asks for, or take them back.

        Raises:
            StoreError: it is not installed, or does not ask for one of them.
        """
        with self.store.changing():
            pack = self._installed(id)
            made = Packs(self.store).known[id].manifest
            asked = made.permissions if made else {}
            names = list(asked) if "all" in names else list(names)
            for name in names:
                if name not in asked:
                    raise StoreError(
                        f"the pack {id} does not ask for {name!r}; it asks for {', '.join(asked) or 'nothing'}"
                    )
            granted = set(pack.granted) - set(names) if revoke else set(pack.granted) | set(names)
            new = msgspec.structs.replace(pack, granted=tuple(sorted(granted)))
            word = "revoke" if revoke else "grant"
            self._put(id, new, f"{word} {id} {' '.join(names)}")
            return new

    def rollback(self) -> tuple[Installed, Installed]:
        """Return to the state before the last change: (what was, what is now). Raises `StoreError`."""
        with self.store.changing():
            return self.store.back()

    # ------------------------------------------------------------------------------------ steps

    def _wheel(self, what: str, scratch: Path) -> tuple[Path, str]:
        """The wheel of what is to be installed, and where it came from."""
        path = Path(what).expanduser()
        if path.is_dir():
            source.find(path).stated()  # before anything is built: a sentence about the manifest is worth more
            return builder.wheel(path, scratch, self._sources), f"path:{path.absolute()}"
        if path.suffix == ".whl" or path.is_file():
            if not path.is_file():
                raise StoreError(f"{what} does not exist")
            return path, f"path:{path.absolute()}"
        named = _NAMED.match(what)
        if named is None:
            raise StoreError(f"{what!r} is no folder, no wheel and no name of a pack")
        name, version = named[1], named[2] or ""
        if self._index:
            _, release = index.choose(index.load(self._index), name, version, self._index)
            return index.fetch(release, self._index, scratch), f"index:{self._index}"
        return environment.download(what, scratch, self._sources), f"pypi:{name}"

    def _newest(self, id: str, kind: str, place: str) -> str:
        if kind == "index":
            return index.choose(index.load(self._index or place), id, "", self._index or place)[0]
        return ""

    def _install(self, wheel: Wheel, origin: str, consent: Consent, scratch: Path) -> Pack:
        made = wheel.manifest
        before = self.store.load().packs.get(made.id)
        self._check(made)
        folder = self.store.environments / f"{made.id}-{made.version}-{wheel.sha256[:12]}"
        if folder.exists():
            folder = folder.with_name(f"{folder.name}-{len(list(self.store.environments.iterdir()))}")
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            environment.create(folder)
            items = environment.resolve(folder, Path(wheel.path), sdists.built(made, scratch, self._sources))
            own = Item(items[0].name, items[0].version, items[0].url, wheel.sha256)
            proposal = Proposal(made, (own, *items[1:]), before.version if before else "")
            granted = frozenset(consent(proposal)) & made.permissions.keys()
            environment.install(folder, [own, *items[1:]])
            pack = Pack(
                version=made.version,
                environment=folder.name,
                folder=wheel.folder,
                sha256=wheel.sha256,
                source=origin,
                granted=tuple(sorted(granted | (set(before.granted if before else ()) & made.permissions.keys()))),
                libraries={item.name: item.version for item in items[1:]},
            )
            try_out(made, wheel.nodes, self.store, pack)
            self._put(made.id, pack, f"install {made.id} {made.version}")
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return pack

    def _check(self, made: Manifest) -> None:
        if not fits(made.api, VERSION):
            raise StoreError(f"{made.id} {made.version} is for nawgraph {made.api}, and this is {VERSION}")
        if any(spec.category == made.id for spec in standard().specs()):
            raise StoreError(f"a pack cannot be called {made.id!r}: nawgraph's own nodes are")

    def _put(self, id: str, pack: Pack, change: str) -> None:
        state = self.store.load()
        self.store.write(Installed(packs={**state.packs, id: pack}, change=change))

    def _installed(self, id: str) -> Pack:
        packs = self.store.load().packs
        if id not in packs:
            raise StoreError(f"the pack {id!r} is not installed; installed are: {', '.join(packs) or 'none'}")
        return packs[id]


def try_out(made: Manifest, nodes: tuple[Entry, ...], store: Store, pack: Pack) -> str:
    """Start a pack once: its code can be imported, and has the nodes that it states. What is enforced, in words.

    Raises:
        PackError: it cannot, or has others.
    """
    process = PackProcess(launch(made, store, store.packages(pack), pack.granted))
    try:
        found = process.describe()
        state = str(process.state)
    finally:
        process.end()
    icons = made.icons
    found = tuple(msgspec.structs.replace(n, icon=icons.get(n.id, "")) for n in found)
    different = source.difference(nodes, found)
    if different:
        raise PackError(f"{made.id} {made.version} is not what it says: {different}")
    return state
