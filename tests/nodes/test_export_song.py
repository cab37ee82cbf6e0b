"""Exporters of songs: names, manifests, formats; nothing half-written and no path that leaves the folder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from lab import Lab, graph, n

from nawgraph.context import Context
from nawgraph.nodes import export
from nawgraph.nodes.plan import compose
from nawgraph.values import STEMS, Audio, Grid, Key, Prompt, Score, Stems, Tempo

RATE = 22050
SONG = Score(Grid((Tempo(0, 83_600),)), keys=(Key(0, 2, "minor"),), title="Late Night: Part 1/2")


def noise(seed: int = 0, frames: int = 9000) -> Audio:
    return Audio((0.1 * np.random.default_rng(seed).standard_normal((2, frames))).astype(np.float32), RATE)


def four() -> Stems:
    return Stems.of({name: noise(i) for i, name in enumerate(STEMS)})


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    return Context(tmp_path / "out")


def names(ctx: Context) -> list[str]:
    return sorted(path.name for path in ctx.out_dir.iterdir()) if ctx.out_dir.exists() else []


def test_stems_are_named_after_song_tempo_and_key(ctx: Context) -> None:
    export.stems(four(), SONG, ctx=ctx)
    song = "Late_Night-_Part_1-2_084bpm_Dmin"
    assert names(ctx) == sorted(
        [f"{song}_{i:02d}_{name.capitalize()}.wav" for i, name in enumerate(STEMS, 1)] + [f"{song}_manifest.json"]
    )
    assert sorted(path.name for path in ctx.files) == names(ctx)


@pytest.mark.parametrize(
    ("key", "name"), [(Key(0, 10, "major"), "Bbmaj"), (Key(0, 6, "minor"), "Fsmin"), (Key(0, 2, "dorian"), "Dmin")]
)
def test_keys_are_written_with_plain_letters(key: Key, name: str) -> None:
    assert export.song_name("A", Score(keys=(key,))) == f"A_120bpm_{name}"


def test_files_hold_the_same_samples_and_count(ctx: Context) -> None:
    stems = four()
    export.stems(stems, SONG, bits="32-float", ctx=ctx)
    for path, (_, audio) in zip([p for p in sorted(ctx.files) if p.suffix == ".wav"], stems, strict=True):
        read, rate = soundfile.read(path, dtype="float32", always_2d=True)
        assert rate == RATE and np.array_equal(read.T, audio.samples)


def test_24_bits_are_exact_to_half_a_step(ctx: Context) -> None:
    audio = noise()
    export.mix(audio, None, ctx=ctx)
    read, _ = soundfile.read(ctx.files[0], always_2d=True)
    assert np.abs(read.T - audio.samples).max() <= 0.51 / 2**23


def test_the_manifest_says_what_the_files_are(ctx: Context) -> None:
    score = compose(Prompt.of("house, 124 bpm, A minor"), bars=4, seed=7, title="Morning")
    silent = Stems.of({**dict(four()), "vocals": Audio(np.zeros((2, 9000), np.float32), RATE)})
    export.stems(silent, score, ctx=ctx)
    data = json.loads(next(p for p in ctx.files if p.suffix == ".json").read_text(encoding="utf-8"))
    assert (data["title"], data["style"], data["seed"], data["bpm"], data["meter"]) == (
        "Morning",
        "house",
        7,
        124,
        "4/4",
    )
    assert data["keys"] == [{"bar": 1, "key": "A minor"}] and sum(s["bars"] for s in data["form"]) == 4
    rows = {row["stem"]: row for row in data["stems"]}
    assert {row["samples"] for row in rows.values()} == {9000}
    assert rows["vocals"]["lufs"] is None and rows["vocals"]["true_peak_dbtp"] is None
    assert -30 < rows["drums"]["lufs"] < -10
    assert all((ctx.out_dir / row["file"]).is_file() for row in rows.values())


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("a/b", "a-b.wav"),
        ("../../etc/passwd", "etc-passwd.wav"),
        ("C:\\Windows\\x", "C-Windows-x.wav"),
        ("🎵 Сон", "🎵 Сон.wav"),
        ("", "Untitled_Mix.wav"),
        ("..", "Untitled_Mix.wav"),
        ("\0\x1b[31m", "[31m.wav"),
        ("con", "_con.wav"),
        ("NUL.tar", "_NUL.tar.wav"),
        ("n\u202egnp.exe", "ngnp.exe.wav"),
        ("x" * 500, "x" * 120 + ".wav"),
        ("é" * 500, "é" * 60 + ".wav"),
    ],
)
def test_any_name_becomes_a_plain_file_in_the_folder(ctx: Context, name: str, file: str) -> None:
    export.mix(noise(), None, name=name, ctx=ctx)
    assert names(ctx) == [file] and ctx.files == [ctx.out_dir / file]


@given(st.text(max_size=300))
def test_a_safe_name_is_one_path_component(text: str) -> None:
    name = export.safe_name(text)
    assert name and Path(name).name == name and len(name.encode()) <= 121
    assert not set(name) & set('/\\:*?"<>|\0') and name == name.strip(" .") and export.safe_name(name) == name


@pytest.mark.parametrize("format", ["wav", "flac", "ogg", "opus", "mp3"])
def test_every_format_is_written_whole(ctx: Context, format: str) -> None:
    audio = Audio(noise(frames=48_000).samples, 48_000)
    export.mix(audio, SONG, name="Song", format=format, ctx=ctx)
    assert names(ctx) == [f"Song_084bpm_Dmin_Mix.{format}"]
    info = soundfile.info(ctx.files[0])
    assert (info.channels, info.samplerate) == (2, 48_000)
    assert info.frames == 48_000 or format == "mp3"  # which pads to whole frames


def test_flac_has_no_float(ctx: Context) -> None:
    with pytest.raises(ValueError, match="FLAC has no 32-float"):
        export.mix(noise(), None, format="flac", bits="32-float", ctx=ctx)
    assert names(ctx) == []


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_broken_stem_leaves_no_file_behind(ctx: Context, bad: float) -> None:
    samples = np.zeros((2, 9000), np.float32)
    samples[1, 4410] = bad
    with pytest.raises(ValueError, match=r"the stem other is not a number or infinite at 0\.2"):
        export.stems(Stems.of({**dict(four()), "other": Audio(samples, RATE)}), SONG, ctx=ctx)
    assert names(ctx) == []
    with pytest.raises(ValueError, match="not a number or infinite"):
        export.mix(Audio(samples, RATE), None, ctx=ctx)
    assert names(ctx) == []


def test_two_exporters_of_one_name_do_not_overwrite_each_other(lab: Lab) -> None:
    result = lab.run(
        graph(
            low=n("audio.tone", seconds=0.1),
            high=n("audio.tone", seconds=0.1, frequency=880.0),
            a=n("export.mix", audio="@low.audio", name="Same"),
            b=n("export.mix", audio="@high.audio", name="Same"),
        )
    )
    assert result.status == "failed" and len(set(result.files)) == 1
    (error,) = result.errors().values()
    assert "Same.wav" in str(error)


def test_midi_and_text(ctx: Context) -> None:
    export.midi(compose(Prompt.of("house"), bars=2), name="Notes 🎹", ctx=ctx)
    export.text("line", name="Notes", ctx=ctx)
    assert ctx.files[0].read_bytes()[:4] == b"MThd" and ctx.files[0].name.startswith("Notes_🎹_")
    assert ctx.files[1].read_text() == "line\n"
