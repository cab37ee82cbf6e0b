"""What all tests share: a lab with counted nodes and a runtime of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))

from lab import Lab

settings.register_profile("nawgraph", deadline=None, max_examples=40)
settings.load_profile("nawgraph")


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    made = Lab(tmp_path)
    yield made
    made.close()
