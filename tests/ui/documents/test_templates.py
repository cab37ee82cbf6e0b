"""Documents to start from: in the tree, in a wheel, with their files."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from other_editor import ROOT

from nawgraph.library import standard
from nawgraph.ui.documents import FormatError, Template, missing, start_from, templates


def named(id: str) -> Template:
    return next(t for t in templates() if t.id == id)


def test_every_example_is_a_template() -> None:
    found = templates()
    assert [t.id for t in found[:2]] == ["first_song", "hello"]
    assert {t.path for t in found} == set((ROOT / "graphs").glob("*.nawgraph"))
    assert all(t.title and t.description for t in found)


@pytest.mark.parametrize("template", templates(), ids=lambda t: t.id)
def test_a_template_opens_untitled_and_finds_its_files(template: Template, tmp_path: Path) -> None:
    opened = start_from(template)
    assert opened.path is None and opened.stamp is None and opened.graph.nodes
    assert missing(opened.graph, standard(), tmp_path) == []


def test_a_template_that_is_gone_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="does not exist"):
        start_from(Template("x", "", "", tmp_path / "x.nawgraph"))


def test_a_wheel_takes_all_of_them_along() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    taken = [ROOT / file for globs in project["tool"]["setuptools"]["data-files"].values() for file in globs]
    found = {file for pattern in taken for file in ROOT.glob(str(pattern.relative_to(ROOT)))}
    assert found == {file for file in (ROOT / "graphs").rglob("*") if file.is_file()}
