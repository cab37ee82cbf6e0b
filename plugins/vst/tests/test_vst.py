"""Plugins of Debian at work: mda-lv2 (LV2, through lilv) and zam-plugins (VST3, through pedalboard)."""

import numpy as np
import pytest
from nawgraph_vst import describe, effect, find, instrument, state

import nawgraph as ng

RATE = 48_000


def noise(frames: int = 30_000, channels: int = 1, rate: int = RATE) -> ng.Audio:
    rng = np.random.default_rng(0)
    return ng.Audio((rng.standard_normal((channels, frames)) * 0.1).astype(np.float32), rate)


def click(frames: int = 48_000) -> ng.Audio:
    samples = np.zeros((1, frames), np.float32)
    samples[0, 100] = 0.5
    return ng.Audio(samples, RATE)


def score(*notes: tuple[float, float, int]) -> ng.Score:
    """Notes (beat, beats, pitch) of one part in two bars at 120 bpm: four seconds."""
    beat = 960
    made = tuple(ng.Note(round(beat * at), round(beat * length), pitch, 100) for at, length, pitch in notes)
    return ng.Score(ng.Grid.of(120, 2), (ng.Part("other", "keys", notes=made),))


def test_both_kinds_are_listed() -> None:
    lines = describe().splitlines()
    assert any(line.startswith("vst3  ZamDelay  ") for line in lines)
    assert any(line.startswith("lv2   MDA Piano  ") for line in lines)


def test_a_plugin_tells_its_knobs_and_presets() -> None:
    assert "time_ms = 160 ms  (1 to 8000 ms) Time" in describe(plugin="ZamDelay")
    assert "preset: Concert Piano" in describe(plugin="mda piano")


@pytest.mark.parametrize("time", [50, 160])
def test_an_echo_comes_when_its_knob_says(time: int) -> None:
    made = effect(
        click(), plugin="ZamDelay", parameters=f"time_ms = {time}\ndry_wet = 1\nlpf_hz = 20000", ctx=ng.Context()
    )
    loudest = int(np.abs(made.samples[0]).argmax())
    assert loudest - 100 == pytest.approx(time * RATE / 1000, rel=0.01)


@pytest.mark.parametrize("plugin", ["ZamComp", "MDA Delay", "ZamGrains"])
def test_the_same_bits_again(plugin: str) -> None:
    first, again = (effect(noise(channels=2), plugin=plugin, ctx=ng.Context()).samples for _ in range(2))
    assert first.any()
    assert np.array_equal(first, again)


@pytest.mark.parametrize("channels", [1, 2])
def test_a_compressor_that_has_nothing_to_do_is_in_time_with_its_input(channels: int) -> None:
    sound = noise(channels=channels)
    made = effect(sound, plugin="ZamComp", parameters="threshold_db = 0\nmakeup_db = 0", ctx=ng.Context())
    assert made.samples.shape == sound.samples.shape
    np.testing.assert_allclose(made.samples, sound.samples, atol=1e-3)


def test_a_limiter_that_looks_ahead_is_in_time_with_its_input() -> None:
    sound = noise(channels=2)
    made = effect(sound, plugin="ZaMaximX2", ctx=ng.Context()).samples
    lags = range(-400, 401)
    mid = slice(1_000, 29_000)
    like = [float(np.dot(np.roll(made[0], lag)[mid], sound.samples[0][mid])) for lag in lags]
    assert abs(lags[int(np.argmax(like))]) <= 1


def test_the_mixture_is_of_dry_and_wet() -> None:
    sound = noise()
    wet, half = (effect(sound, plugin="MDA Overdrive", mix=mix, ctx=ng.Context()).samples for mix in (1.0, 0.5))
    np.testing.assert_allclose(half[:1], (sound.samples + wet[:1]) / 2, atol=1e-6)


