"""Drums: grooves that belong to a section's label, ornaments, fills, builds and rolls."""

from __future__ import annotations

import numpy as np

from nawgraph.music.passage import Passage, Raw, loud
from nawgraph.music.patterns import STEP, Role, cells, fitted, is_square
from nawgraph.music.streams import chance, pick, stream
from nawgraph.music.styles import Groove, Style
from nawgraph.values import Meter

VOICES = {
    "kick": 36, "rim": 37, "snare": 38, "clap": 39, "hat": 42, "pedal": 44, "open": 46, "tom_low": 45, "tom_mid": 47,
    "tom_high": 50, "crash": 49, "ride": 51, "tamb": 54, "cowbell": 56, "conga_high": 63, "conga_low": 64, "shaker": 82,
    "claves": 75, "triangle": 81,
}  # fmt: skip
"""Drum voices by General MIDI percussion number."""

LEVELS = {"X": 116, "x": 94, "o": 52, "?": 74}
TIME_KEEPERS = ("hat", "ride", "shaker", "pedal", "open")
BACKBEATS = ("snare", "clap", "rim")
_EXTRAS = ("shaker", "tamb", "rim", "conga_high", "claves", "triangle", "cowbell")


def drums(passage: Passage, span: tuple[int, int]) -> list[Raw]:
    """The drum part of a passage, from bar `span[0]` to before bar `span[1]` of it."""
    style = passage.styles["drums"]
    if passage.section.kind == "build":
        return _build(passage, span)
    groove = _in_meter(_groove(passage, style), passage.meter)
    ornament = _ornament(passage, style)
    live = stream(passage.seed, "drums live", passage.index)
    notes: list[Raw] = []
    for bar in range(*span):
        thin = _thin(passage, bar, span)
        notes += _bar(passage, {**groove, **ornament}, bar, thin, live)
    _vary(passage, style, notes, span, live)
    return _opening(passage, notes, live) if span[0] == 0 else notes


def kicks(notes: list[Raw]) -> list[int]:
    """Ticks of the bass drum, in order."""
    return sorted({start for start, _, pitch, _ in notes if pitch == VOICES["kick"]})


def _groove(passage: Passage, style: Style) -> Groove:
    """The groove of the passage's label: a quiet one (the style's first) or a loud one, with a kick of its own."""
    rng = stream(passage.seed, "groove", passage.label, style.name)
    busy = passage.scene.level + 0.4 * (passage.density - 0.5)
    base = style.grooves[0] if busy < 0.5 else passage.scene.choose(style.grooves[1:], passage.seed, style.name)
    kick = base.get("kick", "")
    if kick and kick.count(".") > 11 and busy >= 0.4 and style.fill != "none":
        step = pick(rng, (3, 6, 7, 10, 11, 14))
        for at in range(step, len(kick), 16):
            kick = _with(kick, at, "x") if kick[at] == "." else kick
        base = {**base, "kick": kick}
    return _touched(base, rng)


def _in_meter(groove: Groove, meter: Meter) -> Groove:
    """The groove with every beat heard where the meter is not square.

    The kick, where there is one, has the first beat. A half-time backbeat on a beat that the meter lacks comes on its
    last one. Beats that nobody but the low drum would play aloud are marked by the timekeeper, or else by the
    snare: oom-pah-pah.
    """
    if is_square(meter):
        return groove
    used = sorted({cell.source for cell in cells(meter)})
    lines = dict(groove)
    for at in range(0, len(lines.get("kick", "")), 16):
        lines["kick"] = _with(lines["kick"], at, "X")
    for voice in BACKBEATS:
        line = lines.get(voice, "")
        for at in range(0, len(line), 16):
            if line[at + 8] != "." and all(line[at + 4 * source] == "." for source in used):
                line = _with(line, at + 4 * used[-1], line[at + 8])
        if line:
            lines[voice] = line
    keeper = next((v for v in TIME_KEEPERS if v in lines), "snare")
    for source in used[1:]:
        if all(line[4 * source] in ".o?" for voice, line in lines.items() if _role(voice) != "low"):
            line = lines.get(keeper, "." * 16)
            for at in range(4 * source, len(line), 16):
                line = _with(line, at, "x")
            lines[keeper] = line
    return lines


