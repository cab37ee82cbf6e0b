import numpy as np
import pytest

from nawgraph.values import Chord, Grid, Key, Keyframe, Note, Part, Prompt, Score, Section


def test_parts_sort_their_notes_and_give_a_table():
    part = Part("bass", "b", notes=(Note(10, 5, 40), Note(0, 5, 50, 70, "", -3), Note(0, 5, 40)))
    assert [(n.start, n.pitch) for n in part.notes] == [(0, 40), (0, 50), (10, 40)]
    assert part.table.tolist()[1] == [0, 5, 50, 70, -3] and part.end == 15
    with pytest.raises(ValueError, match="read-only"):
        part.table[0, 0] = 1
    assert Part("bass", "b").table.shape == (0, 5) and Part("bass", "b").end == 0


def test_spans_hold_swing_and_shifts():
    grid = Grid.of(120, 1, swing=750)
    part = Part("other", "a", notes=(Note(0, 480, 60, shift=-1000), Note(480, 480, 60, shift=1000)))
    spans = part.spans(grid, 48000)
    assert spans.tolist() == [[0, 18000 - 48], [18000 + 48, 24000 + 48]]
    assert (np.diff(spans) >= 1).all()


def test_finding_things_by_time():
    score = Score(
        Grid(bars=4),
        (Part("bass", "b"), Part("other", "x"), Part("other", "y")),
        (Key(0, 0), Key(2, 3)),
        (Chord(0, 960, 0), Chord(1920, 960, 5)),
        (Section(0, 3, "verse"), Section(3, 1, "outro")),
    )
    assert [p.name for p in score.of_stem("other")] == ["x", "y"]
    assert [score.key_at(b).tonic for b in range(4)] == [0, 0, 3, 3]
    assert [score.section_at(b).kind for b in (0, 2, 3)] == ["verse", "verse", "outro"]
    assert score.chord_at(959).root == 0 and score.chord_at(1000) is None and score.chord_at(1920).root == 5
    assert Score().key_at(0) is None and Score().chord_at(0) is None and Score().section_at(0) is None
    assert score.bars == 4 and score.bpm == 120 and score.ticks == 4 * 3840


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Note(-1, 1, 60), "start"),
        (lambda: Note(0, 0, 60), "length"),
        (lambda: Note(0, 1, 128), "pitch"),
        (lambda: Note(0, 1, 60, 0), "velocity"),
        (lambda: Note(0, 1, 60, 90, "", 2_000_000), "shift"),
        (lambda: Part("", "x"), "stem"),
        (lambda: Part("bass", "x", pan=2), "pan"),
        (lambda: Part("bass", "x", gain=float("nan")), "gain"),
        (lambda: Chord(0, 1, 12), "root"),
        (lambda: Chord(0, 1, 0, "blurp"), "quality"),
        (lambda: Key(0, 12), "tonic"),
        (lambda: Section(0, 0, "verse"), "bars"),
        (lambda: Section(0, 1, "blurp"), "no section"),
        (lambda: Section(0, 1, "verse", energy=2), "energy"),
        (lambda: Score(parts=(Part("bass", "x"), Part("bass", "x"))), "called x"),
        (lambda: Score(keys=(Key(1, 0),)), "bar 0"),
        (lambda: Score(chords=(Chord(0, 10, 0), Chord(5, 10, 0))), "overlap"),
        (lambda: Score(sections=(Section(0, 3, "verse"),)), "cover all 4 bars"),
        (lambda: Score(sections=(Section(0, 1, "verse"), Section(2, 2, "verse"))), "begins at bar 2"),
        (lambda: Prompt(()), "keyframe"),
        (lambda: Prompt((Keyframe(0, "a"), Keyframe(0, "b"))), "one keyframe a bar"),
        (lambda: Keyframe(-1, "a"), "bar 0"),
        (lambda: Keyframe(0, "a", 2), "weight"),
    ],
)
def test_impossible_values_are_refused_in_one_sentence(make, words):
    with pytest.raises(ValueError, match=words) as error:
        make()
    assert "\n" not in str(error.value)
