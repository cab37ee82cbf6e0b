"""FluidSynth beside the built-in instruments: exact lengths where it is installed, clear sentences where it is not."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from synth_scores import song

from nawgraph.synth import render
from nawgraph.synth.soundfont import find_fluidsynth, render_soundfont

FONTS = [
    font for folder in ("/usr/share/sounds/sf2", "/usr/share/soundfonts") for font in Path(folder).glob("*.sf[23]")
]


@pytest.fixture
def hollow(tmp_path: Path) -> Path:
    """A file that begins like a SoundFont and has nothing in it."""
    font = tmp_path / "hollow.sf2"
    font.write_bytes(b"RIFF" + (4).to_bytes(4, "little") + b"sfbk")
    return font


def test_stems_as_long_as_those_of_the_instruments_or_a_sentence_why_not() -> None:
    score = song(1)
    if shutil.which("fluidsynth") and FONTS:
        stems = render_soundfont(score, FONTS[0])
        assert stems.names == render(score).names
        assert stems.frames == render(score).frames
        assert all(np.abs(audio.samples).max() > 0.01 for _, audio in stems)
    else:
        with pytest.raises(ValueError, match=r"there is no FluidSynth on this machine: install it|cannot be read"):
            render_soundfont(score, "no.sf2")


def test_a_missing_program_is_named() -> None:
    with pytest.raises(ValueError, match="there is no FluidSynth at /nowhere/fluidsynth: install it"):
        find_fluidsynth("/nowhere/fluidsynth")


def test_a_missing_or_wrong_font_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"SoundFont .*no\.sf2 cannot be read: No such file"):
        render_soundfont(song(1), tmp_path / "no.sf2", program=sys.executable)
    wrong = tmp_path / "song.sf2"
    wrong.write_bytes(b"ID3 something else")
    with pytest.raises(ValueError, match=r"song\.sf2 is not a SoundFont"):
        render_soundfont(song(1), wrong, program=sys.executable)


def test_a_program_that_fails_is_quoted(hollow: Path) -> None:
    """Any other program does not understand the options, and what it says is passed on in one sentence."""
    with pytest.raises(ValueError, match="FluidSynth did not play the stem drums: ") as caught:
        render_soundfont(song(1), hollow, program=sys.executable)
    assert "\n" not in str(caught.value)


def test_odd_rates_are_refused(hollow: Path) -> None:
    with pytest.raises(ValueError, match="rate must be between 8,000 and 96,000"):
        render_soundfont(song(1), hollow, rate=192_000)
