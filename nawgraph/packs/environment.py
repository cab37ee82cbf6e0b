"""The environment of a pack: what it needs is worked out first, then installed, all by pip and from wheels only."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from nawgraph.packs.provide import host_sites
from nawgraph.packs.store import StoreError, packages

_PIP = ("--disable-pip-version-check", "--no-input", "--no-color")
_WHEELS = ("--only-binary", ":all:")


class Item(msgspec.Struct, frozen=True):
    """A wheel that is to be installed."""

    name: str
    version: str
    url: str
    sha256: str = ""


class Sources(msgspec.Struct, frozen=True):
    """Where wheels are found: pip's own index and settings, folders or pages of links beside it, or these alone."""

    links: tuple[str, ...] = ()
    offline: bool = False

    def options(self) -> list[str]:
        """As options of pip."""
        made = [word for link in self.links for word in ("--find-links", link)]
        return made + ["--no-index"] * self.offline


def create(folder: Path) -> None:
    """A virtual environment that sees, after its own packages, those of this process.

    A library is installed into it only if the host has none, or a version that does not fit.
    """
    venv.EnvBuilder(symlinks=os.name != "nt", with_pip=False).create(folder)
    lines = [f"import site; site.addsitedir({path!r})" for path in host_sites()]
    (packages(folder) / "_nawgraph_host.pth").write_text("\n".join(lines) + "\n")


def resolve(folder: Path, wheel: Path, sources: Sources) -> list[Item]:
    """What has to be installed into an environment for a wheel, itself first. Nothing is.

    Raises:
        StoreError: it cannot be had together; the reason is pip's.
    """
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "report.json"
        words = ["install", "--dry-run", "--report", str(report), *_WHEELS, *sources.options(), str(wheel)]
        _pip(folder, words, f"{wheel.name} cannot be installed")
        found = json.loads(report.read_bytes())
    items = [_item(entry) for entry in found["install"]]
    return sorted(items, key=lambda item: item.url != wheel.absolute().as_uri())


def _item(entry: dict[str, Any]) -> Item:
    info = entry["download_info"]
    hashes = info.get("archive_info", {}).get("hashes", {})
    metadata = entry["metadata"]
    return Item(metadata["name"], metadata["version"], info["url"], hashes.get("sha256", ""))


def install(folder: Path, items: Sequence[Item]) -> None:
    """Install exactly these wheels; pip checks their hashes. Nothing of them is run.

    Raises:
        StoreError: one sentence.
    """
    with tempfile.TemporaryDirectory() as scratch:
        listed = Path(scratch) / "wheels.txt"
        listed.write_text("".join(f"{i.name} @ {i.url} --hash=sha256:{i.sha256}\n" for i in items))
        words = ["install", "--no-deps", "--require-hashes", *_WHEELS, "-r", str(listed)]
        _pip(folder, words, f"{items[0].name} cannot be installed")


def download(name: str, folder: Path, sources: Sources) -> Path:
    """The wheel of a distribution, by pip. Raises `StoreError`."""
    words = ["download", "--no-deps", "--dest", str(folder), *_WHEELS, *sources.options(), name]
    _pip(None, words, f"{name} cannot be found")
    return next(folder.glob("*.whl"))


def target(requirements: Sequence[str], folder: Path, sources: Sources) -> None:
    """Wheels that a build needs, into a folder. Nothing of them is run. Raises `StoreError`."""
    words = ["install", "--target", str(folder), "--no-compile", *_WHEELS, *sources.options(), *requirements]
    _pip(None, words, f"what builds the pack ({', '.join(requirements)}) cannot be had")


def _pip(environment: Path | None, words: Sequence[str], what: str) -> None:
    python = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python") if environment else None
    command = [sys.executable, "-m", "pip", *_PIP, *(["--python", str(python)] if python else []), *words]
    clean = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    done = subprocess.run(command, capture_output=True, text=True, env=clean)
    if done.returncode:
        raise StoreError(f"{what}: {_reason(done.stdout + done.stderr)}")


def _reason(text: str) -> str:
    """What pip says was wrong, without its advice."""
    if "No module named pip" in text:
        return f"{sys.executable} has no pip; run it with -m ensurepip"
    lines = [line.strip().removeprefix("ERROR: ") for line in text.splitlines() if line.strip()]
    conflict = [line for line in lines if " depends on " in line or " requires " in line]
    errors = [line.strip().removeprefix("ERROR: ") for line in text.splitlines() if line.startswith("ERROR: ")]
    chosen = list(dict.fromkeys([*errors[:1], *conflict])) or lines[-2:] or ["pip gave no reason"]
    return "; ".join(line.rstrip(".") for line in chosen[:6])
