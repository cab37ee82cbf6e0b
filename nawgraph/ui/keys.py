"""Chords of keys: their spelling, which command each means, what the user changed, where two collide.

A chord is written ``Ctrl+Shift+P``. On macOS the command key counts as Ctrl.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

MODIFIERS = ("Ctrl", "Shift", "Alt")
NAMED = frozenset(
    [
        "Return",
        "Escape",
        "Tab",
        "Space",
        "Backspace",
        "Delete",
        "Insert",
        "Home",
        "End",
        "PageUp",
        "PageDown",
        "Left",
        "Right",
        "Up",
        "Down",
        "Minus",
        "Equal",
        "Comma",
        "Period",
        "Slash",
        "Backslash",
        "Semicolon",
        "Quote",
        "BracketLeft",
        "BracketRight",
        "Grave",
    ]
) | {f"F{n}" for n in range(1, 13)}
SIGNS = {
    "Minus": "-",
    "Equal": "+",
    "Comma": ",",
    "Period": ".",
    "Slash": "/",
    "Backslash": "\\",
    "Semicolon": ";",
    "Quote": "'",
    "BracketLeft": "[",
    "BracketRight": "]",
    "Grave": "`",
    "Escape": "Esc",
}
"""How keys are shown to people, where not by their name."""

_SPOKEN = {
    **{sign.lower(): name for name, sign in SIGNS.items()},
    "=": "Equal",
    "enter": "Return",
    "spacebar": "Space",
    "del": "Delete",
    "cmd": "Ctrl",
    "control": "Ctrl",
    "option": "Alt",
}
_NAMES = {name.lower(): name for name in (*NAMED, *MODIFIERS)}


@dataclass(frozen=True, slots=True)
class Chord:
    """A key and its modifiers.

    Attributes:
        key: ``A``, ``7``, ``Return``, ``F2`` …
    """

    key: str
    ctrl: bool = False
    shift: bool = False
    alt: bool = False

    @classmethod
    def parse(cls, text: str) -> Chord:
        """The chord that `text` spells.

        Raises:
            ValueError: no chord.
        """
        body = text.strip()
        parts = [*body[:-2].split("+"), "+"] if body.endswith("++") else body.split("+")
        if body == "+":
            parts = ["+"]
        names = [_name(part) for part in parts]
        *modifiers, key = names
        if not key or key in MODIFIERS or any(name not in MODIFIERS for name in modifiers):
            raise ValueError(f"{text!r} is no key chord: write it like Ctrl+Shift+P")
        return cls(key, "Ctrl" in modifiers, "Shift" in modifiers, "Alt" in modifiers)

    def __str__(self) -> str:
        held = [name for name, on in zip(MODIFIERS, (self.ctrl, self.shift, self.alt), strict=True) if on]
        return "+".join([*held, self.key])

    @property
    def shown(self) -> str:
        """As menus spell it."""
        *held, key = str(self).split("+")
        return "+".join([*held, SIGNS.get(key, key)])


def _name(text: str) -> str:
    word = text.strip()
    word = _SPOKEN.get(word.lower(), word)
    if len(word) == 1 and word.isascii() and word.isalnum():
        return word.upper()
    return _NAMES.get(word.lower(), "")


class Keymap:
    """Which command a chord means.

    Args:
        defaults: command id → chords that it has.
        changed: command id → chords that the user gave it instead; () for none.
    """

    def __init__(self, defaults: Mapping[str, Iterable[str]], changed: Mapping[str, Iterable[str]] = {}) -> None:
        self.problems: list[str] = []
        self.chords: dict[str, tuple[Chord, ...]] = {}
        for command, spelled in {**defaults, **{k: v for k, v in changed.items() if k in defaults}}.items():
            self.chords[command] = tuple(chord for text in spelled if (chord := self._read(command, text)))
        self._commands: dict[Chord, list[str]] = {}
        for command, chords in self.chords.items():
            for chord in chords:
                self._commands.setdefault(chord, []).append(command)

    def _read(self, command: str, text: str) -> Chord | None:
        try:
            return Chord.parse(text)
        except ValueError as error:
            self.problems.append(f"{command}: {error}")
            return None

    def commands(self, chord: Chord) -> tuple[str, ...]:
        """Commands that a chord means, in the order of the commands; more than one is a conflict, unless
        their conditions exclude each other."""
        return tuple(self._commands.get(chord, ()))

    def shown(self, command: str) -> str:
        """The first chord of a command as menus spell it, "" for none."""
        chords = self.chords.get(command, ())
        return chords[0].shown if chords else ""

    def conflicts(self) -> dict[Chord, tuple[str, ...]]:
        """Chords that mean several commands."""
        return {chord: tuple(found) for chord, found in self._commands.items() if len(found) > 1}
