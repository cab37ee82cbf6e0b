"""Unsaved work outlives the editor, and is found by exactly one that comes after."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from other_editor import numbers, other_editor

from nawgraph.ui.documents import Autosave, FormatError, Recovery, discard, editor_folder, recoveries, save_document
from nawgraph.ui.documents import autosave as module

LIMIT = 30.0


def journals() -> list[str]:
    return sorted(file.name for file in (editor_folder() / "journal").rglob("*") if file.is_file())


def until(found: object, look: object) -> None:
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        if look() == found:  # type: ignore[operator]
            return
        time.sleep(0.01)
    assert look() == found  # type: ignore[operator]


def crashed(code: str) -> list[Recovery]:
    """What an editor leaves that does something and is killed at once."""
    with other_editor(f"from nawgraph.ui.documents import Autosave\nfrom other_editor import numbers\n{code}") as other:
        assert recoveries() == []  # it lives
        other.kill()
        other.wait()
    return recoveries()


def test_kill_minus_nine_costs_at_most_five_seconds(tmp_path: Path) -> None:
    # Changes all the time, as in a long drag: they must not put the writing off.
    began = time.time()
    (left,) = crashed(
        """
import time
from pathlib import Path
journal = Autosave()
value, end = 0.0, time.monotonic() + 2.5
while time.monotonic() < end:
    value += 1.0
    journal.write("tab", numbers(20, time.time()), Path("songs/a.nawgraph"), "Song ♪")
    time.sleep(0.01)
last = time.time()
"""
    )
    killed = time.time()
    assert (left.title, left.path, left.nodes) == ("Song ♪", Path("songs/a.nawgraph"), 20)
    assert began < left.time < killed and killed - left.time < 5.0
    journal = Autosave()
    taken = journal.take(left, "tab")
    assert killed - float(taken.graph.nodes["n0"].knobs["value"]) < 5.0  # the edit itself, not only its label
    assert taken.path == left.path and taken.title == left.title
    journal.close()


def test_taking_over_is_exclusive_and_stays_recoverable() -> None:
    (left,) = crashed("journal = Autosave()\njournal.write('t', numbers(3), None, 'Untitled')\njournal.flush()")
    one, two = Autosave(), Autosave()
    assert one.take(left, "7").graph == numbers(3)
    with pytest.raises(FormatError, match="taken over by another window"):
        two.take(left, "7")
    assert recoveries() == [] and len(journals()) == 2  # in the journal of one that lives, beside its lock
    one.forget("7")
    until(1, lambda: len(journals()))
    one.close()
    two.close()
    assert journals() == []


def test_what_was_taken_over_is_left_again_by_a_second_crash() -> None:
    crashed("journal = Autosave()\njournal.write('t', numbers(3), None, 'A')\njournal.flush()")
    with other_editor(
        "from nawgraph.ui.documents import Autosave, recoveries\nj = Autosave(); j.take(recoveries()[0], 'x')"
    ) as other:
        other.kill()
        other.wait()
    (left,) = recoveries()
    assert left.title == "A" and left.nodes == 3


def test_two_editors_do_not_see_each_others_work() -> None:
    mine = Autosave(delay=0.0)
    mine.write("1", numbers(1), None, "mine")
    until(2, lambda: len(journals()))
    (left,) = crashed("j = Autosave()\nj.write('1', numbers(2), None, 'theirs')\nj.flush()")
    assert left.title == "theirs"
    discard(left)
    assert recoveries() == [] and len(journals()) == 2
    mine.close()


def test_a_clean_exit_leaves_nothing(tmp_path: Path) -> None:
    journal = Autosave()
    journal.write("1", numbers(1), tmp_path / "a", "a")
    journal.flush()
    journal.write("2", numbers(1), tmp_path / "b", "b")
    journal.close()
    assert recoveries() == [] and list((editor_folder() / "journal").iterdir()) == []


def test_a_saved_tab_needs_no_recovery_and_a_changed_one_does() -> None:
    journal = Autosave()
    journal.write("1", numbers(1), None, "a")
    journal.flush()
    journal.forget("1")
    until(1, lambda: len(journals()))
    journal.forget("1")
    journal.write("1", numbers(2), None, "a")
    journal.flush()
    assert len(journals()) == 2
    journal.close()


def test_a_recovered_document_knows_what_its_file_held(tmp_path: Path) -> None:
    path = tmp_path / "a.nawgraph"
    save_document(numbers(1), path)
    (left,) = crashed(
        "from nawgraph.ui.documents import open_document\n"
        f"o = open_document({str(path)!r}); j = Autosave()\n"
        "j.write('t', numbers(9), o.path, 'a', o.stamp); j.flush()"
    )
    journal = Autosave()
    taken = journal.take(left, "t")
    assert taken.stamp is not None and save_document(taken.graph, path, taken.stamp)
    journal.close()


def test_a_full_disk_is_said_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Autosave(delay=0.01)
    broken = [True]
    write = module.write_whole

    def full(path: Path, data: bytes) -> None:
        if broken[0]:
            raise OSError(28, "No space left on device")
        write(path, data)

    monkeypatch.setattr(module, "write_whole", full)
    journal.write("1", numbers(1), None, "Song")
    until("autosave of Song failed: No space left on device", lambda: journal.problem)
    broken[0] = False
    until("", lambda: journal.problem)
    assert len(journals()) == 2
    journal.close()


def test_a_damaged_journal_is_one_sentence() -> None:
    (left,) = crashed("j = Autosave()\nj.write('t', numbers(1), None, 'A')\nj.flush()")
    head, _, _ = left.file.read_bytes().partition(b"\n")
    left.file.write_bytes(head + b"\n{")
    journal = Autosave()
    with pytest.raises(FormatError, match="A: is cut off"):
        journal.take(left, "t")
    assert recoveries() == [left]
    left.file.write_bytes(b"[]")
    with pytest.raises(FormatError, match="damaged"):
        journal.take(left, "t")
    journal.close()
