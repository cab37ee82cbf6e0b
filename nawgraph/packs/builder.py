"""Build a wheel from a folder: the build backend, and whatever code the folder has for it, run behind the sandbox."""

from __future__ import annotations

import importlib.metadata
import json
import shutil
import subprocess
import sys
import tomllib
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nawgraph.home import PROGRAM
from nawgraph.packs.environment import Sources, target
from nawgraph.packs.provide import enforced, host_sites, roots
from nawgraph.packs.sandbox import Policy
from nawgraph.packs.store import StoreError

LIMIT = 300
MEMORY = 4 << 30
"""Seconds and bytes that a build may take."""

_LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "__pycache__", "build", "dist", "*.egg-info", ".nox", ".tox")


def wheel(folder: Path, scratch: Path, sources: Sources) -> Path:
    """A wheel of the project in a folder, made in `scratch`; the folder itself is not written to.

    Raises:
        StoreError: the build failed, with the last thing that it said.
    """
    folder = folder.absolute()
    try:
        old = not (folder / "pyproject.toml").exists() and (folder / "setup.py").exists()  # as before PEP 518
        project = {} if old else tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StoreError(f"{folder / 'pyproject.toml'} cannot be read: {error}") from None
    system = project.get("build-system", {})
    requirements = [str(r) for r in system.get("requires", ["setuptools"])]
    source, out, tools = (scratch / name for name in ("source", "wheel", "tools"))
    shutil.copytree(folder, source, ignore=_LEFT_OUT, symlinks=True)
    out.mkdir()
    missing = [r for r in requirements if not _satisfied(r)]
    if missing:
        target(missing, tools, sources)
    sites = [str(tools)] * bool(missing) + list(host_sites())
    setup = {
        "policy": asdict(
            Policy(
                (*sites, *roots(), str(PROGRAM)),
                (str(scratch),),
                memory=MEMORY,
                enforce=enforced(),
            )
        ),
        "sites": [*(str(source / p) for p in system.get("backend-path", ())), *sites],
        "backend": str(system.get("build-backend", "setuptools.build_meta:__legacy__")),
        "source": str(source),
        "out": str(out),
    }
    _run(setup, scratch, folder)
    made = list(out.glob("*.whl"))
    if len(made) != 1:
        raise StoreError(f"{folder}: its build made no wheel")
    return made[0]


def _run(setup: dict[str, Any], scratch: Path, folder: Path) -> None:
    root = str(PROGRAM.parent)
    code = f"import sys; sys.path.append({root!r}); from nawgraph.packs.building import main; main()"
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(scratch), "TMPDIR": str(scratch), "LANG": "C.UTF-8"}
    environment |= {"SOURCE_DATE_EPOCH": "315532800"}  # the same wheel, bit for bit, from the same source
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", code],
            input=json.dumps(setup),
            capture_output=True,
            text=True,
            errors="replace",
            env=environment,
            cwd=scratch,
            timeout=LIMIT,
            start_new_session=True,
        )
    except subprocess.TimeoutExpired:
        raise StoreError(f"{folder}: its build did not end within {LIMIT} s") from None
    if done.returncode:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        raise StoreError(f"{folder} cannot be built into a wheel: {lines[-1] if lines else f'exit {done.returncode}'}")


def _satisfied(requirement: str) -> bool:
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        wanted = Requirement(requirement)
        if wanted.marker is not None and not wanted.marker.evaluate():
            return True
        return wanted.specifier.contains(importlib.metadata.version(wanted.name), prereleases=True)
    except (InvalidRequirement, importlib.metadata.PackageNotFoundError):
        return False
