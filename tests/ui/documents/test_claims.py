"""Two windows on one file know of each other, and the dead hold nothing."""

from __future__ import annotations

import os
from pathlib import Path

from other_editor import other_editor

from nawgraph.ui.documents import Claim, claim, editor_folder


def taken(path: Path) -> Claim:
    found = claim(path)
    assert isinstance(found, Claim)
    return found


def test_a_file_has_one_holder(tmp_path: Path) -> None:
    path, link = tmp_path / "a.nawgraph", tmp_path / "link.nawgraph"
    path.touch()
    link.symlink_to(path)
    mine = taken(path)
    assert claim(link) == os.getpid() and claim(tmp_path / "x" / ".." / "a.nawgraph") == os.getpid()
    taken(tmp_path / "b.nawgraph").release()
    mine.release()
    mine.release()
    with taken(link):
        assert claim(path) == os.getpid()
    assert list((editor_folder() / "claims").iterdir()) == []


def test_another_process_is_named_and_its_death_frees_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.nawgraph"
    code = f"from nawgraph.ui.documents import claim; mine = claim({str(path)!r})"
    with other_editor(code) as other:
        assert claim(path) == other.pid
        other.kill()  # −9: it had no time to tidy up
        other.wait()
        taken(path).release()


def test_without_a_home_everybody_may(tmp_path: Path, editor_home: Path) -> None:
    editor_home.write_text("")
    taken(tmp_path / "a")
    taken(tmp_path / "a").release()
