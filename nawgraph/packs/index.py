"""An index of packs: a plain static JSON file, local or on HTTPS, that names wheels and their hashes."""

from __future__ import annotations

import shutil
import urllib.parse
import urllib.request
from pathlib import Path

import msgspec

from nawgraph.packs.manifest import ManifestError, fits, version_of
from nawgraph.packs.store import StoreError
from nawgraph.packs.wheels import sha256
from nawgraph.version import VERSION

LARGEST = 16 << 20
MOST = 2 << 30
"""Bytes of an index, and of a wheel."""

TIMEOUT = 30


class Release(msgspec.Struct, frozen=True):
    """A version of a pack.

    Attributes:
        url: of the wheel, absolute or relative to the index.
        sha256: of the wheel's file, in hex.
        api: range of nawgraph versions.
        yanked: why it is not to be installed any more, or "".
    """

    url: str
    sha256: str
    api: str = ">=0"
    yanked: str = ""


class Entry(msgspec.Struct, frozen=True):
    """A pack: version → release."""

    versions: dict[str, Release]
    description: str = ""


class Index(msgspec.Struct, frozen=True):
    """All packs."""

    format: int
    packs: dict[str, Entry]


def load(address: str) -> Index:
    """The index at a path or ``https://`` address.

    Raises:
        StoreError: it cannot be had, or is none.
    """
    try:
        data = fetched(address, LARGEST)
        found = msgspec.json.decode(data, type=Index)
    except msgspec.DecodeError as error:
        raise StoreError(f"{address} is no index of packs: {error}") from None
    if found.format != 1:
        raise StoreError(f"{address} is an index of format {found.format}, which this nawgraph does not know")
    return found


def choose(index: Index, name: str, version: str = "", address: str = "the index") -> tuple[str, Release]:
    """The release to install: the version asked for, else the newest that fits.

    Raises:
        StoreError: there is none; the sentence says what there is.
    """
    entry = index.packs.get(name)
    if entry is None:
        raise StoreError(f"{address} has no pack {name!r}")
    if version:
        found = entry.versions.get(version)
        if found is None:
            raise StoreError(f"{address} has no version {version} of {name}; it has {', '.join(entry.versions)}")
        if found.yanked:
            raise StoreError(f"{name} {version} was withdrawn from {address}: {found.yanked}")
        return version, found
    usable = {v: r for v, r in entry.versions.items() if not r.yanked and _fits(r)}
    if not usable:
        raise StoreError(f"{address} has no version of {name} for nawgraph {VERSION} that was not withdrawn")
    newest = max(usable, key=lambda v: version_of(v, f"a version of {name}"))
    return newest, usable[newest]


def _fits(release: Release) -> bool:
    try:
        return fits(release.api, VERSION)
    except ManifestError:
        return False


def fetch(release: Release, address: str, folder: Path) -> Path:
    """The wheel of a release, its content checked against the index.

    Raises:
        StoreError: it cannot be had, or is another one than the index says.
    """
    url = release.url
    if not url.startswith("https://"):
        url = urllib.parse.urljoin(address, url) if address.startswith("https://") else _beside(address, url)
    target = folder / Path(urllib.parse.unquote(urllib.parse.urlparse(url).path)).name
    if url.startswith("https://"):
        target.write_bytes(fetched(url, MOST))
    else:
        try:
            shutil.copyfile(url, target)
        except OSError as error:
            raise StoreError(f"{url} cannot be read: {error.strerror}") from None
    found = sha256(target)
    if found != release.sha256.lower():
        raise StoreError(f"{target.name} was tampered with, or is damaged: its hash is not the one in {address}")
    return target


def _beside(address: str, url: str) -> str:
    if "://" in url:
        raise StoreError(f"{address} names {url}: only https:// and files beside the index are fetched")
    return str(Path(address).parent / urllib.parse.unquote(url))


def fetched(address: str, limit: int) -> bytes:
    """What lies at a path or ``https://`` address. Raises `StoreError`."""
    if "://" not in address:
        try:
            with Path(address).open("rb") as file:
                data = file.read(limit + 1)
        except OSError as error:
            raise StoreError(f"{address} cannot be read: {error.strerror}") from None
    elif not address.startswith("https://"):
        raise StoreError(f"{address}: an index is a file or on https://")
    else:
        try:
            with urllib.request.urlopen(address, timeout=TIMEOUT) as answer:
                if not answer.url.startswith("https://"):
                    raise StoreError(f"{address} leads to {answer.url}, which is not https://")
                data = answer.read(limit + 1)
        except (OSError, ValueError) as error:
            raise StoreError(f"{address} cannot be fetched: {getattr(error, 'reason', error)}") from None
    if len(data) > limit:
        raise StoreError(f"{address} has more than {limit >> 20} MiB")
    return data
