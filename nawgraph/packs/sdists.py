"""Libraries that a pack needs and that exist as source only: fetched by hash, built into wheels behind the sandbox."""

from __future__ import annotations

import hashlib
import tarfile
import urllib.parse
import zipfile
from pathlib import Path

from nawgraph.files import FormatError, archives
from nawgraph.packs import builder, index
from nawgraph.packs.environment import Sources
from nawgraph.packs.manifest import Manifest, Sdist
from nawgraph.packs.store import StoreError

LARGEST = 64 << 20
"""Bytes of an archive of source."""


def built(made: Manifest, scratch: Path, sources: Sources) -> Sources:
    """Where wheels are found, the pack's own source archives among them, each built into one.

    Nothing of an archive is run outside the sandbox, and none is built whose hash is not the one in the manifest.

    Args:
        made: its `sdists` say which.
        scratch: a folder for archives and wheels, which must stay until they are installed.
        sources: where else wheels are found.

    Raises:
        StoreError: one cannot be had, is another one, or cannot be built.
    """
    if not made.sdists:
        return sources
    for name, sdist in made.sdists.items():
        place = scratch / "sdists" / name
        place.mkdir(parents=True)
        folder = _unpacked(_fetched(name, sdist, place, sources), place / "unpacked")
        wheel = builder.wheel(folder, place, sources)
        wheel.rename(scratch / "sdists" / wheel.name)
    return Sources((*sources.links, str(scratch / "sdists")), sources.offline)


def _fetched(name: str, sdist: Sdist, folder: Path, sources: Sources) -> Path:
    """The archive, from a folder of links that has it, else from where the manifest says."""
    file = Path(urllib.parse.unquote(urllib.parse.urlparse(sdist.url).path)).name
    local = [path for link in sources.links if (path := Path(link) / file).is_file()]
    if not local and sources.offline:
        raise StoreError(f"{name} is needed as source, and {file} lies in no folder that --find-links names")
    data = index.fetched(str(local[0]) if local else sdist.url, LARGEST)
    if hashlib.sha256(data).hexdigest() != sdist.sha256:
        raise StoreError(f"{file} was tampered with, or is damaged: its hash is not the one in the pack's manifest")
    (folder / file).write_bytes(data)
    return folder / file


def _unpacked(archive: Path, folder: Path) -> Path:
    """The folder of a source archive: its only one, if there is a single folder in it."""
    try:
        if archive.suffix == ".zip":
            with zipfile.ZipFile(archive) as file:
                archives.check(file)
                file.extractall(folder)
        else:
            with tarfile.open(archive) as file:
                if sum(member.size for member in file) > archives.MOST_RATIO * LARGEST:
                    raise FormatError("is too large when unpacked")
                file.extractall(folder, filter="data")
    except FormatError as error:
        raise StoreError(f"{archive.name} {error.reason}") from None
    except (*archives.UNREADABLE, tarfile.TarError) as error:
        raise StoreError(f"{archive.name} cannot be unpacked: {error}") from None
    inside = list(folder.iterdir())
    return inside[0] if len(inside) == 1 and inside[0].is_dir() else folder
