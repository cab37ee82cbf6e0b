"""Ids, and who plays a part that names nobody."""

from __future__ import annotations

import pytest

from nawgraph.synth import INSTRUMENTS, instrument_id
from nawgraph.values import Part

FAMILIES = {
    "kit": (
        "techno",
        "house",
        "dnb",
        "dubstep",
        "trap",
        "lofi",
        "hiphop",
        "jazz",
        "funk",
        "rock",
        "ambient",
        "orchestral",
        "synthwave",
        "disco",
    ),
    "bass": ("sub", "saw", "acid", "fm", "reese", "finger", "upright", "808", "wobble"),
    "voice": ("soprano", "tenor", "choir"),
    "keys": ("epiano", "organ", "piano"),
    "pluck": ("synth", "guitar"),
    "guitar": ("electric", "nylon"),
    "pad": ("warm", "glass"),
    "strings": ("ensemble", "pizz"),
    "brass": ("section", "stab"),
    "lead": ("saw", "square", "flute"),
    "mallet": ("vibes",),
    "bell": ("fm",),
}


def test_all_ids_exist_and_no_others() -> None:
    assert set(INSTRUMENTS) == {f"{family}.{name}" for family, names in FAMILIES.items() for name in names}


@pytest.mark.parametrize(
    ("part", "style", "wanted"),
    [
        (Part("drums", "kit"), "Drum and Bass", "kit.dnb"),
        (Part("bass", "bass"), "lo-fi hip hop", "bass.upright"),
        (Part("vocals", "lead"), "ambient", "voice.choir"),
        (Part("other", "warm pad"), "rock", "pad.warm"),
        (Part("other", "rhythm"), "rock", "guitar.electric"),
        (Part("drums", "kit"), "polka", "kit.house"),
        (Part("bass", "bass", "bass.fm"), "rock", "bass.fm"),
    ],
)
def test_choice(part: Part, style: str, wanted: str) -> None:
    assert instrument_id(part, style) == wanted


def test_every_style_of_the_composer_names_instruments_that_exist() -> None:
    for stem in ("drums", "bass", "vocals", "other"):
        for style in ("techno", "house", "jazz", "bossa", "reggae", "", "???"):
            assert instrument_id(Part(stem, "x"), style) in INSTRUMENTS
