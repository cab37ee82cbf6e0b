"""Preferences of the editor: ``editor/settings.json``. What this version does not know is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from nawgraph.ui.documents.places import alone, editor_folder, read_json, write_json


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Preferences. `msgspec.structs.replace` makes changed ones.

    Attributes:
        ui_scale: of the whole window; 0 follows the display.
        device: where GPU nodes run.
        sound_device: name of the output device, "" for the system's own.
        buffer_frames: of the sound output, 0 for the device's choice.
        keys: command id → chord, where it differs from the command's own; "" for none.
        auto_run: run after every change that changes a result.
        autosave: keep unsaved work in a journal.
        window: width and height in pixels.
        window_place: left and top, None for the system's choice.
        maximised: whether the window fills the screen.
        out_folder: where exports go; relative to the document's folder.
        snap: grid that nodes are moved on, in canvas units, 0 for none.
        minimap: whether it is shown.
        reduced_motion: no animations.
        extra: fields of the file that this version does not know.
    """

    ui_scale: Annotated[float, Meta(ge=0, le=8)] = 0.0
    device: Literal["auto", "cpu", "cuda"] = "auto"
    sound_device: str = ""
    buffer_frames: Annotated[int, Meta(ge=0, le=16384)] = 0
    keys: dict[str, str] = {}
    auto_run: bool = False
    autosave: bool = True
    window: tuple[Annotated[int, Meta(ge=200, le=32768)], Annotated[int, Meta(ge=200, le=32768)]] = (1600, 1000)
    window_place: tuple[int, int] | None = None
    maximised: bool = False
    out_folder: str = "out"
    snap: Annotated[int, Meta(ge=0, le=200)] = 0
    minimap: bool = True
    reduced_motion: bool = False
    extra: dict[str, Any] = {}


def load_settings() -> tuple[Settings, list[str]]:
    """The preferences, and a sentence for each thing that could not be used; never fails.

    A field with a value that it cannot have gets its default, a file that is no JSON is set aside.
    """
    data, sentence = read_json(settings_file())
    sentences = [sentence] if sentence else []
    known: dict[str, Any] = {}
    for field in msgspec.structs.fields(Settings):
        if field.name != "extra" and field.name in data:
            try:
                known[field.name] = msgspec.convert(data[field.name], field.type)
            except msgspec.ValidationError as error:
                sentences.append(f"{settings_file()}: {field.name}: {_reason(error)}; its default is used")
    names = {field.name for field in msgspec.structs.fields(Settings)} - {"extra"}
    return Settings(**known, extra={k: v for k, v in data.items() if k not in names}), sentences


def save_settings(settings: Settings) -> None:
    """Write the preferences. Raises OSError."""
    data = msgspec.to_builtins(settings)
    extra = data.pop("extra")
    with alone(settings_file()):
        write_json(settings_file(), {**extra, **data})


def settings_file() -> Path:
    """Where the preferences lie."""
    return editor_folder() / "settings.json"


def _reason(error: msgspec.ValidationError) -> str:
    text = str(error).partition(" - at ")[0]
    return text[:1].lower() + text[1:].replace("`", "")
