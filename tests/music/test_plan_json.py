import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nawgraph.music import rules
from nawgraph.music.compose import compose
from nawgraph.music.plan_json import SCHEMA, parse_plan
from nawgraph.values import Key

GOOD = {
    "title": "Night Drive", "style": "synthwave", "key": "A minor", "bpm": 104, "meter": "4/4",
    "sections": [
        {"kind": "intro", "bars": 4, "energy": 0.3, "chords": ["i", "VI", "III", "VII"]},
        {"kind": "verse", "bars": 8, "chords": ["i", "VI"]},
        {"kind": "chorus", "bars": 4, "energy": 0.9, "key": "C major", "chords": ["I", "V", "vi", "IV"] * 2,
         "stems": {"vocals": "none", "drums": {"density": 0.9}, "other": {"style": "disco"}}},
    ],
}  # fmt: skip


def test_a_plan_is_played_as_written():
    plan = parse_plan(json.dumps(GOOD))
    assert plan.repairs == () and plan.title == "Night Drive"
    score = compose(plan.blueprint, seed=3)
    assert [(s.kind, s.bars) for s in score.sections] == [("intro", 4), ("verse", 8), ("chorus", 4)]
    assert score.bpm == 104 and score.style == "synthwave"
    assert score.keys == (Key(0, 9, "minor"), Key(12, 0, "major"))
    roots = [c.root for c in score.chords]
    assert roots[:4] == [9, 5, 0, 7]
    assert roots[-8:] == [0, 7, 9, 5] * 2
    assert rules.bass_roots(score) >= 0.95
    start = score.grid.bar_start(12)
    assert not [n for p in score.of_stem("vocals") for n in p.notes if n.start >= start]


def test_chords_may_be_left_to_the_grammar():
    plan = parse_plan('{"sections": [{"kind": "verse"}, {"kind": "chorus", "bars": 4}]}')
    assert plan.blueprint.grid.bars == 12
    assert plan.blueprint.chords[-1].end == plan.blueprint.grid.ticks


@pytest.mark.parametrize(
    ("text", "repair"),
    [
        ('Here you are:\n```json\n{"sections": [{"kind": "verse"}]}\n```', "Text around"),
        ('{"sections": [{"kind": "verse",},],}', "Slips"),
        ("{'sections': [{'kind': 'verse'}]}", "Slips"),
        ('{"plan": {"sections": [{"kind": "verse"}]}}', "nested"),
        ('{"form": [{"kind": "verse"}]}', "another name"),
        ('{"sections": [{"kind": "Verse 1"}]}', "read as verse"),
        ('{"sections": ["Pre-Chorus", "outro"]}', "read as prechorus"),
        ('{"bpm": "120 bpm", "sections": ["verse"]}', "came as text"),
        ('{"bpm": 900, "sections": ["verse"]}', "400 is used"),
        ('{"style": "polka", "sections": ["verse"]}', "no style 'polka'"),
        ('{"key": "C major", "sections": [{"kind": "verse", "chords": ["Am7", "F", "C", "G"]}]}', "Am7 is read as vi7"),
        ('{"sections": [{"kind": "verse", "stems": {"flute": "none"}}]}', "no stem 'flute'"),
    ],
)
def test_slips_are_repaired_and_reported(text, repair):
    plan = parse_plan(text)
    assert any(repair in r for r in plan.repairs), plan.repairs
    assert compose(plan.blueprint, seed=1).parts


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not JSON"),
        ("I am sorry, I cannot do that.", "not JSON"),
        ("{broken", "not JSON"),
        ('{"a": }', "not valid JSON"),
        ("{" * 5000 + "}" * 5000, "not valid JSON"),
        ('{"key": "C minor"}', "no sections"),
        ('{"sections": []}', "no sections"),
        ('{"sections": [7]}', "section 1 must be"),
        ('{"sections": [{"bars": 4}]}', "section 1 has no kind"),
        ('{"sections": [{"kind": "blorp"}]}', "unknown kind"),
        ('{"key": "H# minor", "sections": ["verse"]}', "no key"),
        ('{"meter": "4/5", "sections": ["verse"]}', "meter"),
        ('{"sections": [{"kind": "verse", "chords": ["hello"]}]}', "no Roman numeral"),
        ('{"sections": [{"kind": "verse", "chords": [1, 2]}]}', "list of Roman numerals"),
        ('{"sections": [{"kind": "verse", "bars": "many"}]}', "bars of section 1"),
        (json.dumps({"sections": [{"kind": "verse", "bars": 900}] * 2}), "at most 1,000"),
        (json.dumps({"sections": ["verse"] * 300}), "at most 200"),
        ('{"bpm": NaN, "sections": ["verse"]}', "bpm must be a number"),
        ("{" + " " * 300_000 + "}", "characters"),
    ],
)
def test_nonsense_is_refused_in_one_sentence(text, words):
    with pytest.raises(ValueError, match=words) as error:
        parse_plan(text)
    assert "\n" not in str(error.value) and len(str(error.value)) < 250


FIELDS = [*SCHEMA["properties"], "kind", "bars", "energy", "chords", "stems", "label", "drums"]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["verse", "i", "4/4"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=5), JSON)
def test_any_json_is_read_or_refused(data, section):
    try:
        parse_plan(json.dumps({**data, "sections": [section]}))
    except ValueError as error:
        assert "\n" not in str(error)