@pytest.mark.parametrize("rate", [44_100, 48_000])
@pytest.mark.parametrize(("pitch", "hertz"), [(57, 220.0), (69, 440.0)])
def test_notes_have_their_pitch_and_moment(rate: int, pitch: int, hertz: float) -> None:
    made = instrument(
        score((2.0, 2.0, pitch)), plugin="MDA ePiano", parameters="random_tuning = 0", rate=rate, ctx=ng.Context()
    )
    assert made.frames == (4 + 2) * rate  # and its tail
    level = np.abs(made.samples).max(axis=0)
    first = int(np.argmax(level > 1e-4))
    assert rate <= first < rate + 0.005 * rate  # beat 2 at 120 bpm is one second
    part = made.samples[0, rate : rate + rate // 2] * np.hanning(rate // 2)
    spectrum = np.abs(np.fft.rfft(part, 8 * rate))
    low, high = round(8 * hertz * 0.9), round(8 * hertz * 1.1)
    found = (low + int(spectrum[low:high].argmax())) / 8
    assert abs(1200 * np.log2(found / hertz)) < 10


def test_a_preset_changes_the_sound_and_its_state_gives_it_back() -> None:
    notes = score((0.0, 1.0, 60))

    def play(**how: str) -> np.ndarray:
        return instrument(notes, plugin="MDA ePiano", **how, tail=0.0, ctx=ng.Context()).samples

    bright = play(preset="Bright")
    assert not np.array_equal(bright, play())
    assert np.array_equal(bright, play(state=state(plugin="MDA ePiano", preset="Bright")))


def test_settings_of_a_vst3_travel_as_its_state() -> None:
    settings = "threshold_db = -50\nratio = 10"
    text = state(plugin="ZamComp", parameters=settings)
    by_state, by_hand, plain = (
        effect(noise(), plugin="ZamComp", state=s, parameters=p, ctx=ng.Context()).samples
        for s, p in ((text, ""), ("", settings), ("", ""))
    )
    np.testing.assert_allclose(by_state, by_hand, atol=1e-6)
    assert not np.allclose(by_hand, plain, atol=1e-3)


def test_the_exact_name_means_this_code_only() -> None:
    exact = find(plugin="ZamComp")
    assert find(plugin=exact) == exact
    with pytest.raises(ValueError, match="in another version"):
        find(plugin=exact[:-4] + "0000")


@pytest.mark.parametrize(
    ("knobs", "sentence"),
    [
        ({"plugin": ""}, "plugin names none"),
        ({"plugin": "No Such"}, "there is no 'No Such'; looked into /usr/lib"),
        ({"plugin": "MDA Piano"}, "takes no sound: it is for vst.instrument"),
        ({"plugin": "ZamDelay", "parameters": "tyme_ms = 3"}, "has no 'tyme_ms'; it has"),
        ({"plugin": "ZamDelay", "parameters": "time_ms = 9e9"}, "time_ms must be from 1 to 8000 ms, got '9e9'"),
        ({"plugin": "ZamDelay", "parameters": "time_ms"}, "no line of the kind name = value"),
        ({"plugin": "ZamDelay", "preset": "Hall"}, "VST3 presets are files"),
        ({"plugin": "MDA Delay", "preset": "Hall"}, "has no 'Hall'"),
        ({"plugin": "MDA Delay", "state": "%%%"}, "no text that vst.state made"),
        ({"plugin": "MDA Delay", "state": "YWJj"}, "state: it is not one of MDA Delay"),
    ],
)
def test_what_does_not_fit_is_one_sentence(knobs: dict[str, str], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as said:
        effect(noise(2_000), **knobs, ctx=ng.Context())
    assert "\n" not in str(said.value)


def test_an_effect_plays_no_notes_and_a_part_must_be_there() -> None:
    with pytest.raises(ValueError, match=r"plays no notes: it is for vst\.effect"):
        instrument(score((0.0, 1.0, 60)), plugin="ZamDelay", ctx=ng.Context())
    with pytest.raises(ValueError, match="the score has no 'bass'; it has other/keys"):
        instrument(score((0.0, 1.0, 60)), plugin="MDA Piano", part="bass", ctx=ng.Context())
