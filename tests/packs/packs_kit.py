"""Tiny wheels and packs, made here, so that no test needs a network."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from nawgraph.context import Cancelled, Context
from nawgraph.node import NodeSpec
from nawgraph.packs import catalogue, manifest
from nawgraph.packs.engine import PackEngine
from nawgraph.packs.process import Launch, PackProcess
from nawgraph.packs.provide import launch, specs
from nawgraph.packs.store import Store

MANIFEST = """
id = "{id}"
version = "{version}"
licence = "MIT"
api = ">=0.1"
module = "{id}"
{more}
"""


def wheel(
    folder: Path,
    name: str,
    version: str,
    files: Mapping[str, str | bytes],
    *,
    needs: Iterable[str] = (),
    pack: str = "",
) -> Path:
    """A wheel of a pure Python distribution, its files as given."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{name.replace('-', '_')}-{version}"
    info = f"{stem}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += "".join(f"Requires-Dist: {need}\n" for need in needs)
    everything: dict[str, str | bytes] = {
        **files,
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    if pack:
        everything[f"{info}/entry_points.txt"] = f"[nawgraph.packs]\n{pack} = {pack}\n"
    record = ""
    path = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for place, content in everything.items():
            data = content.encode() if isinstance(content, str) else content
            archive.writestr(zipfile.ZipInfo(place, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            record += f"{place},sha256={digest},{len(data)}\n"
        archive.writestr(zipfile.ZipInfo(f"{info}/RECORD", (1980, 1, 1, 0, 0, 0)), record + f"{info}/RECORD,,\n")
    return path


def written(folder: Path, id: str, code: str, *, version: str = "1.0.0", more: str = "") -> Path:
    """A pack's module in a folder, with its manifest; the catalogue is what its code says."""
    package = folder / id
    package.mkdir(parents=True, exist_ok=True)
    (package / "__init__.py").write_text(code, encoding="utf-8")
    (package / manifest.FILE).write_text(MANIFEST.format(id=id, version=version, more=more), encoding="utf-8")
    return package


def pack_wheel(
    folder: Path,
    id: str,
    code: str,
    *,
    version: str = "1.0.0",
    more: str = "",
    needs: Iterable[str] = (),
    sites: Iterable[Path] = (),
) -> Path:
    """The wheel of a pack; `sites` are folders with what its code imports."""
    package = written(folder / f"{id}-{version}-source", id, code, version=version, more=more)
    made = manifest.parse((package / manifest.FILE).read_bytes())
    how = started(made, package.parent, folder / "data", sites=sites)
    process = PackProcess(how)
    text = catalogue.dumps(process.describe())
    process.end()
    files = {f"{id}/{p.name}": p.read_bytes() for p in package.iterdir() if p.is_file()}
    return wheel(folder, f"pack-{id}", version, files | {f"{id}/{manifest.CATALOGUE}": text}, needs=needs, pack=id)


def started(
    made: manifest.Manifest, root: Path, data: Path, granted: Iterable[str] = (), sites: Iterable[Path] = ()
) -> Launch:
    """How to start a pack whose module lies in `root`."""
    from dataclasses import replace

    how = launch(made, Store(), root, granted, data)
    more = tuple(map(str, sites))
    return replace(how, sites=(*more, *how.sites), policy=replace(how.policy, read=(*more, *how.policy.read)))


class Bench:
    """A pack in a folder, behind an engine, its nodes called one by one."""

    def __init__(self, folder: Path, id: str, code: str, *, more: str = "", granted: Iterable[str] = ()) -> None:
        package = written(folder / "source", id, code, more=more)
        self.manifest = manifest.parse((package / manifest.FILE).read_bytes())
        self.how = started(self.manifest, package.parent, folder / "data", granted)
        process = PackProcess(self.how)
        self.specs: dict[str, NodeSpec] = {s.id: s for s in specs(self.manifest, process.describe())}
        process.end()
        self.engine = PackEngine(lambda pack: self.how)
        self.out = folder / "out"

    def call(self, node: str, ctx: Context | None = None, values: Any = None, **given: Any) -> Any:
        spec = self.specs[f"{self.manifest.id}.{node}"]
        knobs = {knob.name: knob.default for knob in spec.knobs}
        ctx = ctx if ctx is not None else Context(self.out)
        return self.engine.call(spec, knobs | given, ctx, values or Nowhere())

    def close(self) -> None:
        self.engine.close()


class Nowhere:
    """A cache that has nothing."""

    def path(self, digest: bytes) -> Path | None:
        return None

    def pin(self, digests: Iterable[bytes]) -> None: ...
    def get(self, digest: bytes) -> Any:
        raise KeyError(digest)

    def put(self, digest: bytes, value: Any, seconds: float, *, verify: bool = True) -> None: ...


class Listening(Context):
    """A context that notes what it is told, and cancels after so many words of progress."""

    def __init__(self, folder: Path, patience: int = 1 << 30) -> None:
        super().__init__(folder)
        self.told: list[tuple[int, int, str]] = []
        self.shown: list[Any] = []
        self.patience = patience

    def check(self) -> None:
        if len(self.told) >= self.patience:
            raise Cancelled

    def progress(self, done: int, total: int, label: str = "") -> None:
        self.told.append((done, total, label))
        self.check()

    def preview(self, value: Any) -> None:
        self.shown.append(value)
