"""The plan of a song before any note: grid, form, keys and harmony, and what is wanted of each section."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from nawgraph.music import form, harmony
from nawgraph.music.brief import Brief
from nawgraph.music.cast import mode_of, role_styles
from nawgraph.music.patterns import strong_ticks
from nawgraph.music.streams import chance, stream, weighted
from nawgraph.music.styles import Style
from nawgraph.music.theory import is_minor
from nawgraph.values import Chord, Grid, Key, Meter, Section, Tempo

MAX_BARS = 1000
_BORROWS = {"I": "A", "O": "A", "D": "B"}
"""Labels whose harmony is another section's: an intro and an outro are about the verse, a build leads into the drop."""


@dataclass(frozen=True)
class Hint:
    """What is wanted of one stem in one section: another style, a density, or silence."""

    style: str = ""
    density: float | None = None
    silent: bool = False


@dataclass(frozen=True)
class Blueprint:
    """Everything about a song that is decided before its notes.

    Attributes:
        grid: time.
        keys: by bar.
        sections: the form.
        chords: harmony without gaps.
        briefs: what is wanted, one brief a section.
        style: the main style.
        hints: by section, then stem.
    """

    grid: Grid
    keys: tuple[Key, ...]
    sections: tuple[Section, ...]
    chords: tuple[Chord, ...]
    briefs: tuple[Brief, ...]
    style: Style
    hints: tuple[Mapping[str, Hint], ...] = field(default=())

    def key_at(self, bar: int) -> Key:
        """The key of a bar."""
        return next(k for k in reversed(self.keys) if k.bar <= bar)


def length_in_bars(brief: Brief, asked: int | None, bpm: float, meter: tuple[int, int]) -> int:
    """Bars of the song: asked for, or by the brief's bars, seconds or written form, else 32.

    Raises:
        ValueError: asked for less than 1 or more than 1000.
    """
    bars = asked if asked is not None else brief.bars
    if bars is None and brief.seconds is not None:
        bars = max(1, min(MAX_BARS, round(brief.seconds * bpm / 60 * meter[1] / 4 / meter[0])))
    if bars is None and brief.form:
        bars = form.written(brief.form, None)[-1].end
    bars = 32 if bars is None else bars
    if isinstance(bars, bool) or not isinstance(bars, int) or not 1 <= bars <= MAX_BARS:
        raise ValueError(f"a song has 1 to {MAX_BARS:,} bars, got {bars!r}")
    return bars


def tempo_of(brief: Brief, style: Style, seed: int) -> float:
    """The tempo asked for, else one that is typical of the style, faster or slower as the words say; whole beats."""
    if brief.bpm is not None:
        return brief.bpm
    slow, typical, fast = style.bpm
    u = stream(seed, "tempo").random() * 2 - 1
    at = u * 0.5 if brief.pace is None else max(-1.0, min(1.0, brief.pace + 0.2 * u))
    return round(typical + at * (fast - typical if at > 0 else typical - slow))


def grid_of(brief: Brief, style: Style, bars: int | None, seed: int) -> Grid:
    """Tempo, meter, length and swing."""
    bpm = tempo_of(brief, style, seed)
    meter = brief.meter or style.meters[0]
    swing = brief.swing
    if swing is None:
        low, high = style.swing
        swing = low + round((high - low) * float(stream(seed, "swing").random()))
    return Grid(
        (Tempo(0, round(bpm * 1000)),),
        (Meter(0, *meter),),
        length_in_bars(brief, bars, bpm, meter),
        swing,
        style.swing_unit,
    )


def sections_of(brief: Brief, style: Style, bars: int, seed: int) -> tuple[Section, ...]:
    """The form: as written out in the prompt, else one of the style's templates."""
    if len(brief.form) >= 2:
        return form.written(brief.form, bars)
    wanted = {kind for kind, _ in brief.section_keys} | {m.kind for m in brief.form}
    names = [n for n in style.forms if wanted <= {p.kind for p in form.FORMS[n]}]
    if wanted and not names:
        names = [n for n in form.FORMS if wanted <= {p.kind for p in form.FORMS[n]}] or list(style.forms)
    name = names[int(stream(seed, "form").random() * len(names))]
    return form.fit(form.FORMS[name], bars)


