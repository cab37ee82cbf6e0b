from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nawgraph.music import form
from nawgraph.values import Key
from nawgraph.values.score import SECTION_KINDS


@given(st.sampled_from(list(form.FORMS)), st.integers(1, 1000))
def test_any_form_fills_any_length_exactly(name, bars):
    sections = form.fit(form.FORMS[name], bars)
    assert sections[0].bar == 0 and sections[-1].end == bars
    assert all(a.end == b.bar for a, b in pairwise(sections))
    if bars >= 16:
        assert all(s.bars % 4 == 0 for s in sections[:-1])


def test_a_template_at_its_own_length_is_itself():
    for name, planned in form.FORMS.items():
        sections = form.fit(planned, sum(p.bars for p in planned))
        assert [(s.kind, s.bars) for s in sections] == [(p.kind, p.bars) for p in planned], name


@pytest.mark.parametrize(
    ("name", "kind"), [("song", "chorus"), ("club", "drop"), ("head", "theme"), ("waves", "theme")]
)
@pytest.mark.parametrize("bars", [1, 4, 8, 12, 16, 32])
def test_short_songs_keep_what_matters(name, kind, bars):
    assert kind in {s.kind for s in form.fit(form.FORMS[name], bars)}


def test_energy_tables_cover_every_kind():
    assert set(form.ENERGY) == set(form.LABELS) == set(SECTION_KINDS)
    assert {p.kind for planned in form.FORMS.values() for p in planned} <= set(SECTION_KINDS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("intro, verse, chorus, outro", [("intro", 0), ("verse", 0), ("chorus", 0), ("outro", 0)]),
        ("8-bar intro then a 16 bar drop", [("intro", 8), ("drop", 16)]),
        ("verse (8 bars) - pre-chorus 4 bars - chorus 8", [("verse", 8), ("prechorus", 4), ("chorus", 8)]),
        ("verse 1 chorus verse 2 refrain", [("verse", 0), ("chorus", 0), ("verse", 0), ("chorus", 0)]),
        ("breakbeat with hooks", []),
    ],
)
def test_forms_in_words(text, expected):
    found, left = form.mentions(text)
    assert [(m.kind, m.bars) for m in found] == expected
    assert len(left) == len(text)


def test_keys_of_sections():
    found, left = form.mentions("verse in c minor, then e♭ major for the chorus")
    assert [(m.kind, m.key) for m in found] == [("verse", Key(0, 0, "minor")), ("chorus", Key(0, 3, "major"))]
    assert left.split() == [",", "then"]


@given(
    st.lists(
        st.builds(form.Mention, st.sampled_from(SECTION_KINDS), st.sampled_from([0, 0, 4, 8])), min_size=1, max_size=9
    )
)
def test_written_forms_keep_their_order(mentions):
    sections = form.written(mentions, None)
    assert [s.kind for s in sections] == [m.kind for m in mentions]
    assert [s.bars for s in sections] == [m.bars or 8 for m in mentions]
    for bars in (1, 7, 32, 100):
        fitted = form.written(mentions, bars)
        assert fitted[-1].end == bars


@pytest.mark.parametrize(
    ("planned", "bars", "words"), [((), 8, "at least one"), (form.FORMS["song"], 0, "at least 1 bar")]
)
def test_impossible_forms(planned, bars, words):
    with pytest.raises(ValueError, match=words):
        form.fit(planned, bars)