def _with(line: str, at: int, sign: str) -> str:
    return line[:at] + sign + line[at + 1 :]


def _role(voice: str) -> Role:
    """What a voice of the kit is to the meter."""
    return "low" if voice in ("kick", "tom_low") else "drum"


def _touched(groove: Groove, rng: np.random.Generator) -> Groove:
    """The groove with a drummer's own touch: two off-beat sixteenths of its timekeeper added as ghosts or left out."""
    voice = next((v for v in (*TIME_KEEPERS, "tom_low", "snare") if v in groove), None)
    if voice is None:
        return groove
    line = groove[voice]
    for step in (1 + int(rng.random() * 15), 1 + int(rng.random() * 15)):
        if step % 4 == 0:
            continue
        for at in range(step, len(line), 16):
            line = _with(line, at, "o" if line[at] == "." else ".")
    return {**groove, voice: line}


def _ornament(passage: Passage, style: Style) -> Groove:
    """A percussion line of the label's own: pulses spread evenly (Bjorklund's Euclidean rhythms) and turned."""
    rng = stream(passage.seed, "ornament", passage.label, style.name)
    wanted = 0.25 + 0.5 * passage.density + (0.2 if passage.scene.level > 0.7 else 0.0)
    if style.fill == "none":
        wanted *= 0.5
    voice, pulses, turn = pick(rng, _EXTRAS), 3 + int(rng.random() * 5), int(rng.random() * 16)
    if not chance(rng, wanted) or passage.scene.level < 0.35:
        return {}
    line = "".join("o" if (i * pulses) % 16 < pulses else "." for i in range(16))
    return {voice: line[turn:] + line[:turn]}


def _thin(passage: Passage, bar: int, span: tuple[int, int]) -> str:
    """What to leave out of a bar: ``tops`` keeps time only, ``body`` leaves the backbeat out, empty plays all."""
    kind = passage.section.kind
    if kind in ("break", "bridge") and passage.energy < 0.4:
        return "tops"
    if kind == "intro" and (passage.bars <= 8 or bar - span[0] < (span[1] - span[0]) / 2):
        return "body" if passage.scene.level > 0.37 else "tops"
    if kind == "outro":
        return "body"
    return ""


