"""Pictures: PNG files of the asked size that show what they are said to show."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from lab import Lab, graph, n
from PIL import Image

from nawgraph.context import Context
from nawgraph.nodes import picture
from nawgraph.nodes.plan import compose
from nawgraph.values import Audio, Prompt, Score

RATE = 22050
SONG = compose(Prompt.of("synthwave, 100 bpm, A minor"), bars=8, seed=1)
T = np.arange(2 * RATE) / RATE
TONE = Audio(np.tile(0.5 * np.sin(2 * np.pi * 440 * T), (2, 1)).astype(np.float32), RATE)


def drawn(node: object, value: Audio | Score, folder: Path, **knobs: object) -> Image.Image:
    ctx = Context(folder)
    node(value, ctx=ctx, **knobs)  # type: ignore[operator]
    (path,) = ctx.files
    image = Image.open(io.BytesIO(path.read_bytes()))
    assert image.format == "PNG"
    return image.convert("RGB")


def colours(image: Image.Image) -> int:
    return len(image.getcolors(1 << 24) or ())


OF_SOUND = (picture.waveform, picture.spectrogram, picture.chroma)
OF_SCORES = (picture.roll, picture.form)


@pytest.mark.parametrize("node", OF_SOUND + OF_SCORES)
def test_the_picture_has_the_asked_size_and_shows_something(node: object, tmp_path: Path) -> None:
    given: Audio | Score = SONG if node in OF_SCORES else TONE
    image = drawn(node, given, tmp_path, width=640, height=240)
    assert image.size == (640, 240) and colours(image) > 8
    nothing: Audio | Score = Score() if node in OF_SCORES else Audio(np.zeros((2, RATE), np.float32), RATE)
    assert image.tobytes() != drawn(node, nothing, tmp_path, width=640, height=240).tobytes()


@pytest.mark.parametrize("node", OF_SOUND)
@pytest.mark.parametrize("shape", [(2, 0), (1, 1), (6, 5000)])
def test_odd_sound_is_drawn(node: object, shape: tuple[int, int], tmp_path: Path) -> None:
    assert drawn(node, Audio(np.full(shape, 0.5, np.float32), RATE), tmp_path, width=300, height=200).size == (300, 200)


@pytest.mark.parametrize("node", OF_SOUND)
def test_a_broken_sound_leaves_no_file(node: object, tmp_path: Path) -> None:
    samples = np.zeros((1, RATE), np.float32)
    samples[0, 5] = np.nan
    with pytest.raises(ValueError, match="not a number or infinite"):
        drawn(node, Audio(samples, RATE), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_higher_tone_stands_higher_in_the_spectrogram(tmp_path: Path) -> None:
    def row(hz: float) -> int:
        sound = Audio((0.5 * np.sin(2 * np.pi * hz * T))[None].astype(np.float32), RATE)
        image = np.asarray(drawn(picture.spectrogram, sound, tmp_path, width=600, height=400)).sum(axis=2)
        return int(image[:, 200:400].mean(axis=1).argmax())

    rows = [row(hz) for hz in (110.0, 440.0, 1760.0)]
    assert rows[0] > rows[1] > rows[2]
    assert abs((rows[0] - rows[1]) - (rows[1] - rows[2])) <= 6  # two octaves each, on a logarithmic axis


@pytest.mark.parametrize("node", OF_SCORES)
def test_the_smallest_size_of_the_knobs_works(node: object, tmp_path: Path) -> None:
    assert drawn(node, SONG, tmp_path, width=200, height=200).size == (200, 200)


@pytest.mark.parametrize("name", ["a/b", "🎵 Сон", "", "..", "nul"])
def test_any_name_stays_in_the_folder(name: str, tmp_path: Path) -> None:
    drawn(picture.form, SONG, tmp_path / "out", name=name)
    assert [path.suffix for path in (tmp_path / "out").iterdir()] == [".png"]
    assert len(list(tmp_path.iterdir())) == 1


def test_two_pictures_of_one_name_are_a_clear_error(lab: Lab) -> None:
    tone = {"tone": n("audio.tone", seconds=0.2)}
    result = lab.run(
        graph(
            **tone,
            a=n("picture.waveform", audio="@tone.audio", name="X"),
            b=n("picture.spectrogram", audio="@tone.audio", name="X"),
        )
    )
    assert result.status == "failed" and len(set(result.files)) == 1
    (error,) = result.errors().values()
    assert "X.png" in str(error)
