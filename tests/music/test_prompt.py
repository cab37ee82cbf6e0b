import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nawgraph.music.prompt import interpolate, read
from nawgraph.music.styles import STYLES
from nawgraph.values import Key, Keyframe, Prompt

CASES = {
    "lo-fi hip hop, 84 bpm, D minor": {"styles": (("lo-fi", 1.0),), "bpm": 84, "key": Key(0, 2, "minor")},
    "Drum & Bass at 174 in F# dorian": {"styles": (("drum and bass", 1.0),), "bpm": 174, "key": Key(0, 6, "dorian")},
    "70% techno, 30% jazz": {"styles": (("techno", 0.7), ("jazz", 0.3))},
    "techno 70% jazz 30%": {"styles": (("techno", 0.7), ("jazz", 0.3))},
    "a waltz for strings and flute": {"meter": (3, 4), "instruments": ("strings.ensemble", "lead.flute")},
    "rock in 7/8, 90 seconds": {"meter": (7, 8), "seconds": 90.0},
    "funk, 2:30 long": {"seconds": 150.0},
    "sixteen bars of reggae": {"bars": 16},
    "instrumental trap": {"vocals": False},
    "ambient without vocals": {"vocals": False, "unread": ()},
    "disco with female vocals": {"vocals": True, "voice": "voice.soprano"},
    "a choir over dark orchestral music": {"vocals": True, "voice": "voice.choir", "mode": "minor"},
    "80s synth pop with a funky synth bass": {"styles": (("synthwave", 0.7143), ("funk", 0.2857))},
    "acid bass in a house track": {"styles": (("house", 1.0),), "instruments": ("bass.acid",)},
    "a song, no jazz": {"styles": (), "avoid": ("jazz",)},
    "no drums, just piano": {"without": ("drums",), "instruments": ("keys.piano",)},
    "jazz with rhodes, no piano": {"instruments": ("keys.epiano",), "banned": ("keys.piano",)},
    "sparse and calm": {"density": 0.15, "energy": 0.25},
    "energy 0.7, density 30%": {"energy": 0.7, "density": 0.3},
    "lo-fi with a lazy swing": {"styles": (("lo-fi", 1.0),), "swing": 640},
    "trap, 140, 808s": {"bpm": 140, "seconds": None, "instruments": ("bass.808",)},
    "electric guitars and synth plucks": {"instruments": ("guitar.electric", "pluck.synth")},
    "swing 62%": {"swing": 620},
    "happy song": {"mode": "major", "moods": ("happy",)},
    "E♭ major": {"key": Key(0, 3, "major")},
    "Ebm": {"key": Key(0, 3, "minor")},
    "h-moll": {"key": Key(0, 11, "minor")},
    "in the key of D": {"key": Key(0, 2, "major")},
    "verse, chorus, verse, chorus": {"bars": None},
    "": {"styles": (), "bpm": None, "unread": (), "notes": ()},
}


@pytest.mark.parametrize("text", CASES)
def test_what_is_read(text):
    brief = read(text)
    for name, value in CASES[text].items():
        assert getattr(brief, name) == value, (name, brief)


@pytest.mark.parametrize("text", [t for t in CASES if "unread" not in CASES[t]])
def test_understood_prompts_leave_nothing_unread(text):
    assert read(text).unread == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("200 bpm ambient", "explicit 200 bpm wins"),
        ("tempo 900", "400 bpm is used"),
        ("5 bpm", "20 bpm is used"),
        ("120 bpm or 140 bpm", "the first, 120 bpm"),
        ("H# minor", "no key “h# minor”"),
        ("in 4/3", "4/3 is no meter"),
        ("100000 bars", "100,000 bars became 1,000"),
        ("0 bars", "0 bars became 1"),
        ("C minor then E♭ major", "moves from C minor to Eb major"),
        ("no vocals but with a singer", "instrumental"),
        ("slow, 180 bpm", "the number wins"),
        ("fast slow", "“fast” and “slow” contradict each other"),
        ("major minor house", "“major” and “minor” contradict each other"),
        ("C minor major", "the first, “C minor”, holds"),
        ("sparse but dense ambient", "“sparse” and “dense”"),
        ("low energy, high energy", "the first, “low energy”, holds"),
        ("loud, quiet", "“quiet” and an energy of 0.85"),
        ("calm, energetic", "keeps to the middle"),
        ("techno, no techno", "Techno is both asked for and ruled out"),
        ("swung, straight", "the song swings"),
        ("happy and sad", "major and minor"),
        ("swing 90%", "75 %"),
        ("16 bars, 90 seconds", "16 bars hold"),
        ("piano, no piano", "stays out"),
        ("glorp techno", "Not understood and left out: glorp"),
        ("x" * 30_000, "Only the first 20,000"),
    ],
)
def test_contradictions_are_settled_and_said(text, words):
    notes = read(text).notes
    assert any(words in note for note in notes), notes
    assert all("\n" not in note and note.endswith(".") for note in notes)


