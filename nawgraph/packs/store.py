"""What is installed: one small file that names an environment for each pack, and the snapshots before it.

Environments are never changed after they were made. Installing makes a new one and then writes the new state in one
step; going back is writing an old state again. A crash at any moment leaves the state as it was.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from nawgraph import home

SNAPSHOTS = 10
"""States before the present one that are kept."""


class StoreError(ValueError):
    """Something about the installed packs, in one sentence."""


class Pack(msgspec.Struct, frozen=True):
    """An installed pack.

    Attributes:
        environment: name of its folder in `environments`.
        folder: of the manifest, relative to the environment's packages.
        sha256: of the wheel.
        source: where it came from: a path, ``index:URL`` or ``pypi:NAME``.
        granted: permissions that the user gave.
        libraries: name → version of what was installed beside it.
    """

    version: str
    environment: str
    folder: str
    sha256: str
    source: str
    granted: tuple[str, ...] = ()
    libraries: dict[str, str] = {}


class Installed(msgspec.Struct, frozen=True):
    """All installed packs by id, and what brought this state about."""

    format: int = 1
    packs: dict[str, Pack] = {}
    change: str = ""


class Store:
    """The folder of packs in nawgraph's home."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or home.home() / "packs"
        self.file = self.folder / "installed.json"
        self.environments = self.folder / "environments"
        self.history = self.folder / "history"

    def load(self) -> Installed:
        """What is installed. Raises `StoreError`."""
        return _read(self.file)

    def packages(self, pack: Pack) -> Path:
        """The folder of Python packages of a pack's environment."""
        return packages(self.environments / pack.environment)

    def data(self, id: str) -> Path:
        """The folder that belongs to a pack, through all its versions."""
        return self.folder / "data" / id

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Keep other processes from changing anything meanwhile."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as file:
            if sys.platform != "win32":
                import fcntl

                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    raise StoreError(
                        "another nawgraph is changing packs at this moment: try again when it is done"
                    ) from None
            yield

    def write(self, new: Installed) -> None:
        """Make a state the present one; the one before becomes a snapshot."""
        self.history.mkdir(parents=True, exist_ok=True)
        numbers = self._numbers()
        self._put(self.load(), self._snapshot((numbers[-1] if numbers else 0) + 1))
        self._put(new, self.file)
        for number in self._numbers()[:-SNAPSHOTS]:
            self._snapshot(number).unlink(missing_ok=True)
        self.sweep()

    def back(self) -> tuple[Installed, Installed]:
        """Return to the snapshot before the present state: (what was, what is now).

        Raises:
            StoreError: there is none.
        """
        numbers = self._numbers()
        if not numbers:
            raise StoreError("there is no earlier state of the packs to go back to")
        before = _read(self._snapshot(numbers[-1]))
        try:
            now = self.load()
        except StoreError:  # damaged, which is why one goes back
            now = Installed()
        self._put(before, self.file)
        self._snapshot(numbers[-1]).unlink()
        self.sweep()
        return now, before

    def snapshots(self) -> list[Installed]:
        """Earlier states, oldest first; those that cannot be read are left out."""
        made = []
        for number in self._numbers():
            with contextlib.suppress(StoreError):
                made.append(_read(self._snapshot(number)))
        return made

    def sweep(self) -> None:
        """Remove environments that no state names any more."""
        wanted = {p.environment for state in (self.load(), *self.snapshots()) for p in state.packs.values()}
        for folder in self.environments.iterdir() if self.environments.is_dir() else ():
            if folder.name not in wanted:
                shutil.rmtree(folder, ignore_errors=True)

    def _put(self, state: Installed, target: Path) -> None:
        unfinished = self.folder / f".installed.{os.getpid()}.tmp"
        with unfinished.open("wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(state), indent=1) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(target)

    def _numbers(self) -> list[int]:
        found = self.history.glob("*.json") if self.history.is_dir() else ()
        return sorted(int(path.stem) for path in found if path.stem.isdecimal())

    def _snapshot(self, number: int) -> Path:
        return self.history / f"{number:06d}.json"


def packages(environment: Path) -> Path:
    """The folder of Python packages in a virtual environment."""
    if os.name == "nt":
        return environment / "Lib" / "site-packages"
    return environment / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"


def _read(file: Path) -> Installed:
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        return Installed()
    except OSError as error:
        raise StoreError(f"{file} cannot be read: {error.strerror}") from None
    try:
        found = msgspec.json.decode(data, type=Installed)
    except msgspec.DecodeError as error:
        raise StoreError(f"{file} is damaged ({error}): nawgraph pack rollback returns to the state before") from None
    if found.format != 1:
        raise StoreError(f"{file} is of format {found.format}, which this nawgraph does not know: update nawgraph")
    return found
