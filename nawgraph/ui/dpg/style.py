"""Dear PyGui themes made from `theme`: one for everything, and a few for what stands out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dearpygui.dearpygui as dpg

from nawgraph.ui import theme
from nawgraph.ui.theme import Colour, faded

CLEAR: Colour = (0, 0, 0, 0)

_COLOURS: dict[str, Colour] = {
    "Text": theme.TEXT,
    "TextDisabled": theme.FAINT,
    "TextSelectedBg": faded(theme.ACCENT, 0.45),
    "WindowBg": theme.PANEL,
    "ChildBg": theme.PANEL,
    "PopupBg": theme.RAISED,
    "MenuBarBg": theme.PANEL,
    "Border": theme.LINE,
    "FrameBg": theme.FIELD,
    "FrameBgHovered": theme.HOVER,
    "FrameBgActive": theme.HOVER,
    "Button": theme.RAISED,
    "ButtonHovered": theme.HOVER,
    "ButtonActive": theme.LINE,
    "Header": faded(theme.ACCENT, 0.28),
    "HeaderHovered": theme.HOVER,
    "HeaderActive": faded(theme.ACCENT, 0.45),
    "CheckMark": theme.ACCENT,
    "SliderGrab": theme.ACCENT,
    "SliderGrabActive": theme.FOCUS,
    "Separator": theme.LINE,
    "ScrollbarBg": CLEAR,
    "ScrollbarGrab": theme.LINE,
    "ScrollbarGrabHovered": theme.FAINT,
    "ScrollbarGrabActive": theme.MUTED,
    "NavCursor": theme.FOCUS,
    "NavHighlight": theme.FOCUS,
    "ModalWindowDimBg": (0, 0, 0, 120),
    "TableHeaderBg": theme.RAISED,
    "TableBorderLight": CLEAR,
    "TableBorderStrong": CLEAR,
    "TableRowBgAlt": faded(theme.TEXT, 0.02),
    "TitleBg": theme.RAISED,
    "TitleBgActive": theme.RAISED,
    "ResizeGrip": CLEAR,
}


def _styles(scale: float) -> dict[str, tuple[float, ...]]:
    u = theme.UNIT * scale
    return {
        "WindowPadding": (3 * u, 3 * u),
        "FramePadding": (2 * u, 1.25 * u),
        "ItemSpacing": (2 * u, 1.5 * u),
        "ItemInnerSpacing": (1.5 * u, u),
        "CellPadding": (1.5 * u, u),
        "FrameRounding": (1.25 * u,),
        "ChildRounding": (0,),
        "WindowRounding": (0,),
        "PopupRounding": (2 * u,),
        "GrabRounding": (1.25 * u,),
        "GrabMinSize": (1.5 * u,),
        "ScrollbarSize": (2.5 * u,),
        "ScrollbarRounding": (2 * u,),
        "WindowBorderSize": (0,),
        "ChildBorderSize": (0,),
        "FrameBorderSize": (0,),
        "PopupBorderSize": (1,),
        "SeparatorTextBorderSize": (1,),
    }


def made(colours: Mapping[str, Colour] = {}, styles: Mapping[str, tuple[float, ...]] = {}) -> Any:
    """A Dear PyGui theme from names of colours and style variables without their prefix."""
    with dpg.theme() as tag, dpg.theme_component(dpg.mvAll):
        for name, colour in colours.items():
            _colour(name, colour)
        for name, values in styles.items():
            target = getattr(dpg, f"mvStyleVar_{name}", None)
            if target is not None:
                dpg.add_theme_style(target, *values, category=dpg.mvThemeCat_Core)
    return tag


def _outline_switches(theme_tag: Any) -> None:
    """An empty switch is a box that can be seen."""
    with dpg.theme_component(dpg.mvCheckbox, parent=theme_tag):
        _colour("FrameBg", theme.RAISED)
        _colour("Border", theme.FAINT)
        dpg.add_theme_style(dpg.mvStyleVar_FrameBorderSize, 1, category=dpg.mvThemeCat_Core)


def _colour(name: str, colour: Colour) -> None:
    target: Any = getattr(dpg, f"mvThemeCol_{name}", None)
    if target is not None:
        dpg.add_theme_color(target, colour, category=dpg.mvThemeCat_Core)


class Style:
    """All themes of the window.

    Attributes:
        bare: a pane without padding.
        flat: a button that shows itself under the pointer only.
        primary, plain, danger: buttons.
        chosen: a button that is on, a tab in front.
        popup, dialog: a small window over the canvas.
        tall: a slider or field as high as the transport's buttons.
    """

    def ringed(self, look: Any) -> Any:
        """The look of a button that has the keys."""
        return self._ringed.get(look, self._ringed[self.plain])

    def __init__(self, scale: float = 1.0) -> None:
        u = theme.UNIT * scale
        everywhere = made(_COLOURS, _styles(scale))
        _outline_switches(everywhere)
        dpg.bind_theme(everywhere)
        self.scale = scale
        self.root = made({"WindowBg": theme.OUTLINE}, {"WindowPadding": (0, 0)})
        self.bare = made({"ChildBg": theme.CANVAS}, {"WindowPadding": (0, 0), "ItemSpacing": (0, 0)})
        self.pane = made({"ChildBg": theme.PANEL}, {"WindowPadding": (3 * u, 2.5 * u)})
        self.bar = made({"ChildBg": theme.PANEL}, {"WindowPadding": (2 * u, 1.25 * u), "ItemSpacing": (u, u)})
        self.status = made({"ChildBg": theme.CANVAS}, {"WindowPadding": (3 * u, 0.75 * u)})
        self.flat = made({"Button": CLEAR, "ButtonHovered": theme.HOVER, "Text": theme.MUTED})
        self.quiet = made({"Button": CLEAR, "ButtonHovered": theme.HOVER, "Text": theme.FAINT})
        self.chosen = made({"Button": theme.HOVER, "ButtonHovered": theme.HOVER, "Text": theme.TEXT})
        self.lit = made({"Button": faded(theme.ACCENT, 0.25), "Text": theme.FOCUS})
        self.primary = made(
            {
                "Button": theme.mixed(theme.ACCENT, theme.PANEL, 0.25),
                "ButtonHovered": theme.ACCENT,
                "Text": theme.SELECTED,
            }
        )
        self.plain = made()
        ring: dict[str, tuple[float, ...]] = {"FrameBorderSize": (2.0,)}
        self._ringed: dict[Any, Any] = {
            self.plain: made({"Border": theme.FOCUS}, ring),
            self.primary: made(
                {
                    "Button": theme.mixed(theme.ACCENT, theme.PANEL, 0.25),
                    "ButtonHovered": theme.ACCENT,
                    "Text": theme.SELECTED,
                    "Border": theme.SELECTED,
                },
                ring,
            ),
        }
        self.danger = made({"Button": faded(theme.ERROR, 0.35), "ButtonHovered": faded(theme.ERROR, 0.6)})
        self.popup = made(
            {"WindowBg": theme.RAISED, "ChildBg": theme.RAISED, "Border": theme.LINE, "FrameBg": theme.FIELD},
            {
                "WindowPadding": (2 * u, 2 * u),
                "WindowRounding": (2 * u,),
                "WindowBorderSize": (1,),
                "ItemSpacing": (2 * u, u),
            },
        )
        self.dialog = made(
            {"WindowBg": theme.RAISED, "ChildBg": theme.RAISED, "Border": theme.LINE, "Button": theme.HOVER},
            {"WindowPadding": (4 * u, 4 * u), "WindowRounding": (2 * u,), "WindowBorderSize": (1,)},
        )
        self.card = made(
            {"Button": theme.RAISED, "ButtonHovered": theme.HOVER},
            {"FramePadding": (3 * u, 2.5 * u), "ButtonTextAlign": (0.0, 0.5), "FrameRounding": (1.5 * u,)},
        )
        self.tall = made({}, {"FramePadding": (2 * u, 2.25 * u)})
        self.row = made({}, {"FramePadding": (u, u), "SelectableTextAlign": (0.0, 0.5)})