@pytest.mark.parametrize(
    "text",
    [
        "fast, very fast",
        "swing jazz, no swing",
        "calm, mellow",
        "C minor, natural minor",
        "C minor then E♭ major, major",
    ],
)
def test_what_agrees_is_no_contradiction(text):
    assert not any("contradict" in note for note in read(text).notes)


def test_other_languages_and_emoji_are_reported():
    brief = read("ein trauriges Lied 🎹 für Ångström, 悲しい曲, techno")
    assert {"trauriges", "🎹", "悲しい曲", "ångström"} <= set(brief.unread)
    assert brief.styles == (("techno", 1.0),)


KNOWN = [
    "techno",
    "jazz",
    "120",
    "bpm",
    "no",
    "vocals",
    "verse",
    "chorus",
    "7/8",
    "%",
    "C#",
    "minor",
    "drums",
    "3",
    "bars",
    "piano",
    "energy",
]


@settings(max_examples=200)
@given(st.text(max_size=300))
def test_any_text_is_read(text):
    brief = read(text)
    assert brief.bpm is None or 20 <= brief.bpm <= 400
    assert brief.bars is None or 1 <= brief.bars <= 1000
    assert all(isinstance(w, str) and w for w in brief.unread)


@settings(max_examples=100)
@given(
    st.lists(
        st.sampled_from(
            [
                "techno",
                "jazz",
                "120",
                "bpm",
                "no",
                "vocals",
                "verse",
                "chorus",
                "7/8",
                "%",
                "C#",
                "minor",
                "drums",
                "3",
                "bars",
                "piano",
                "energy",
            ]
        )
    )
)
def test_any_mix_of_known_words_is_read(words):
    assert read(" ".join(words)) == read(" ".join(words))


def test_ten_thousand_characters():
    brief = read("dark techno with bells and a mysterious qwzx. " * 220)
    assert brief.styles == (("techno", 1.0),) and brief.unread == ("qwzx",)


@pytest.mark.parametrize("style", STYLES.values(), ids=lambda s: s.name)
def test_every_style_is_known_by_all_its_names(style):
    for word in (style.name, *style.words):
        assert read(f"a {word} track").styles == ((style.name, 1.0),), word


def test_keyframes_are_interpolated():
    prompt = Prompt((Keyframe(0, "techno, energy 0.2, C minor, 120 bpm"), Keyframe(16, "jazz, energy 0.8, D major")))
    assert dict(interpolate(prompt, 0).styles) == {"techno": 1.0}
    middle = interpolate(prompt, 8)
    assert dict(middle.styles) == {"techno": 0.5, "jazz": 0.5}
    assert middle.energy == pytest.approx(0.5) and middle.key == Key(0, 0, "minor")
    end = interpolate(prompt, 20)
    assert dict(end.styles) == {"jazz": 1.0} and end.key == Key(0, 2, "major") and end.bpm == 120


def test_a_keyframe_counts_as_much_as_its_weight():
    prompt = Prompt((Keyframe(0, "techno", 1.0), Keyframe(16, "jazz", 0.5)))
    assert dict(interpolate(prompt, 8).styles) == {
        "techno": pytest.approx(2 / 3, abs=1e-3),
        "jazz": pytest.approx(1 / 3, abs=1e-3),
    }
