"""What all tests share: a lab with counted nodes and a runtime of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))

from lab import Lab

# The same examples each time, so that a change is judged by its own faults; `HYPOTHESIS=search` looks for new ones.
settings.register_profile("nawgraph", deadline=None, max_examples=40, derandomize=True)
settings.register_profile("search", deadline=None, max_examples=400)
settings.load_profile("search" if os.environ.get("HYPOTHESIS") == "search" else "nawgraph")


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    made = Lab(tmp_path)
    yield made
    made.close()