def energised(section: Section, energy: float | None) -> Section:
    """The section with its energy moved towards what is wanted of the song."""
    if energy is None:
        return section
    return replace(section, energy=round(max(0.05, min(1.0, section.energy + 0.7 * (energy - 0.5))), 3))


def keys_of(brief: Brief, style: Style, sections: Sequence[Section], seed: int) -> tuple[Key, ...]:
    """Keys by bar: the brief's, a section's own, one to modulate to half-way, or a lift before the last chorus."""
    rng = stream(seed, "key")
    tonic = int(rng.random() * 12)
    home = brief.key or Key(0, tonic, mode_of(brief, style, seed))
    own = dict(brief.section_keys)
    free = brief.key is None and not own and brief.next_key is None
    lift = 1 + int(rng.random() * 2) if free and "song" in style.forms and chance(rng, 0.1) else 0
    last = max((i for i, s in enumerate(sections) if s.kind == "chorus"), default=-1)
    turn = min(range(1, len(sections)), key=lambda i: abs(sections[i].bar - sections[-1].end / 2), default=-1)
    keys: list[Key] = []
    for index, section in enumerate(sections):
        key = own.get(section.kind, home)
        if brief.next_key is not None and 0 < turn <= index:
            key = brief.next_key
        if lift and 1 < last <= index and len(sections) > 4:
            key = replace(key, tonic=(home.tonic + lift) % 12)
        key = replace(key, bar=section.bar)
        if not keys or (keys[-1].tonic, keys[-1].mode) != (key.tonic, key.mode):
            keys.append(key)
    return tuple(keys)


def chords_of(plan: Blueprint, seed: int) -> tuple[Chord, ...]:
    """Harmony for the whole form: one progression a label and mode, cadences where sections lead somewhere."""
    own = {s.label for s in plan.sections}
    sources = [_source(s.label, own) for s in plan.sections]
    labels = list(dict.fromkeys(sources))
    chords: list[Chord] = []
    for index, section in enumerate(plan.sections):
        style = role_styles(plan.briefs[index], plan.style, seed)["comp"]
        key = plan.key_at(section.bar)
        label = sources[index]
        closing = harmony.HALF if _leads_on(plan.sections, index) else harmony.FULL
        last = index == len(plan.sections) - 1
        chords += _section_chords(plan.grid, section, key, style, label, labels.index(label), closing, last, seed)
    return tuple(chords)


def _source(label: str, own: set[str]) -> str:
    """The label whose harmony a section shares."""
    source = _BORROWS.get(label, label)
    return source if source in own else "A" if "A" in own else label


def _leads_on(sections: Sequence[Section], index: int) -> bool:
    """Whether a section ends open: what follows is stronger."""
    return index + 1 < len(sections) and sections[index + 1].energy > sections[index].energy + 0.1


def _section_chords(
    grid: Grid, section: Section, key: Key, style: Style, label: str, order: int, closing: str, last: bool, seed: int
) -> list[Chord]:
    pace = weighted(stream(seed, "harmonic rhythm", label, style.name), style.harmonic_rhythm)
    meter = grid.meter_at(section.bar)
    spans = _spans(grid, section, pace, meter)
    canonical = round(8 / pace)
    numerals = harmony.progression(style, key.mode, canonical, closing, order, seed, label)
    hue = stream(seed, "colour", label, style.name)
    tints = [hue.integers(1 << 30) for _ in numerals]
    chords = []
    for i, (start, length) in enumerate(spans):
        at = i % len(numerals)
        numeral = numerals[at]
        if last and i == len(spans) - 1:
            numeral = "i" if is_minor(key.mode) else "I"
        chord = harmony.spelled(numeral, key, start, length)
        chords.append(harmony.coloured(chord, key, style, stream(int(tints[at]), "tint")))
    return chords


def _spans(grid: Grid, section: Section, pace: float, meter: Meter) -> list[tuple[int, int]]:
    """Start and length of every chord of a section, `pace` bars each (half bars split at the middle beat)."""
    begin, size = grid.bar_start(section.bar), meter.bar_ticks
    if pace < 1:
        strong = strong_ticks(meter)
        cuts = [begin + bar * size + tick for bar in range(section.bars) for tick in strong]
    else:
        cuts = [begin + bar * size for bar in range(0, section.bars, int(pace))]
    end = begin + section.bars * size
    return [(a, b - a) for a, b in zip(cuts, [*cuts[1:], end], strict=True)]
