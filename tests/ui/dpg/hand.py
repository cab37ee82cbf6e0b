"""A hand at a display: real pointer and key events through XTest, pictures of what is seen."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from typing import Any

from Xlib import XK, X, display
from Xlib.ext import xtest

SIZE = (1400, 900)
REST = 0.06
"""Seconds between two events: a few frames of the editor."""

_NAMES = {"ctrl": "Control_L", "shift": "Shift_L", "alt": "Alt_L", "esc": "Escape", "back": "BackSpace"}
_SIGNS = {" ": "space", ".": "period", "-": "minus", "_": "underscore", "/": "slash", ",": "comma"}


class Screen:
    """An X server without a monitor, for one test run. `extra`: more words of its command line."""

    def __init__(self, *extra: str) -> None:
        read, write = os.pipe()
        self._server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write), "-screen", "0", "1400x900x24", "-nolisten", "tcp", "-noreset", *extra],
            pass_fds=(write,),
            stderr=subprocess.DEVNULL,
        )
        os.close(write)
        with os.fdopen(read) as number:
            self.name = f":{int(number.readline())}"

    def close(self) -> None:
        self._server.terminate()
        self._server.wait(10)


class Hand:
    """Moves, presses and types at a display.

    Args:
        name: of the display.
        frames: turns the loop of an editor in this process so many times; without it, time passes in its place.
    """

    def __init__(self, name: str, frames: Callable[[int], None] | None = None) -> None:
        self._display = display.Display(name)
        self._root = self._display.screen().root
        self._frames = frames

    def close(self) -> None:
        self._display.close()

    def rest(self, seconds: float = REST) -> None:
        self._display.sync()
        if self._frames is not None:
            self._frames(2)
        else:
            time.sleep(seconds)

    # ---------------------------------------------------------------------------------------- pointer

    def to(self, x: float, y: float) -> None:
        xtest.fake_input(self._display, X.MotionNotify, x=round(x), y=round(y))
        self.rest()

    def button(self, down: bool, button: int = 1) -> None:
        xtest.fake_input(self._display, X.ButtonPress if down else X.ButtonRelease, button)
        self.rest()

    def click(self, x: float, y: float, button: int = 1) -> None:
        self.to(x, y)
        self.button(True, button)
        self.button(False, button)

    def double(self, x: float, y: float) -> None:
        """Two clicks without a rest between: the editor takes one event a frame and may be slow."""
        self.to(x, y)
        for down in (True, False, True, False):
            xtest.fake_input(self._display, X.ButtonPress if down else X.ButtonRelease, 1)
            self._pause()
        self.rest()

    def drag(self, start: tuple[float, float], end: tuple[float, float], button: int = 1, steps: int = 0) -> None:
        steps = steps or (6 if self._frames is None else 3)
        self.to(*start)
        self.button(True, button)
        for i in range(1, steps + 1):
            share = i / steps
            self.to(start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share)
        self.button(False, button)

    def wheel(self, notches: int) -> None:
        for _ in range(abs(notches)):
            self.button(True, 4 if notches > 0 else 5)
            self.button(False, 4 if notches > 0 else 5)

    # ------------------------------------------------------------------------------------------- keys

    def _key(self, name: str, down: bool) -> None:
        symbol = XK.string_to_keysym(_NAMES.get(name, name))
        assert symbol, name
        code = self._display.keysym_to_keycode(symbol)
        xtest.fake_input(self._display, X.KeyPress if down else X.KeyRelease, code)

    def press(self, chord: str) -> None:
        """A chord such as ``ctrl+shift+z``."""
        *held, key = chord.split("+")
        for name in held:
            self._key(name, True)
        if held:
            self.rest()
        self._key(key, True)
        self.rest()
        self._key(key, False)
        for name in reversed(held):
            self._key(name, False)
        self.rest()

    def hold(self, name: str, down: bool) -> None:
        self._key(name, down)
        self.rest()

    def type(self, text: str) -> None:
        for sign in text:
            shifted = sign.isupper() or sign == "_"
            if shifted:
                self._key("shift", True)
            name = _SIGNS.get(sign, sign.lower() if sign.isupper() else sign)
            self._key(name, True)
            self._pause()
            self._key(name, False)
            if shifted:
                self._key("shift", False)
            self._pause()
        self.rest()

    def _pause(self) -> None:
        """Between two letters: an editor in this process takes them one by one all the same."""
        if self._frames is None:
            self.rest(0.015)

    # ------------------------------------------------------------------------------------------- sight

    def picture(self) -> Any:
        """What is seen: (height, width, 3) bytes."""
        import numpy as np

        width, height = SIZE
        raw = self._root.get_image(0, 0, width, height, X.ZPixmap, 0xFFFFFFFF).data
        return np.frombuffer(raw, np.uint8).reshape(height, width, 4)[:, :, 2::-1]
