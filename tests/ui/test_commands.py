"""Commands as data: what is true of all of them."""

from __future__ import annotations

import pytest

from nawgraph.library import standard
from nawgraph.ui import commands
from nawgraph.ui.commands import ALL, COMMANDS, MENUS
from nawgraph.ui.keys import Chord, Keymap
from nawgraph.ui.state import App

TARGETS = {"canvas", "node", "port", "wire", "frame", "note", "reroute", "selection"}


def test_ids_are_used_once_and_every_menu_and_target_exists() -> None:
    assert len(COMMANDS) == len(ALL)
    assert {command.menu for command in ALL} - {""} == set(MENUS)
    assert {target for command in ALL for target in command.targets} == TARGETS
    for command in ALL:
        assert command.title and not command.title.endswith("."), command.id


def test_every_chord_is_spelt_rightly_and_means_one_command() -> None:
    made = Keymap({command.id: command.keys for command in ALL})
    assert made.problems == []
    assert made.conflicts() == {}


@pytest.mark.parametrize("text", ["Ctrl+Shift+P", "F5", "Space", "Ctrl+Comma", "Shift+Alt+Left", "7"])
def test_chords_are_read_as_they_are_written(text: str) -> None:
    chord = Chord.parse(text)
    assert Chord.parse(str(chord)) == chord == Chord.parse(text.lower()) == Chord.parse(chord.shown)


@pytest.mark.parametrize("text", ["", "Ctrl", "Ctrl+", "Hyper+A", "A+B", "Ctrl+NoKey"])
def test_what_is_no_chord_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no key chord"):
        Chord.parse(text)


def test_a_changed_key_replaces_the_commands_own() -> None:
    keys = Keymap({"a": ("Ctrl+A",), "b": ("B",)}, {"a": ("Ctrl+X",), "gone": ("G",)})
    assert keys.commands(Chord.parse("Ctrl+A")) == () and keys.commands(Chord.parse("Ctrl+X")) == ("a",)
    assert keys.shown("a") == "Ctrl+X" and keys.shown("gone") == ""


def test_the_palette_finds_commands_by_parts_of_words() -> None:
    app = App(standard())
    assert next(command.id for command in commands.find(app, "new templ")) == "file.templates"
    assert not list(commands.find(app, "zzzz"))
