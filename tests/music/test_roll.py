import io

import numpy as np
import pytest
from PIL import Image

from nawgraph.music.compose import compose
from nawgraph.music.roll import COLOURS, form_png, roll_png
from nawgraph.values import Grid, Note, Part, Score

SONG = compose("rock, vocals", 16, 2)


def pixels(data):
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)


def amount(image, colour):
    """Pixels near a colour's hue: its direction from the background, at any strength."""
    target = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) - np.array([0x14, 0x16, 0x1B])
    away = image - np.array([0x14, 0x16, 0x1B])
    size = np.linalg.norm(away, axis=2)
    cosine = (away @ target) / (np.maximum(size, 1) * np.linalg.norm(target))
    return int(((cosine > 0.995) & (size > 60)).sum())


@pytest.mark.parametrize("stem", list(COLOURS))
def test_every_stem_is_seen_in_its_colour(stem):
    alone = Score(SONG.grid, SONG.of_stem(stem), SONG.keys, SONG.chords, SONG.sections)
    image = pixels(roll_png(alone, 1000, 500))
    assert image.shape == (500, 1000, 3)
    assert amount(image, COLOURS[stem]) > 800
    assert all(amount(image, c) < 20 for other, c in COLOURS.items() if other != stem)


def test_a_note_lies_where_its_time_and_pitch_are():
    low, high = Note(0, 960, 50, 127), Note(3 * 960, 960, 70, 127)
    score = Score(Grid(bars=1), (Part("bass", "b", notes=(low, high)),))
    image = pixels(roll_png(score, 1000, 500))
    ys, xs = np.nonzero(np.abs(image - np.array([0xFF, 0xB3, 0x00])).sum(2) < 10)
    left, right = xs < 500, xs >= 500
    assert ys[left].min() > ys[right].max()
    assert xs[right].min() == pytest.approx(46 + 3 / 4 * 946, abs=3)


def test_the_form_shows_energy():
    image = pixels(form_png(SONG, 800, 240))
    assert image.shape == (240, 800, 3)
    assert all(amount(image, c) > 100 for c in COLOURS.values())


def test_empty_scores_have_pictures_too():
    assert pixels(roll_png(Score())).shape == (800, 1600, 3)
    assert pixels(form_png(Score())).shape == (260, 1600, 3)


@pytest.mark.parametrize(("width", "height"), [(10, 400), (400, 100_000)])
def test_impossible_sizes(width, height):
    with pytest.raises(ValueError, match="pixels"):
        roll_png(SONG, width, height)
