"""``nawgraph pack new NAME``: a pack that works, with a node, tests, an example and CI."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

from nawgraph.library import standard
from nawgraph.packs import source
from nawgraph.packs.manifest import ManifestError
from nawgraph.version import VERSION

_NAME = re.compile(r"[a-z][a-z0-9_-]{1,39}\Z")


def make(name: str, parent: Path) -> Path:
    """Make the folder `name` with a pack; its id is the name with ``_`` for ``-``.

    Raises:
        ManifestError: no name for a pack, or the folder exists.
        OSError: it cannot be written.
    """
    if not _NAME.match(name):
        raise ManifestError(f"a pack's name is 2 to 40 lower-case letters, digits, - and _, got {name[:60]!r}")
    id = name.replace("-", "_")
    if any(spec.category == id for spec in standard().specs()):
        raise ManifestError(f"a pack cannot be called {id!r}: nawgraph's own nodes are")
    folder = parent / name
    if folder.exists():
        raise ManifestError(f"{folder} exists already")
    major, minor = VERSION.split(".")[:2]
    words = {"@ID@": id, "@NAME@": name, "@API@": f">={major}.{minor},<{int(major) + 1}"}
    template = resources.files("nawgraph.packs") / "template"
    for file, target in _FILES.items():
        text = (template / file).read_text(encoding="utf-8")
        for word, value in words.items():
            text = text.replace(word, value)
        path = folder / target.replace("@ID@", id)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    source.build(source.find(folder))
    return folder


_FILES = {
    "pyproject.toml.txt": "pyproject.toml",
    "README.md.txt": "README.md",
    "manifest.toml.txt": "@ID@/nawgraph-pack.toml",
    "nodes.py.txt": "@ID@/__init__.py",
    "example.nawgraph.txt": "@ID@/examples/first.nawgraph",
    "test_nodes.py.txt": "tests/test_nodes.py",
    "ci.yml.txt": ".github/workflows/test.yml",
    "gitignore.txt": ".gitignore",
}
