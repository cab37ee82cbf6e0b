"""The render space and phases: spectra, bands, latents and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nawgraph.models.render import space
from nawgraph.models.render.conditions import note_bands, notes_of, slots
from nawgraph.models.render.controls import curves, followed
from nawgraph.models.render.phase import inverse, missing, phases
from nawgraph.values import STEMS, Grid, Note, Part, Score


def sine(hertz: float, seconds: float = 1.0) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * np.arange(round(seconds * space.RATE)) / space.RATE).astype(np.float32)


@pytest.mark.parametrize("stem", STEMS)
def test_a_full_scale_sine_is_0_db_in_its_band_and_silence_is_the_floor(stem: str) -> None:
    tone = space.features(stem, np.stack([sine(1000.0)] * 2))
    bands = tone[20:-20, : -space.SIDES]
    bands = bands.reshape(len(bands), -1, len(space.edges_of(stem)) - 1)
    bin_ = round(1000 / space.RATE * (space.DRUM_SIZE if stem == "drums" else space.TONAL_SIZE))
    band = int(np.searchsorted(space.edges_of(stem), bin_, side="right")) - 1
    assert (bands.argmax(axis=2) == band).all()
    assert abs(bands.max(axis=2)).max() < 0.3  # the Hann window spreads a sine over three bins: at most 1.8 dB more
    assert tone[20:-20, -space.SIDES :].max() < -2.9  # mono
    silent = space.features(stem, np.zeros((2, 5000), np.float32))
    assert silent[:, : -space.SIDES] == pytest.approx(np.log10(space.FLOOR), abs=1e-4)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9])
def test_width_comes_back(share: float) -> None:
    rng = np.random.default_rng(1)
    mid, side = rng.standard_normal((2, 60_000)).astype(np.float32) * 0.1
    amount = np.float32(np.sqrt(share / (1 - share)))
    found = space.features("other", np.stack([mid + amount * side, mid - amount * side]))
    heard = space.side_share(found[20:-20, -space.SIDES :].mean(axis=0))
    assert heard == pytest.approx(np.full(space.SIDES, amount), rel=0.15, abs=0.02)


@given(st.integers(0, 2**31))
def test_latents_are_the_features_as_far_as_their_components_reach(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = (rng.standard_normal((500, 6)) @ rng.standard_normal((6, 134)) * 0.3 - 4).astype(np.float32)
    rows[:, -space.SIDES :] = rng.uniform(-3, 0, (500, space.SIDES))
    basis = space.fit("bass", rows)
    known = space.Space(dict.fromkeys(STEMS, basis))
    latents = known.encode("bass", rows)
    assert latents.shape == (500, space.LATENTS["bass"] + space.SIDES)
    assert known.decode("bass", latents) == pytest.approx(rows, abs=2e-3)
    again = space.Space.of(known.arrays())
    assert np.array_equal(again.encode("bass", rows), latents)


@given(st.integers(0, 2**31))
def test_latents_of_regions_add_up_to_those_of_the_whole(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((300, 134)).astype(np.float32)
    for stem in ("drums", "other"):
        known = space.Space(dict.fromkeys(STEMS, space.fit(stem, rows)))
        keep = (rng.random((300, len(space.REGIONS) - 1)) < 0.5).astype(np.float32)
        kept, rest = (known.encode_kept(stem, rows, part) for part in (keep, 1 - keep))
        assert kept + rest == pytest.approx(known.encode(stem, rows), abs=1e-3)
        assert not known.encode_kept(stem, rows, np.zeros_like(keep)).any()


@pytest.mark.parametrize("stem", ["drums", "bass"])
def test_the_regions_of_a_stem_are_where_sines_are_heard(stem: str) -> None:
    for hertz, region in ((90, 0), (500, 1), (2_000, 2), (6_000, 3)):
        bands = space.features(stem, np.stack([sine(hertz)] * 2))[20, : -space.SIDES]
        assert space.regions_of(stem)[bands.argmax()] == region


@given(st.integers(0, 2**31), st.floats(-0.3, 0.2), st.floats(0.2, 0.8))
def test_courses_of_level_and_brightness_are_reached(seed: int, louder: float, bright: float) -> None:
    rng = np.random.default_rng(seed)
    slope = np.linspace(0, -2, 128) - 3
    rows = np.concatenate([slope + 0.2 * rng.standard_normal((120, 128)), np.full((120, 6), -3.0)], axis=1)
    rows = rows.astype(np.float32)
    level = curves("other", rows)[:, 0].astype(np.float64)
    wanted = np.clip(level + louder, 0.3, 1)
    made = curves("other", followed("other", rows, wanted, None))
    assert np.median(60 * np.abs(made[:, 0] - wanted)) < 0.5  # dB
    made = curves("other", followed("other", rows, None, np.full(120, bright)))
    assert np.median(np.abs(made[:, 1] - bright)) < 0.03
    assert np.median(60 * np.abs(made[:, 0] - level)) < 0.5
    silence = np.full((50, 134), -7.5, np.float32)
    assert np.allclose(followed("other", silence, np.full(50, 0.9), np.full(50, 0.9)), silence, atol=1e-4)


def sounding(spectrum: np.ndarray, size: int, hop: int, length: int) -> np.ndarray:
    """All samples of a transform, [length]."""
    made = inverse(spectrum.astype(np.complex64), size, hop)
    rise, fall = missing(size, hop)
    made[:size] *= rise
    made[-size:] *= fall
    return made[size // 2 :][:length]


@pytest.mark.parametrize(("size", "hop"), [(4096, 512), (1024, 256)])
def test_phases_make_sound_with_the_magnitudes_that_were_asked(size: int, hop: int) -> None:
    sound = sum(sine(f, 1.5) * a for f, a in ((220, 0.3), (443.7, 0.2), (1234.5, 0.1)))
    sound = sound * np.linspace(0, 1, len(sound)) ** 2
    frames = len(sound) // hop + 1
    wanted = np.abs(space.spectrum(sound.astype(np.float32), size, hop, frames))
    rng = np.random.default_rng(0)
    random = rng.uniform(-np.pi, np.pi, wanted.shape)

    def miss(turn: np.ndarray) -> float:
        made = sounding(wanted * np.exp(1j * turn), size, hop, len(sound))
        return float(np.linalg.norm(np.abs(space.spectrum(made, size, hop, frames)) - wanted) / np.linalg.norm(wanted))

    assert miss(phases(wanted, size, hop, rng)) < 0.08 < 0.4 < miss(random)


def test_true_phases_give_the_sound_back() -> None:
    sound = sine(300.0) * 0.5
    known = space.spectrum(sound, 1024, 256, len(sound) // 256 + 1)
    centred = known * np.exp(1j * np.pi * np.arange(known.shape[1]))
    assert sounding(centred, 1024, 256, len(sound)) == pytest.approx(sound, abs=1e-5)


@given(st.integers(24, 100))
def test_a_notes_template_is_strongest_where_its_sine_is(pitch: int) -> None:
    hertz = 440 * 2 ** ((pitch - 69) / 12)
    tone = space.features("other", np.stack([sine(hertz, 0.5)] * 2))[10, : -space.SIDES]
    assert abs(int(tone.argmax()) - int(note_bands()[pitch].argmax())) <= 1


def test_slots_of_a_window_are_the_same_as_those_of_the_whole() -> None:
    notes = tuple(Note(start=240 * i, length=200, pitch=48 + i % 24, syllable="la" if i % 2 else "") for i in range(64))
    drums = tuple(Note(start=480 * i, length=100, pitch=36 if i % 2 else 42) for i in range(32))
    score = Score(
        grid=Grid(bars=4),
        parts=(Part("drums", "kit", "kit.house", drums), Part("vocals", "voice", "voice.soprano", notes)),
    )
    parts = [notes_of(part, score) for part in score.parts]
    whole = slots(parts, 0, 300)
    assert [(s.stem, s.instrument) for s in whole] == [("drums", "kit.house"), ("vocals", "voice.soprano")]
    for one, part in zip(whole, slots(parts, 100, 64), strict=True):
        assert part.frames == pytest.approx(one.frames[100:164], abs=0.02)
