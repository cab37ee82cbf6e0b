"""Small scores that the synthesiser's tests play."""

from __future__ import annotations

from nawgraph.values import Grid, Note, Part, Score

CHORDS = ((57, 60, 64), (53, 57, 60), (55, 60, 64), (55, 59, 62))
WORDS = ("love", "is", "shi", "ning", "", "through", "ah", "stars")


def drums(bars: int) -> tuple[Note, ...]:
    """Kick, snare, hats that open and close, a crash, toms."""
    notes = []
    for bar in range(0, 3840 * bars, 3840):
        notes += [Note(bar + 960 * beat, 240, 36, 112) for beat in range(4)]
        notes += [Note(bar + 960 * beat, 240, 38, 104) for beat in (1, 3)]
        notes += [Note(bar + 480 * e, 120, 46 if e % 4 == 3 else 42, 70 + 20 * (e % 2 == 0)) for e in range(8)]
        notes += [Note(bar, 960, 49, 100), Note(bar + 3600, 200, 45, 90)]
    return tuple(notes)


def line(bars: int, low: int, overlap: int = 0) -> tuple[Note, ...]:
    """Quarter notes with words; every second one overlaps its follower by `overlap` ticks."""
    return tuple(
        Note(960 * i, 960 + overlap * (i % 2), low + (0, 7, 12, 3)[i % 4], 80 + 10 * (i % 4), WORDS[i % 8])
        for i in range(4 * bars)
    )


def chords(bars: int, length: int = 3700) -> tuple[Note, ...]:
    """One chord a bar."""
    return tuple(Note(3840 * bar, length, pitch, 90) for bar in range(bars) for pitch in CHORDS[bar % 4])


def comping(bars: int) -> tuple[Note, ...]:
    """Syncopated chords."""
    return tuple(
        Note(3840 * bar + at, 420, pitch, 85)
        for bar in range(bars)
        for at in (0, 1440, 2400, 3360)
        for pitch in CHORDS[bar % 4]
    )


def typical(instrument: str, bars: int = 2) -> Part:
    """A part as the instrument would play it in a song."""
    family = instrument.split(".")[0]
    if family == "kit":
        return Part("drums", "kit", instrument, drums(bars))
    if family == "bass":
        return Part("bass", "bass", instrument, line(bars, 33, 60))
    if family == "voice":
        return Part("vocals", "voice", instrument, chords(bars) if instrument == "voice.choir" else line(bars, 60))
    if family in ("lead", "mallet", "bell"):
        return Part("other", "line", instrument, line(bars, 67, 40))
    if family in ("pad", "strings", "brass"):
        return Part("other", "chords", instrument, chords(bars))
    return Part("other", "comping", instrument, comping(bars))


def song(bars: int = 4, style: str = "house") -> Score:
    """Five parts on a swinging grid with a change of tempo in the middle."""
    return Score(
        Grid.of(126, bars, swing=560, swing_unit=16),
        (
            Part("drums", "kit", "", drums(bars)),
            Part("bass", "bass", "", line(bars, 33, 60)),
            Part("vocals", "voice", "", line(bars, 60)),
            Part("other", "keys", "", comping(bars), pan=-0.4),
            Part("other", "pad", "", chords(bars), gain=-2.0),
        ),
        style=style,
    )
