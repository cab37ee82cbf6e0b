"""The voice: spelling, formants, words that are heard, legato."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nawgraph.synth import INSTRUMENTS, Desk, Phrase, Tone
from nawgraph.synth.phonemes import HUMS, NOISES, VOWELS, Formants, Sung, sung
from nawgraph.synth.singer import Singer, score

RATE = 44100


@pytest.mark.parametrize(
    ("written", "heard"),
    [
        ("la", Sung("l", "a", "")),
        ("night", Sung("n", "ai", "t")),
        ("shine", Sung("S", "ai", "n")),
        ("love", Sung("l", "o", "v")),
        ("you", Sung("y", "u", "")),
        ("fly", Sung("fl", "ai", "")),
        ("ooh", Sung("", "u", "")),
        ("stars", Sung("st", "a", "rs")),
        ("Schön", Sung("S", "e", "n")),
        ("niño", Sung("n", "i", "n")),
        ("mm", Sung("m", "a", "")),
        ("shi-", Sung("S", "i", "")),
    ],
)
def test_spelling(written: str, heard: Sung) -> None:
    assert sung(written) == heard


@given(st.text(max_size=12))
def test_any_text_can_be_sung(text: str) -> None:
    read = sung(text)
    if read is not None:
        assert read.vowels
        assert set(read.vowels) <= set("aeiou")
        assert set(read.onset + read.coda) <= set(HUMS) | set(NOISES)


def test_hyphens_and_nothing_prolong_the_vowel() -> None:
    assert sung("") is None
    assert sung("-") is None
    tones = [Tone(0, 22_050, 60, syllable="moon"), Tone(22_050, 22_050, 62, syllable="-")]
    moments, _ = score(tones, RATE, VOWELS["tenor"])
    assert moments[-1].formants == VOWELS["tenor"]["u"]


def envelope(sound: np.ndarray, hertz: float, width: float = 260.0) -> float:
    """Level around a frequency."""
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    at = np.fft.rfftfreq(len(sound), 1 / RATE)
    return float(np.sqrt(power[np.abs(at - hertz) < width].sum()))


def answer(formants: Formants, hertz: np.ndarray) -> np.ndarray:
    """dB of a tract with these formants at some frequencies, without the signs of its branches."""
    rows = [10 ** (db / 20) / np.sqrt(1 + ((hertz**2 - f**2) / (hertz * width)) ** 2) for f, db, width in formants]
    return 10 * np.log10(np.sum(np.square(rows), axis=0))


@pytest.mark.parametrize("vowel", "aeiou")
def test_a_sung_vowel_has_its_own_formants(vowel: str) -> None:
    """The harmonics up to 3 kHz follow the tract of the vowel that was written, better than that of any other."""
    tract = VOWELS["tenor"]
    written = {"i": "ee"}.get(vowel, vowel)
    phrase = Phrase((Tone(0, RATE, 45, 100, syllable=written),))
    sound = (
        replace(Singer("tenor"), vibrato=0.0, wander=0.0).play(phrase, Desk(RATE))[0, RATE // 4 : RATE].astype(float)
    )
    hertz = 110.0 * np.arange(1, 28)
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    heard = 10 * np.log10([power[round(f * len(sound) / RATE) + np.arange(-4, 5)].sum() for f in hertz])
    heard += 20 * np.log10(hertz)
    likeness = {name: np.corrcoef(heard, answer(formants, hertz))[0, 1] for name, formants in tract.items()}
    assert max(likeness, key=likeness.__getitem__) == vowel


def test_an_s_hisses_and_a_stop_is_a_gap() -> None:
    def sung_sound(text: str) -> np.ndarray:
        phrase = Phrase((Tone(0, 30_000, 57, 100), Tone(30_000, 30_000, 57, 100, 1, text)))
        return INSTRUMENTS["voice.tenor"].play(phrase, Desk(RATE))[0].astype(float)

    consonant = slice(30_000, 33_000)
    assert envelope(sung_sound("sa")[consonant], 8_000, 2_500) > 5 * envelope(sung_sound("la")[consonant], 8_000, 2_500)
    closure = slice(30_600, 31_200)
    assert np.abs(sung_sound("ta")[closure]).mean() < 0.4 * np.abs(sung_sound("a")[closure]).mean()


def test_legato_has_no_gap() -> None:
    phrases = INSTRUMENTS["voice.soprano"].phrases(
        [Tone(0, RATE // 2, 67), Tone(RATE // 2, RATE // 2, 71, 96, 1)], RATE
    )
    assert len(phrases) == 1
    sound = np.abs(INSTRUMENTS["voice.soprano"].play(phrases[0], Desk(RATE))[0])
    level = np.convolve(sound, np.ones(882) / 882, "same")[4_000 : RATE - 2_000]
    assert level.min() > 0.4 * np.median(level)


def test_a_choir_is_wide_and_sings_chords() -> None:
    choir = INSTRUMENTS["voice.choir"]
    tones = [Tone(0, RATE, pitch, 96, i, "ah") for i, pitch in enumerate((60, 64, 67))]
    phrases = choir.phrases(tones, RATE)
    assert len(phrases) == 3
    sound = choir.play(phrases[0], Desk(RATE))
    assert np.corrcoef(sound)[0, 1] < 0.9
