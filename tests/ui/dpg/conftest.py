"""A screen for the tests of the editor, and editors on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from desk import Desk
from driver import Driver
from hand import Screen


@pytest.fixture(scope="session")
def screen() -> Iterator[Screen]:
    made = Screen()
    yield made
    made.close()


@pytest.fixture(scope="session")
def only_desk(screen: Screen, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One editor for all tests in this process: the toolkit makes no second one."""
    folder = tmp_path_factory.mktemp("desk")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NAWGRAPH_HOME", str(folder / "home"))
        made = Desk(screen, folder / "cache")
        yield made
        made.close()


@pytest.fixture
def desk(only_desk: Desk, editor_home: Path) -> Iterator[Desk]:
    yield only_desk
    only_desk.clear()


@pytest.fixture(scope="session")
def other_screen() -> Iterator[Screen]:
    """For editors in processes of their own: two windows on one screen would share the keys."""
    made = Screen()
    yield made
    made.close()


@pytest.fixture
def driver(other_screen: Screen, editor_home: Path, tmp_path: Path) -> Iterator[Driver]:
    made = Driver(other_screen, editor_home, tmp_path)
    yield made
    made.close()
