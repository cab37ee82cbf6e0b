"""``nawgraph edit``: the editor, or one sentence why it cannot be shown here."""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from pathlib import Path
from typing import Any

from nawgraph.cli.common import Stop


def register(commands: Any) -> None:
    """Add the command to the parser."""
    made = commands.add_parser("edit", help="open the editor, with a document if one is named")
    made.add_argument("file", nargs="?", type=Path, help="a document, or a sound that nawgraph exported")
    made.add_argument("--screenshot", metavar="PNG", type=Path, help="write a picture of the window and end")
    made.set_defaults(action=run)


def run(options: argparse.Namespace) -> int:
    """Open the editor.

    Raises:
        Stop: no toolkit, no display, no OpenGL, or no such file.
    """
    refuse()
    if options.file is not None and not options.file.exists():
        raise Stop(f"{options.file} does not exist: check the name, or start 'nawgraph' and save a new document there")
    if options.screenshot is not None and not options.screenshot.absolute().parent.is_dir():
        raise Stop(f"{options.screenshot.parent} is no folder: name one that exists")
    from nawgraph.ui.app import edit

    edit(options.file, options.screenshot)
    return 0


def refuse() -> None:
    """Raises Stop with a sentence where the editor cannot be shown; the toolkit would end the process."""
    if importlib.util.find_spec("dearpygui") is None:
        raise Stop("the editor needs the package dearpygui: pip install 'nawgraph[editor]'")
    if sys.platform.startswith("linux"):
        if not os.environ.get("DISPLAY"):
            raise Stop("the editor needs a display and DISPLAY is not set: use 'nawgraph run FILE', or xvfb-run")
        from ctypes import CDLL, byref, c_int, c_void_p

        try:
            x11 = CDLL("libX11.so.6")
        except OSError:
            raise Stop("the editor needs libX11, which is not installed here") from None
        x11.XOpenDisplay.restype = c_void_p
        display = x11.XOpenDisplay(None)
        if not display:
            raise Stop(
                f"the display {os.environ['DISPLAY']} does not answer: check DISPLAY, or use 'nawgraph run FILE'"
            )
        unused = [byref(c_int()) for _ in range(3)]
        drawn = x11.XQueryExtension(c_void_p(display), b"GLX", *unused)
        x11.XCloseDisplay(c_void_p(display))
        if not drawn:
            raise Stop(
                f"the display {os.environ['DISPLAY']} has no OpenGL (GLX), which the editor draws with: "
                "install a graphics driver, or use 'nawgraph run FILE'"
            )
    try:
        import dearpygui.dearpygui  # noqa: F401
    except ImportError as error:
        raise Stop(f"the editor's toolkit cannot be loaded ({error}): install OpenGL (libgl1 on Debian)") from None
