"""Pictures and summaries of every kind of value."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nawgraph.music.compose import compose
from nawgraph.ui.viewers import (
    Image,
    Lines,
    Roll,
    Waveform,
    Words,
    kinds,
    lines,
    matrix,
    picture,
    roll,
    spectrogram,
    summary,
)  # fmt: skip
from nawgraph.values import (
    PPQ,
    STEMS,
    Audio,
    Curve,
    Embedding,
    Grid,
    Key,
    Keyframe,
    Latents,
    Mask,
    ModelRef,
    Note,
    Part,
    Prompt,
    Score,
    Section,
    Stems,
    Tempo,
    Tokens,
)  # fmt: skip
from nawgraph.values.signal import Float

RATE = 44_100
SIZE = (256, 96)


def sine(hertz: float, seconds: float = 1.0, level: float = 0.5, channels: int = 2) -> Audio:
    wave = level * np.sin(2 * np.pi * hertz / RATE * np.arange(round(seconds * RATE)))
    return Audio(np.tile(wave, (channels, 1)).astype(np.float32), RATE)


VALUES = {
    "audio": sine(440), "mono": sine(440, channels=1), "none": Audio(np.zeros((2, 0), np.float32)),
    "one": Audio(np.ones((1, 1), np.float32)), "nan": Audio(np.full((2, 5000), np.nan, np.float32)),
    "stems": Stems.of({name: sine(220 * (i + 1)) for i, name in enumerate(STEMS)}),
    "score": compose("funk, 100 bpm", 4, 0), "empty score": Score(),
    "curve": Curve("dynamics", np.linspace(0, 1, 50)[None], 50.0),
    "harmony": Curve("harmony", np.eye(12), 10.0), "no curve": Curve("melody", np.zeros((1, 0), np.float32), 10.0),
    "latents": Latents(("drums", "bass"), (np.ones((8, 20)), np.eye(4, 20)), 86.0, "dac/1"),
    "tokens": Tokens(("drums",), np.arange(40).reshape(1, 1, 4, 10), 50.0, "x/1", np.zeros((0, 0, 0))),
    "mask": Mask(("drums",), np.ones((1, 2, 9)), 10.0, (0, 1000, 20_000)),
    "embedding": Embedding(np.arange(512.0), "clap/1"), "prompt": Prompt.of("slow funk"), "grid": Grid.of(98.5, 8),
    "model": ModelRef("codec", "dac", "0123456789abcdef"), "int": 1200, "float": 0.25, "bool": True, "str": "a\nb",
    "list": (1, 2, 3), "long list": tuple(range(40)), "audios": (sine(1), sine(2)), "empty list": (),
}  # fmt: skip


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("size", [SIZE, (1, 1), (900, 301)])
def test_every_value_has_all_its_pictures(name: str, size: tuple[int, int]) -> None:
    value = VALUES[name]
    for kind in kinds(value):
        made = picture(value, size, kind)
        assert made.size == size
        if isinstance(made, Image):
            assert made.pixels.shape == (size[1], size[0], 4)
            assert made.pixels.dtype == np.uint8
            assert (made.pixels[..., 3] == 255).all()
        if isinstance(made, Waveform):
            for lane in made.lanes:
                assert lane.low.shape == lane.high.shape == lane.rms.shape == (size[0],)
                assert np.isfinite(lane.low).all()
        if isinstance(made, Lines):
            for path in made.paths:
                assert np.isfinite(path.points).all()
                assert path.points.shape[1] == 2
    assert summary(value)
    assert "\n" not in summary(value)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("audio", "stereo, 44.1 kHz, 1.00 s, −6.7 LUFS"), ("mono", "mono, 44.1 kHz, 1.00 s, −9.7 LUFS"),
        ("nan", "stereo, 44.1 kHz, 0.11 s, not a number somewhere"),
        ("stems", "drums · bass · vocals · other, 44.1 kHz, 1.00 s"),
        ("grid", "98.5 bpm, 4/4, 8 bars, 19.49 s"), ("model", "codec dac @ 0123456789ab"), ("int", "1,200"),
        ("float", "0.25"), ("bool", "on"), ("str", "a b"), ("list", "1, 2, 3"), ("long list", "list[int] of 40"),
        ("audios", "list[Audio] of 2"), ("empty list", "empty list"), ("prompt", "slow funk"),
        ("embedding", "clap/1, 512 dimensions"), ("mask", "100 % anew, 1 stem, 2 bands, 0.90 s"),
        ("latents", "dac/1, 2 stems, 8+4 × 20, 86 Hz"), ("tokens", "x/1, 1 stem, 4 codebooks, 10 frames"),
        ("curve", "dynamics, 50 frames, 50 Hz, 1.00 s"),
    ],
)  # fmt: skip
def test_summaries(name: str, line: str) -> None:
    got = summary(VALUES[name])
    if "LUFS" in line:  # K-weighting at 440 Hz: within a tenth or two
        assert got.rpartition(", ")[0] == line.rpartition(", ")[0]
        measured, wanted = (float(s.rpartition(", ")[2].split()[0].replace("−", "-")) for s in (got, line))
        assert measured == pytest.approx(wanted, abs=0.3)
    else:
        assert got == line


def test_more_summaries() -> None:
    score = Score(Grid.of(100, 8), (Part("bass", "b", notes=(Note(0, 10, 40),)),), keys=(Key(0, 0, "minor"),))
    assert summary(score) == "100 bpm, 4/4, C minor, 8 bars, 1 note"
    assert summary(sine(440), loudness=False) == "stereo, 44.1 kHz, 1.00 s"
    assert summary(Audio(np.zeros((2, 90 * RATE), np.float32))) == "stereo, 44.1 kHz, 1:30 min, silence"
    assert summary(Prompt((Keyframe(0, "a"), Keyframe(4, "b")))) == "a (+1 keyframe)"
    assert len(summary("x" * 500)) == 80
    ramp = Grid((Tempo(0, 90_000), Tempo(PPQ * 8, 120_000)), bars=4)
    assert summary(ramp).startswith("90–120 bpm, 4/4, 4 bars")
    words = picture(ramp, SIZE)
    assert isinstance(words, Words)
    assert words.lines[1] == "120 bpm from bar 3"
    prompt = picture(Prompt((Keyframe(0, "a"), Keyframe(4, "b"))), SIZE)
    assert isinstance(prompt, Words)
    assert prompt.lines == ("bar 1: a", "bar 5: b")


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(ValueError, match="at least a pixel"):
        picture(1, (0, 10))
    with pytest.raises(ValueError, match="there are waveform, spectrogram"):
        picture(sine(440), SIZE, "roll")


# ---------------------------------------------------------------------------------- waveform


def test_waveforms_of_channels_and_stems() -> None:
    made = picture(VALUES["stems"], SIZE)
    assert isinstance(made, Waveform)
    assert [lane.tint for lane in made.lanes] == list(STEMS)
    assert [(lane.top, lane.bottom) for lane in made.lanes] == [(0, 24), (24, 48), (48, 72), (72, 96)]
    stereo = picture(VALUES["audio"], SIZE)
    assert isinstance(stereo, Waveform)
    assert [lane.name for lane in stereo.lanes] == ["L", "R"]
    assert stereo.lanes[0].rms[10:-10] == pytest.approx(np.full(236, 0.3536), abs=0.05)
    flat = picture(VALUES["audio"], (256, 40))
    assert isinstance(flat, Waveform)
    assert len(flat.lanes) == 1
    quiet = picture(sine(440, level=0.1), SIZE)
    assert isinstance(quiet, Waveform)
    assert quiet.scale == 0.125
    loud = picture(sine(440, level=1.0), SIZE)
    assert isinstance(loud, Waveform)
    assert loud.lanes[0].clipped.any()
    assert not stereo.lanes[0].clipped.any()


# ------------------------------------------------------------------------------- spectrogram


@given(st.floats(60, 15_000), st.integers(8, 200), st.integers(24, 200))
def test_a_sine_lies_on_its_row(hertz: float, width: int, height: int) -> None:
    pixels = spectrogram(sine(hertz), (width, height))
    brightness = pixels[:, width // 2, :3].astype(int).sum(axis=1)
    row = np.log(20_000 / hertz) / np.log(20_000 / 30) * (height - 1)
    brightest = np.flatnonzero(brightness >= brightness.max() - 8)
    near = 2 + (height / 20 if hertz < 300 else 0)  # below, a bin is wider than a row
    assert np.abs(brightest - row).min() <= near


def test_sides_out_of_phase_are_seen_and_silence_is_dark() -> None:
    audio = sine(1000)
    turned = Audio(np.stack([audio.samples[0], -audio.samples[0]]), RATE)
    assert np.array_equal(spectrogram(turned, SIZE), spectrogram(audio, SIZE))
    dark = spectrogram(Audio(np.zeros((2, 9000), np.float32)), SIZE)
    assert (dark == dark[0, 0]).all()


def test_an_hour_costs_what_a_minute_costs() -> None:
    minute = Audio(np.zeros((1, 60 * RATE), np.float32), RATE)
    hour = Audio(np.zeros((1, 3600 * RATE), np.float32), RATE)

    def cost(audio: Audio) -> float:
        begin = time.process_time()
        spectrogram(audio, SIZE)
        return time.process_time() - begin

    cost(minute)
    assert min(cost(hour) for _ in range(3)) < 8 * min(cost(minute) for _ in range(3))


# --------------------------------------------------------------------------------------- roll


def test_a_roll_places_notes_bars_and_sections() -> None:
    grid = Grid.of(120, 4)
    score = Score(
        grid,
        (
            Part("drums", "kit", notes=(Note(0, 240, 36), Note(PPQ, 240, 38))),
            Part("bass", "b", notes=(Note(0, 4 * PPQ, 40, 127), Note(8 * PPQ, 4 * PPQ, 52, 64))),
        ),
        sections=(Section(0, 2, "verse", "A"), Section(2, 2, "chorus")),
    )
    made = roll(score, (400, 100))
    assert [row.text for row in made.rows] == ["snare", "kick"]
    assert made.rows[-1].bottom == 100
    assert made.bars.tolist() == [0, 100, 200, 300, 400]
    assert [(s.start, s.end, s.text) for s in made.sections] == [(0, 200, "verse A"), (200, 400, "chorus")]
    kick, snare, low, high = made.boxes
    assert made.tints[made.stems[2]] == "bass"
    assert (kick[0], snare[0], low[0], low[2], high[0]) == (0, 25, 0, 100, 200)
    assert high[3] < low[1] < made.rows[0].top
    assert made.strengths[2:].tolist() == pytest.approx([1.0, 64 / 127])
    assert made.pitches[0] < 40
    assert made.pitches[1] > 52


@st.composite
def scores(draw: st.DrawFn) -> Score:
    seed, count = draw(st.integers(0, 10**6)), draw(st.integers(1, 3000))
    rng = np.random.default_rng(seed)
    bars = draw(st.integers(1, 200))
    parts = []
    for stem in STEMS[: draw(st.integers(1, 4))]:
        start = rng.integers(0, bars * 4 * PPQ, count)
        length, pitch = rng.integers(1, 2 * PPQ, count), rng.integers(24, 100, count)
        parts.append(Part(stem, "p", notes=tuple(map(Note, start.tolist(), length.tolist(), pitch.tolist()))))
    return Score(Grid.of(120, bars), tuple(parts))


@given(scores(), st.integers(20, 600), st.integers(20, 300), st.integers(50, 1000))
def test_a_roll_lies_in_its_box_and_hides_no_note(score: Score, width: int, height: int, most: int) -> None:
    made = roll(score, (width, height), most)
    full = roll(score, (width, height), 10**9)
    assert len(full.boxes) == sum(len(p.notes) for p in score.parts)
    assert made.binned == (len(full.boxes) > most)
    assert len(made.boxes) == len(made.stems) == len(made.strengths)
    assert (made.boxes[:, 0] >= 0).all()
    assert (made.boxes[:, 1] >= -1e-3).all()
    assert (made.boxes[:, 3] <= height + 1.01).all()
    assert (made.boxes[:, 2] > made.boxes[:, 0]).all()
    for box, stem in zip(full.boxes[:40], full.stems[:40], strict=True):
        same = made.boxes[(made.stems == stem) & (np.abs(made.boxes[:, 1] - box[1]) < 1e-3)]
        assert ((same[:, 0] <= box[0] + 1e-3) & (same[:, 2] >= box[2] - 1e-2)).any()


def test_ten_thousand_notes_become_few_boxes() -> None:
    rng = np.random.default_rng(3)
    parts = []
    for stem in STEMS:
        start, pitch = rng.integers(0, 400 * 4 * PPQ, 2500), rng.integers(36, 84, 2500)
        parts.append(Part(stem, "p", notes=tuple(Note(a, 400, p) for a, p in zip(start.tolist(), pitch.tolist(), strict=True))))  # fmt: skip # noqa: E501
    made = picture(Score(Grid.of(120, 400), tuple(parts)), SIZE)
    assert isinstance(made, Roll)
    assert made.binned
    assert len(made.boxes) <= 800
    assert len(made.bars) <= 256 / 8 + 1


# -------------------------------------------------------------------------- curves and images


@given(st.integers(1, 5000), st.integers(2, 300), st.integers(0, 99))
def test_lines_show_every_extreme(frames: int, width: int, seed: int) -> None:
    data: Float = np.random.default_rng(seed).standard_normal((2, frames)).astype(np.float32)
    made = lines(data, (width, 50))
    assert (made.low, made.high) == (data.min(), data.max())
    ys = np.concatenate([path.points[:, 1] for path in made.paths])
    xs = np.concatenate([path.points[:, 0] for path in made.paths])
    assert len(made.paths[0].points) <= 2 * width
    assert ys.min() >= 0
    assert ys.max() <= 50
    assert xs.min() >= 0
    assert xs.max() <= width
    if data.min() < data.max():
        assert ys.min() == pytest.approx(2)
        assert ys.max() == pytest.approx(48)


@given(st.integers(1, 40), st.integers(1, 500), st.integers(1, 100), st.integers(1, 100))
def test_a_matrix_keeps_its_corners_and_its_order(rows: int, frames: int, width: int, height: int) -> None:
    data = np.zeros((rows, frames), np.float32)
    data[-1, -1] = 1
    made = matrix(data, (width, height))
    light = made.pixels[..., :3].astype(int).sum(axis=2)
    assert light.shape == (height, width)
    if rows * frames > 1:
        assert light[0, -1] == light.max()
        assert np.array_equal(matrix(data, (width, height), upwards=False).pixels, made.pixels[::-1])
