"""What the CLAP reads and hears: any text, any sound, always the same, misspelt words near their like."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nawgraph.models.clap import hearing
from nawgraph.models.clap.reading import ROWS, Word, bound, read, words
from nawgraph.values import Audio

RATE = 44_100


def row_weights(word: Word) -> dict[int, float]:
    found: dict[int, float] = {}
    for row, weight in zip(*word, strict=True):
        found[row] = found.get(row, 0) + weight
    return found


def shared(a: str, b: str) -> float:
    """Cosine of two words' rows."""
    x, y = (row_weights(read(word)[1]) for word in (a, b))
    dot = sum(weight * y.get(row, 0) for row, weight in x.items())
    return dot / np.sqrt(sum(w * w for w in x.values()) * sum(w * w for w in y.values()))


def test_words_numbers_and_signs() -> None:
    assert words("Lo-Fi HIP hop, 84BPM; in F♯ minor & 3/4, swing 60%") == [
        "lo", "fi", "hip", "hop", "84", "bpm", "in", "f#", "minor", "3/4", "swing", "60%",
    ]  # fmt: skip
    assert words("80s drum'n'bass, d&b, café") == ["80s", "drum'n'bass", "d&b", "cafe"]
    assert words("🎵 — …") == []


@given(st.text(max_size=300))
@settings(deadline=None, max_examples=50)
def test_any_text_is_read(text: str) -> None:
    found = read(text)
    assert len(found) == len(words(text)) + 1
    assert all(0 <= row < ROWS for rows, _ in found for row in rows)
    assert all(len(rows) == len(weights) for rows, weights in found)
    assert read(text) == found


def test_misspelt_words_lie_near_and_others_do_not() -> None:
    assert shared("orchestral", "orchestrl") > 0.3
    assert shared("saxophone", "saxophones") > 0.5
    assert abs(shared("techno", "ambient")) < 0.1


def test_tempi_lie_between_their_neighbours() -> None:
    assert shared("90", "91") > 0.9 > shared("90", "140")
    assert shared("120.5", "120") > 0.9
    assert shared("7", "90") == 0


@given(st.lists(st.text("ab 1", max_size=12), min_size=1, max_size=4))
@settings(deadline=None, max_examples=50)
def test_a_batch_holds_every_text_as_it_is(texts: list[str]) -> None:
    read_ = [read(text) for text in texts]
    pages = bound(read_)
    ends = [*pages.starts[1:], len(pages.rows)]
    spans = [tuple(pages.rows[a:b]) for a, b in zip(pages.starts, ends, strict=True)]
    longest = pages.there.shape[1]
    for i, text in enumerate(read_):
        assert pages.there[i].sum() == len(text)
        assert spans[i * longest : i * longest + len(text)] == [rows for rows, _ in text]
        assert not any(spans[i * longest + len(text) : (i + 1) * longest])


# ------------------------------------------------------------------------------------------------ hearing


@given(st.integers(1, 100_000_000))
def test_windows_cover_a_sound_evenly(frames: int) -> None:
    starts = hearing.windows(frames)
    size = hearing.SECONDS * RATE
    assert starts[0] == 0
    assert len(starts) <= hearing.MOST
    assert starts[-1] == max(0, frames - size) or len(starts) == 1 >= frames / size
    gaps = np.diff(starts)
    assert not len(gaps) or gaps.max() - gaps.min() <= 1
    if frames <= hearing.MOST * size:
        assert all(gap <= size for gap in gaps)


def tone(hertz: float, seconds: float, gain: float = 0.3) -> Audio:
    t = np.arange(int(seconds * RATE)) / RATE
    return Audio((gain * np.sin(2 * np.pi * hertz * t)).astype(np.float32)[None], RATE)


def test_a_tone_is_heard_where_it_lies_at_any_level() -> None:
    loud, soft = (hearing.window(hearing.mono(tone(440, 10, gain)), 0) for gain in (0.5, 0.01))
    assert loud[0].shape == (hearing.FRAMES, hearing.BANDS)
    assert loud[1].shape == (hearing.PITCH_FRAMES, hearing.SEMITONES)
    assert loud[1][50].argmax() == 69 - 36
    assert np.allclose(loud[0], soft[0], atol=1e-3)


def test_a_short_sound_is_repeated() -> None:
    bands, _ = hearing.window(hearing.mono(tone(200, 1)), 0)
    assert bands[-20].max() == pytest.approx(bands[20].max(), abs=0.1)


@pytest.mark.parametrize(
    ("audio", "words_"),
    [
        (Audio(np.zeros((2, RATE), np.float32), RATE), "silent"),
        (tone(440, 0.2), "at least 0.5 s"),
        (Audio(np.full((1, RATE), np.nan, np.float32), RATE), "not finite"),
    ],
)
def test_sounds_that_say_nothing_are_refused(audio: Audio, words_: str) -> None:
    with pytest.raises(ValueError, match=words_):
        hearing.mono(audio)
