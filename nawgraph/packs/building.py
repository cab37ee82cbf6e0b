"""The process in which a wheel is built: locks itself in, then calls the build backend (PEP 517)."""

from __future__ import annotations

import importlib
import json
import os
import sys
from typing import Any

from nawgraph.packs.sandbox import Policy, apply


def main() -> None:
    """Build as the setup on stdin says."""
    setup: dict[str, Any] = json.load(sys.stdin)
    policy = setup["policy"]
    policy["read"], policy["write"] = tuple(policy["read"]), tuple(policy["write"])
    apply(Policy(**policy))
    import site

    for folder in reversed(setup["sites"]):
        sys.path.insert(1, folder)
    for folder in setup["sites"]:
        site.addsitedir(folder)
    os.chdir(setup["source"])
    module, _, name = setup["backend"].partition(":")
    backend: Any = importlib.import_module(module)
    for part in filter(None, name.split(".")):
        backend = getattr(backend, part)
    backend.build_wheel(setup["out"])
