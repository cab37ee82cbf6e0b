"""Sound nodes, as they stand in a graph: what they give, what they refuse, and the same bits each time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from lab import Lab, graph, n, turned

from nawgraph.audio import files
from nawgraph.context import Context
from nawgraph.nodes import audio as nodes
from nawgraph.values import Audio


def sound(frames: int = 4410, channels: int = 1, rate: int = 44_100, level: float = 0.5) -> Audio:
    return Audio(np.full((channels, frames), level, np.float32), rate)


def tone(**knobs: Any) -> Audio:
    return nodes.tone(**knobs, ctx=Context())


def test_a_sine_has_its_frequency_level_and_length():
    made = tone(frequency=441.0, seconds=1.0, level=-6.0)
    assert (made.channels, made.frames, made.rate) == (1, 44_100, 44_100)
    spectrum = np.abs(np.fft.rfft(made.samples[0]))
    assert int(spectrum.argmax()) == 441
    assert np.abs(made.samples).max() == pytest.approx(10 ** (-6 / 20), rel=1e-4)


def test_an_hour_in_a_sine_is_as_exact_as_its_beginning():
    long = tone(frequency=441.0, seconds=60.0, rate=44_100)
    np.testing.assert_allclose(long.samples[0, -44_100:], long.samples[0, :44_100], atol=1e-6)


def test_noise_follows_from_its_seed_and_a_click_marks_seconds():
    assert (
        tone(shape="noise", seed=1).digest()
        == tone(shape="noise", seed=1).digest()
        != tone(shape="noise", seed=2).digest()
    )
    clicks = tone(shape="click", seconds=3.0, rate=8000, level=0.0)
    assert np.flatnonzero(clicks.samples[0]).tolist() == [0, 8000, 16_000]


def test_gain_in_decibels_and_none_at_all():
    assert nodes.gain(sound(), db=20).samples.max() == pytest.approx(5.0)
    same = sound()
    assert nodes.gain(same, db=0) is same


def test_gain_as_a_stream_is_gain():
    whole = tone(shape="noise", seconds=0.5)
    parts, state = [], None
    for start in range(0, whole.frames, 5000):
        chunk, state = nodes._gain_step(
            Audio(whole.samples[:, start : start + 5000].copy(), whole.rate), state, db=-7.5
        )
        assert chunk is not None
        parts.append(chunk.samples)
    tail, _ = nodes._gain_step(None, state, db=-7.5)
    assert tail is None
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), nodes.gain(whole, db=-7.5).samples)


def test_trimming():
    made = nodes.trim(sound(44_100), start=0.25, length=0.5)
    assert made.frames == 22_050
    assert nodes.trim(sound(44_100), start=0.75).frames == 11_025
    assert nodes.trim(sound(44_100), start=0.5, length=99).frames == 22_050
    faded = nodes.trim(sound(44_100), fade_in=0.1, fade_out=0.1)
    assert faded.samples[0, 0] < 0.001 and abs(faded.samples[0, -1]) < 0.01 and faded.samples[0, 22_050] == 0.5
    with pytest.raises(ValueError, match="start is 2 s, but the sound ends at 1 s"):
        nodes.trim(sound(44_100), start=2)


def test_joining_in_a_row():
    made = nodes.concat([sound(100, level=0.1), sound(200, level=0.2)])
    assert made.frames == 300 and made.samples[0, 99] == np.float32(0.1) and made.samples[0, 100] == np.float32(0.2)
    assert nodes.concat([sound(44_100), sound(44_100)], crossfade=0.5).frames == 66_150


def test_mixing():
    made = nodes.mix([sound(100), sound(200, channels=2)])
    assert made.channels == 2 and made.frames == 200
    quiet = nodes.mix([sound(10), sound(10)], gains=[-20.0], db=0.0)
    assert quiet.samples[0, 0] == pytest.approx(0.55)
    with pytest.raises(ValueError, match="gains has 3 numbers for 1 sounds"):
        nodes.mix([sound()], gains=[0.0, 0.0, 0.0])


@pytest.mark.parametrize("node", [nodes.mix, nodes.concat])
def test_nothing_to_mix_is_a_sentence_and_rates_are_brought_together(node: Any):
    with pytest.raises(ValueError, match="wire at least one sound"):
        node([])
    made = node([sound(44_100), sound(48_000, rate=48_000)])
    assert made.rate == 44_100 and made.frames in (44_100, 88_200)


def test_resampling_keeps_the_length_in_seconds():
    assert nodes.resample(sound(44_100), rate=48_000).frames == 48_000
    same = sound()
    assert nodes.resample(same, rate=44_100) is same


def test_measuring():
    assert nodes.info(sound(44_100, channels=2)).startswith("1.000 s, 44100 Hz, 2 channels, peak -6.0 dBFS")


def test_loading_what_was_written(lab: Lab):
    files.write(lab.folder / "in.wav", sound(1000, 2), "wav", "32-float")
    document = graph(l=n("audio.load", file="in.wav"), i=n("audio.info", audio="@l.audio"))
    result = lab.run(document)
    np.testing.assert_array_equal(result["l"].samples, sound(1000, 2).samples)
    files.write(lab.folder / "in.wav", sound(2000), "wav", "32-float")
    assert lab.run(document)["l"].frames == 2000


@pytest.mark.parametrize(("name", "words"), [("", "file is empty"), ("gone.wav", "gone.wav"), ("text.wav", "text.wav")])
def test_a_file_that_cannot_be_loaded_is_a_sentence(lab: Lab, name: str, words: str):
    (lab.folder / "text.wav").write_text("no sound at all")
    error = lab.run(graph(l=n("audio.load", file=name))).nodes["l"].error or ""
    assert words in error and "\n" not in error


def test_a_knob_of_a_chain_of_sound_nodes_reruns_what_follows(lab: Lab):
    document = graph(
        t=n("audio.tone", seconds=0.1),
        g=n("audio.gain", audio="@t.audio", db=-3),
        c=n("audio.concat", sounds=["@t.audio", "@g.audio"]),
        m=n("audio.mix", sounds=["@c.audio", "@t.audio"]),
    )
    first = lab.run(document)["m"].digest()
    again = lab.run(turned(document, "g", db=-6))
    assert [id for id, r in again.nodes.items() if r.state == "cached"] == ["t"]
    assert again["m"].digest() != first == lab.run(document)["m"].digest()
