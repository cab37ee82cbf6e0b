"""One engine for most tests of runs, since it survives everything that they do to it."""

from __future__ import annotations

from collections.abc import Iterator

import nodes_for_session
import pytest
from engine import Frames, session

from nawgraph.library import Library, standard
from nawgraph.ui.runs import Runs


@pytest.fixture(scope="session")
def library() -> Library:
    made = Library(standard().specs())
    made.add_module(nodes_for_session)
    return made


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory, library: Library) -> Iterator[Frames]:
    folder = tmp_path_factory.mktemp("runs")
    runs = Runs(lambda: session(folder), library=library)
    yield Frames(runs)
    runs.close()
