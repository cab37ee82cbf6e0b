"""Exporters: whole files in the output folder, with the graph in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lab import Lab, graph, n, turned

from nawgraph.audio import files
from nawgraph.audio.embed import extract
from nawgraph.nodes.export import safe_name

FORMATS = ["wav", "flac", "ogg", "opus", "mp3"]


def song(**knobs: Any) -> Any:
    return graph(
        t=n("audio.tone", seconds=0.2, rate=48_000), w=n("export.mix", audio="@t.audio", name="Song_Mix", **knobs)
    )


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_is_written_read_and_holds_the_graph(lab: Lab, format: str):
    result = lab.run(song(format=format))
    file = lab.out / f"Song_Mix.{format}"
    assert result.status == "ok" and result.files == [str(file.absolute())]
    made = files.read(file)
    assert abs(made.frames - 9600) <= 2400 and made.rate == 48_000
    embedded = extract(file)
    assert embedded is not None and '"audio.tone"' in embedded and '"export.mix"' in embedded and '"ui"' not in embedded
    assert [p.name for p in lab.out.iterdir()] == [file.name]


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_graph_gives_the_same_bytes(lab: Lab, tmp_path: Path, format: str):
    lab.run(song(format=format))
    first = (lab.out / f"Song_Mix.{format}").read_bytes()
    lab.restart(cache_dir=tmp_path / "other")
    lab.run(song(format=format), out_dir=tmp_path / "again")
    assert (tmp_path / "again" / f"Song_Mix.{format}").read_bytes() == first


@pytest.mark.parametrize(("bits", "worst"), [("16", 1.5 / 32768), ("24", 2e-7), ("32-float", 0.0)])
def test_bits_of_a_wave_file(lab: Lab, bits: str, worst: float):
    result = lab.run(song(bits=bits), "w", "t")
    written = files.read(lab.out / "Song_Mix.wav")
    assert np.abs(written.samples - result["t"].samples).max() <= worst * 1.01


def test_dither_follows_from_its_seed(lab: Lab):
    document = song(bits="16")
    lab.run(document)
    first = files.read(lab.out / "Song_Mix.wav").digest()
    lab.run(turned(document, "w", dither_seed=1))
    assert files.read(lab.out / "Song_Mix.wav").digest() != first


def test_what_a_format_cannot_hold_is_a_sentence(lab: Lab):
    assert "FLAC has no 32-float" in (lab.run(song(format="flac", bits="32-float")).nodes["w"].error or "")
    assert not lab.out.exists() or not list(lab.out.iterdir())


def test_a_folder_in_the_way_of_the_file_is_a_sentence(lab: Lab):
    (lab.out / "Song_Mix.wav").mkdir(parents=True)
    error = lab.run(song()).nodes["w"].error or ""
    assert "Song_Mix.wav" in error and "\n" not in error
    assert [p.name for p in lab.out.iterdir()] == ["Song_Mix.wav"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Night Drive", "Night Drive"),
        ("a/b\\c:d", "a-b-c-d"),
        ("../../etc/passwd", "etc-passwd"),
        ("  .hidden. ", "hidden"),
        ("", "Untitled"),
        ("...", "Untitled"),
        ("x\0y\n", "xy"),
        ("日本語", "日本語"),
        ("e\u0301", "é"),
    ],
)
def test_safe_names(text: str, name: str):
    assert safe_name(text) == name


@given(st.text(max_size=200))
def test_a_safe_name_is_one_that_every_system_takes(text: str):
    name = safe_name(text)
    assert 0 < len(name.encode()) <= 120 and Path(name).name == name and name not in (".", "..")
    assert not set(name) & set('/\\:*?"<>|\0\n') and name == name.strip(" .") and safe_name(name) == name
