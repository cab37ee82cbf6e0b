"""`nawgraph pack test` on nodes that no default suits, and on packs with libraries of their own."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from packs_kit import pack_wheel, wheel

from nawgraph.packs import check, source
from nawgraph.packs.doctor import examine
from nawgraph.packs.environment import Sources
from nawgraph.packs.install import Installer
from nawgraph.packs.process import PackError
from nawgraph.packs.template import make

PICKY = '''
from typing import Annotated

import nawgraph as ng

@ng.node("picky.words")
def words(*, file: Annotated[str, ng.File(("txt",))] = "") -> str:
    """What a file has."""
    if not file:
        raise ValueError("file names none")
    return open(file).read()

@ng.node("picky.high")
def high(audio: ng.Audio) -> ng.Audio:
    """A sound at 48 kHz and no other."""
    if audio.rate != 48_000:
        raise ValueError("audio must have 48000 Hz")
    return ng.Audio(-audio.samples, audio.rate)
'''

LIBRARY = '''
import colour
import nawgraph as ng

@ng.node("{id}.name")
def name() -> str:
    """What the library calls itself."""
    return colour.NAME + "{more}"
'''


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nawgraph.packs.process.GRACE", 10.0)  # a busy machine is no fault of the pack


def picky(folder: Path) -> Path:
    made = make("picky", folder)
    (made / "picky" / "__init__.py").write_text(PICKY)
    (made / "picky" / "examples" / "words.txt").write_text("three little words")
    (made / "picky" / "examples" / "first.nawgraph").write_text(
        '{"nawgraph": 1, "nodes": {"x": {"type": "picky.words", "version": 1, "knobs": {"file": "words.txt"}}}}'
    )
    source.build(source.find(made))
    return made


def test_a_node_is_tried_as_an_example_sets_it_and_at_the_rate_that_it_wants(tmp_path: Path) -> None:
    results = {r.name: r for r in check.run(picky(tmp_path))}
    assert [r for r in results.values() if not r.passed] == []
    assert {"picky.words: is deterministic", "picky.high: is deterministic"} <= results.keys()
    assert "picky.high: keeps the sample rate" in results


def test_a_node_that_nothing_suits_has_failed_with_its_own_sentence(tmp_path: Path) -> None:
    folder = picky(tmp_path)
    (folder / "picky" / "examples" / "first.nawgraph").write_text('{"nawgraph": 1, "nodes": {}}')
    assert [(r.name, r.sentence) for r in check.run(folder) if not r.passed] == [
        ("picky.words: runs", "file names none")
    ]


def test_libraries_come_from_the_installed_pack_and_code_from_the_folder(tmp_path: Path) -> None:
    links = tmp_path / "links"
    library = wheel(links, "colour", "1.0", {"colour.py": 'NAME = "red"\n'})
    with zipfile.ZipFile(library) as archive:
        archive.extractall(tmp_path / "sites")
    folder = make("hue", tmp_path)
    (folder / "hue" / "examples" / "first.nawgraph").write_text('{"nawgraph": 1, "nodes": {"x": {"type": "hue.name"}}}')
    (folder / "hue" / "__init__.py").write_text(LIBRARY.format(id="hue", more=""))
    with pytest.raises(PackError, match="colour"):  # neither installed nor among the host's libraries
        list(check.run(folder))
    installed = pack_wheel(
        tmp_path, "hue", LIBRARY.format(id="hue", more=" once"), needs=["colour==1.0"], sites=[tmp_path / "sites"]
    )
    Installer(sources=Sources((str(links),), offline=True)).install(str(installed), lambda proposal: ())
    source.build(source.find(folder))
    assert [r for r in check.run(folder) if not r.passed] == []
    (folder / "hue" / "__init__.py").write_text(LIBRARY.format(id="hue", more="") + "\nraise ValueError('newer')\n")
    with pytest.raises(PackError, match="newer"):
        list(check.run(folder))


def test_compiled_files_that_a_wheel_brings_are_no_change(tmp_path: Path) -> None:
    """numpy's wheel has some in its RECORD; pip writes them anew."""
    links = tmp_path / "links"
    compiled = "colour/__pycache__/__init__.cpython-311.pyc"
    wheel(links, "colour", "1.0", {"colour/__init__.py": "NAME = 'red'\n", compiled: b"stale"})
    path = pack_wheel(tmp_path, "one", LIBRARY.replace("import colour\n", "").format(id="one", more="").replace(
        "colour.NAME + ", ""), needs=["colour==1.0"])  # fmt: skip
    Installer(sources=Sources((str(links),), offline=True)).install(str(path), lambda proposal: ())
    (found,) = examine()
    assert found.sound, found.sentence
