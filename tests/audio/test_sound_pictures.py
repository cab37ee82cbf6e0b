"""Waveform pyramid, spectra and pictures."""

from __future__ import annotations

import io

import numpy as np
import pytest
from audio_signals import RATE, noise, sine
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from nawgraph.audio import colours, pictures
from nawgraph.audio.peaks import peaks
from nawgraph.audio.plot import png, ticks
from nawgraph.audio.spectrum import magnitudes, mel_bands, rms_curve

SOUNDS = {
    "none": np.zeros((1, 0), np.float32),
    "one": np.ones((2, 1), np.float32),
    "silence": np.zeros((1, 9000), np.float32),
    "dc": np.full((2, 9000), 0.5, np.float32),
    "clipped": noise(0.3, 6),
}


@given(st.integers(1, 40_000), st.integers(1, 300), st.integers(0, 99))
@settings(max_examples=40)
def test_pyramid_never_misses_a_peak(frames: int, columns: int, seed: int) -> None:
    x = noise(1.0, -6, seed, channels=1)[:, :frames]
    p = peaks(x, RATE)
    view = p.view(0, x.shape[1], columns)
    assert view.shape == (1, 2, columns)
    assert view[:, 0].min() == x.min()
    assert view[:, 1].max() == x.max()
    for low, high in zip(p.levels, p.levels[1:], strict=False):
        assert low[:, 0].min() == high[:, 0].min()


def test_pyramid_close_up_shows_the_samples() -> None:
    x = noise(0.5)
    p = peaks(x, RATE)
    assert np.array_equal(p.view(100, 200, 100)[:, 0], x[:, 100:200])
    exact = x[:, 1000:1400].reshape(2, 10, 40)
    assert np.array_equal(p.view(1000, 1400, 10)[:, 1], exact.max(axis=2))
    assert not p.view(10**6, 2 * 10**6, 50).any()
    with pytest.raises(ValueError, match="column"):
        p.view(0, 10, 0)


def test_spectrum_of_a_sine() -> None:
    s = magnitudes(sine(1000, 1.0, -6), RATE, 4096, 1024)
    assert s.shape == (2049, 44)
    assert s[:, 20].max() == pytest.approx(0.5, rel=0.1)
    assert int(np.argmax(s[:, 20])) == round(1000 * 4096 / RATE)
    assert magnitudes(np.zeros((1, 0), np.float32), RATE).shape == (1025, 0)
    assert magnitudes(np.ones((1, 1), np.float32), RATE).shape == (1025, 1)
    with pytest.raises(ValueError, match="hop"):
        magnitudes(sine(1000, 0.1), RATE, 1024, 0)


def test_mel_bands_cover_all_and_sum_to_one() -> None:
    bands = mel_bands(22050, 1024)
    assert bands.sum(axis=1) == pytest.approx(np.ones(64), abs=1e-5)
    assert (np.diff(bands.argmax(axis=1)) >= 0).all()


def test_rms_curve() -> None:
    x = np.concatenate([sine(441, 1.0, -3), sine(441, 0.53, -23)], axis=1)
    curve, rate = rms_curve(x, RATE, 0.1)
    assert rate == 10
    assert len(curve) == 16
    assert 20 * np.log10(curve[5]) == pytest.approx(-6.01, abs=0.01)
    assert 20 * np.log10(curve[-1]) == pytest.approx(-26.01, abs=0.2)


@pytest.mark.parametrize("name", SOUNDS)
@pytest.mark.parametrize("draw", [pictures.waveform, pictures.spectrogram, pictures.chromagram])
def test_every_sound_has_a_picture(name: str, draw: object) -> None:
    image = draw(SOUNDS[name], RATE, 400, 240)  # type: ignore[operator]
    assert image.size == (400, 240)
    data = png(image)
    assert data == png(draw(SOUNDS[name], RATE, 400, 240))  # type: ignore[operator]
    assert Image.open(io.BytesIO(data)).size == (400, 240)


def test_spectrogram_shows_the_tone_at_its_height() -> None:
    height, width = 480, 800
    image = np.asarray(pictures.spectrogram(sine(1000, 2.0), RATE, width, height), float)
    column = image[34 : height - 44, 400].sum(axis=1)
    rows = len(column)
    expected = np.log(20_000 / 1000) / np.log(20_000 / 30) * (rows - 1)
    assert int(np.argmax(column)) == pytest.approx(expected, abs=3)


def test_chromagram_shows_the_note_in_its_row() -> None:
    image = np.asarray(pictures.chromagram(sine(440, 2.0), RATE, 800, 400), float)
    column = image[34 : 400 - 44, 400].sum(axis=1)
    row = int(np.argmax(column)) / len(column) * 12
    assert 11 - 9 <= row < 12 - 9  # A, the tenth from below


def test_waveform_marks_clipping_and_fills_the_lane() -> None:
    loud = np.asarray(pictures.waveform(sine(100, 1.0, 0.0), RATE, 800, 300))
    soft = np.asarray(pictures.waveform(sine(100, 1.0, -12.0), RATE, 800, 300))
    coloured = [(x[:, 300:600] == colours.ACCENT).all(axis=2).sum() for x in (loud, soft)]
    assert coloured[0] > 2 * coloured[1] > 0
    assert (loud == colours.WARNING).all(axis=2).any()
    assert not (soft == colours.WARNING).all(axis=2).any()


def test_colour_map_rises_in_lightness() -> None:
    table = colours.ember().astype(float)
    light = table @ [0.2126, 0.7152, 0.0722]
    assert table.shape == (256, 3)
    assert (np.diff(light) > -1).all()
    assert light[-1] > 200
    assert light[0] < 10


@given(st.floats(0.001, 1e5), st.integers(2, 20))
def test_ticks_are_few_and_inside(high: float, most: int) -> None:
    found = ticks(0, high, most)
    assert 1 <= len(found) <= most + 1
    assert found[0] == 0
    assert found[-1] <= high * (1 + 1e-6)


def test_impossible_pictures_are_refused() -> None:
    with pytest.raises(ValueError, match="width"):
        pictures.waveform(SOUNDS["dc"], RATE, 10, 300)
    with pytest.raises(ValueError, match="begins between"):
        pictures.spectrogram(SOUNDS["dc"], RATE, low=1e6)
    with pytest.raises(ValueError, match=r"0\.100 s"):
        x = np.zeros((1, 9000), np.float32)
        x[0, 4410] = np.nan
        pictures.chromagram(x, RATE)