def _bar(passage: Passage, groove: Groove, bar: int, thin: str, rng: np.random.Generator) -> list[Raw]:
    at, notes = passage.bar_start(bar), []
    beats = {cell.tick for cell in cells(passage.meter)}
    for voice, pattern in groove.items():
        if thin == "tops" and voice not in TIME_KEEPERS and voice not in _EXTRAS:
            continue
        if thin == "body" and voice in ("snare", "clap", "crash", "open"):
            continue
        for tick, sign in fitted(pattern, passage.meter, bar, _role(voice)):
            if sign == "." or sign == "-" or (sign == "?" and not chance(rng, 0.4)):
                continue
            lift = 6 if voice in TIME_KEEPERS and tick in beats else 0
            notes.append((at + tick, STEP // 2, VOICES[voice], loud(LEVELS[sign] + lift, passage.energy, rng)))
    return notes


def _opening(passage: Passage, notes: list[Raw], rng: np.random.Generator) -> list[Raw]:
    """A crash where a strong section begins."""
    strong = passage.energy >= 0.7 and passage.section.kind not in ("intro", "break", "build")
    if strong and passage.styles["drums"].fill != "none":
        notes.append((passage.start, 8 * STEP, VOICES["crash"], loud(108, passage.energy, rng)))
    return notes


def _vary(passage: Passage, style: Style, notes: list[Raw], span: tuple[int, int], rng: np.random.Generator) -> None:
    """Small surprises every fourth bar, hat rolls, and a fill at the end."""
    for bar in range(*span):
        if chance(rng, style.rolls * (0.5 + passage.energy / 2)):
            _roll(passage, notes, bar, rng)
        if bar % 4 == 3 and bar != span[1] - 1 and passage.energy > 0.4:
            extra = pick(rng, ("kick", "snare", "open", "rim"))
            early = pick(rng, (1, 2, 3)) if is_square(passage.meter) else 2
            tick = passage.bar_start(bar + 1) - early * STEP
            notes.append((tick, STEP // 2, VOICES[extra], loud(70, passage.energy, rng)))
    if style.fill == "none" or span[1] != passage.bars or passage.section.kind in ("break", "outro"):
        return
    beats = 2 if passage.rise > 0.15 or passage.energy > 0.8 else 1
    spots = [passage.bars - 1] + [b for b in range(7, passage.bars - 1, 8) if passage.energy > 0.5]
    for bar in spots:
        if bar >= span[0] and (bar == passage.bars - 1 or chance(rng, 0.6)):
            _fill(passage, notes, bar, beats if bar == passage.bars - 1 else 1, style.fill, rng)


def _roll(passage: Passage, notes: list[Raw], bar: int, rng: np.random.Generator) -> None:
    """One beat of hats in thirty-seconds or triplets, rising or falling."""
    cell = pick(rng, cells(passage.meter))
    begin = passage.bar_start(bar) + cell.tick
    length = cell.steps * STEP
    step = pick(rng, (STEP // 2, STEP * 2 // 3, STEP // 3))
    rising = chance(rng, 0.6)
    notes[:] = [n for n in notes if not (n[2] == VOICES["hat"] and begin <= n[0] < begin + length)]
    count = length // step
    for i in range(count):
        ramp = i / count if rising else 1 - i / count
        notes.append((begin + i * step, step // 2, VOICES["hat"], loud(55 + 45 * ramp, passage.energy, rng)))


def _fill(passage: Passage, notes: list[Raw], bar: int, beats: int, kind: str, rng: np.random.Generator) -> None:
    """A fill over the last `beats` felt beats of a bar; kick and timekeeping give way to it."""
    spots = cells(passage.meter)[-beats:]
    begin, end = passage.bar_start(bar) + spots[0].tick, passage.bar_start(bar + 1)
    keep = {VOICES["kick"], VOICES["crash"]} if kind != "break" else {VOICES["crash"]}
    notes[:] = [n for n in notes if not (begin <= n[0] < end) or n[2] in keep]
    ticks = list(range(begin, end, STEP))
    for i, tick in enumerate(ticks):
        ramp = (i + 1) / len(ticks)
        voice = _fill_voice(kind, i, ramp, rng)
        if voice:
            notes.append((tick, STEP // 2, VOICES[voice], loud(62 + 48 * ramp, passage.energy, rng)))


def _fill_voice(kind: str, i: int, ramp: float, rng: np.random.Generator) -> str:
    if kind == "toms":
        voices = ("snare", "tom_high", "tom_mid", "tom_low")
        return voices[min(3, int(ramp * 4 - 0.01))] if i % 2 == 0 or chance(rng, 0.7) else ""
    if kind == "hats":
        return "open" if ramp == 1 else "hat" if chance(rng, 0.8) else "clap"
    if kind == "break":
        return pick(rng, ("snare", "kick", "", "snare", "tom_mid"))
    return "snare" if i % 2 == 0 or chance(rng, 0.6) else ""


def _build(passage: Passage, span: tuple[int, int]) -> list[Raw]:
    """A build: snare in quarters, eighths, sixteenths, thirty-seconds, louder all the way; then a held breath."""
    rng = stream(passage.seed, "build", passage.index)
    voice = VOICES["clap" if "clap" in passage.styles["drums"].grooves[-1] else "snare"]
    begin, end = passage.bar_start(span[0]), passage.bar_start(span[1])
    breath = end - (2 * STEP if end - begin <= passage.meter.bar_ticks else 4 * STEP)
    beats = [passage.bar_start(bar) + cell.tick for bar in range(*span) for cell in cells(passage.meter)]
    notes: list[Raw] = []
    tick, early, late = begin, pick(rng, (0.25, 0.375, 0.5)), pick(rng, (0.6, 0.7, 0.75))
    while tick < breath:
        done = (tick - begin) / (end - begin)
        gap = 2 * STEP if done < late else STEP if done < 0.88 else STEP // 2
        following = next((beat for beat in beats if beat > tick), end) if done < early else tick + gap
        if tick == begin or not chance(rng, 0.05):
            notes.append((tick, STEP // 2, voice, loud(45 + 70 * done, 0.6 + 0.4 * done, rng)))
        if done < 0.7 and tick in beats:
            notes.append((tick, STEP // 2, VOICES["kick"], loud(104, passage.energy, rng)))
        tick = following
    return notes
