"""The parts of the stem `other`: pads, struck chords, broken chords, ostinati, lines, sparkles."""

from __future__ import annotations

from nawgraph.music.melody import ladder
from nawgraph.music.passage import Passage, Raw, loud
from nawgraph.music.patterns import STEP, cells, is_square, strikes, strong_ticks
from nawgraph.music.streams import chance, pick, stream
from nawgraph.music.styles import Layer
from nawgraph.music.theory import is_home, pitch_classes
from nawgraph.music.voicing import guide_tones, power, voiced, voices
from nawgraph.values import Chord

Span = tuple[int, int]


def layer_notes(passage: Passage, layer: Layer, span: Span, powered: bool) -> list[Raw]:
    """The notes of a layer (leads aside) from bar `span[0]` to before bar `span[1]` of a passage."""
    if layer.role == "pad":
        return _pad(passage, layer, span)
    if layer.role == "comp":
        return _comp(passage, layer, span, powered)
    if layer.role == "arp":
        return _arp(passage, layer, span)
    if layer.role == "riff":
        return _riff(passage, layer, span)
    if layer.role == "line":
        return _line(passage, layer, span)
    if layer.role == "sparkle":
        return _sparkle(passage, layer, span)
    raise ValueError(f"the layer {layer.name} has no role {layer.role!r}")


def voicings(passage: Passage, layer: Layer, high: int, rootless: bool = False) -> dict[Chord, tuple[int, ...]]:
    """A voicing for every chord of a passage, led from one to the next; where it begins is the song's own choice."""
    found: dict[Chord, tuple[int, ...]] = {}
    low = layer.low
    first = low + int((high - low - 4) * stream(passage.seed, "voicing", layer.name, passage.label).random())
    previous: tuple[int, ...] = (first, first + 4)
    for chord in passage.chords:
        steps = voices(chord.quality, is_home(chord, passage.key), rootless)
        previous = voiced(chord.root, steps, previous, low, high)
        found[chord] = previous
    return found


def _within(passage: Passage, span: Span) -> tuple[int, int]:
    return passage.bar_start(span[0]), passage.bar_start(span[1])


def _pad(passage: Passage, layer: Layer, span: Span) -> list[Raw]:
    """Held chords, their bass note beneath; notes that chords share are held on for one to four bars, by label."""
    rng = stream(passage.seed, "pad", layer.name, passage.index)
    begin, end = _within(passage, span)
    held = pick(stream(passage.seed, "pad breath", layer.name, passage.label), (1, 2, 4, 4))
    below = layer.low - 12
    sounding: dict[int, Raw] = {}
    notes: list[Raw] = []
    for chord, upper in voicings(passage, layer, layer.high).items():
        start, stop = max(chord.start, begin), min(chord.end, end)
        if start >= stop:
            continue
        limit = start - held * passage.meter.bar_ticks
        pitches = (below + (chord.lowest - below) % 12, *upper)
        ended = [p for p, note in sounding.items() if p not in pitches or note[0] <= limit]
        notes += [sounding.pop(p) for p in ended]
        for pitch in pitches:
            if pitch in sounding:
                first, _, _, velocity = sounding[pitch]
                sounding[pitch] = (first, stop - first, pitch, velocity)
            else:
                sounding[pitch] = (start, stop - start, pitch, loud(76, passage.energy, rng, 3))
    return notes + list(sounding.values())


_METRED = {
    2: ("x---x---........", "x-..x-..........", "x---x-x-........"),
    3: ("....x---....x---", "....x-......x-..", "x---x---....x---"),
}
"""Comping by the number of felt beats: both of 6/8; the second and third of a waltz, whose first is the bass's."""


def _rhythm(passage: Passage, layer: Layer) -> str:
    """The layer's rhythm on this label; busier ones for busier music."""
    metred = layer.role == "comp" and not is_square(passage.meter)
    rhythms = _METRED.get(len(cells(passage.meter)), layer.rhythms) if metred else layer.rhythms
    ranked = sorted(rhythms, key=lambda r: r.count("x") / len(r))
    if passage.density < 0.35:
        ranked = ranked[: max(1, len(ranked) - 1)]
    elif passage.density > 0.65:
        ranked = ranked[len(ranked) > 1 :]
    return passage.scene.choose(ranked, passage.seed, "rhythm", layer.name)


def _comp(passage: Passage, layer: Layer, span: Span, powered: bool) -> list[Raw]:
    """Chords struck in the layer's rhythm; one hit in a while is left out or pushed, never the same in two sections."""
    rhythm = _rhythm(passage, layer)
    rng = stream(passage.seed, "comp", layer.name, passage.index)
    led = voicings(passage, layer, layer.high, rootless=True)
    turn = int(stream(passage.seed, "comp turn", layer.name, passage.label).random() * 2)
    heavy = set(strong_ticks(passage.meter))
    notes: list[Raw] = []
    for bar in range(*span):
        at = passage.bar_start(bar)
        for tick, length, _ in strikes(rhythm, passage.meter, bar + turn):
            if tick and chance(rng, 0.07):
                continue
            chord = passage.chord_at(at + tick)
            pitches = power(chord, layer.low) if powered else led[chord]
            stop = min(length, chord.end - at - tick) if chord.end > at + tick else length
            held = max(STEP // 2, stop - STEP // 4)
            accent = 92 if tick in heavy else 84
            level = loud(accent, passage.energy, rng)
            notes += [(at + tick, held, pitch, max(1, min(127, level - 2 * i))) for i, pitch in enumerate(pitches)]
    return notes


_SHAPES = ("up", "down", "updown", "pedal", "mixed")


def _arp(passage: Passage, layer: Layer, span: Span) -> list[Raw]:
    """Broken chords: up, down, up and down, around a pedal note, or in an order of the seed's own."""
    rhythm = _rhythm(passage, layer)
    draw = stream(passage.seed, "arp", layer.name, passage.label)
    shape, order = pick(draw, _SHAPES), [int(draw.random() * 97) for _ in range(8)]
    rng = stream(passage.seed, "arp live", layer.name, passage.index)
    led = voicings(passage, layer, layer.high - 8)
    felt, between = {cell.tick for cell in cells(passage.meter)}, 76 if is_square(passage.meter) else 60
    notes: list[Raw] = []
    for bar in range(*span):
        at = passage.bar_start(bar)
        for count, (tick, _, _) in enumerate(strikes(rhythm, passage.meter, bar)):
            chord = passage.chord_at(at + tick)
            base = led[chord]
            tones = (*base, base[0] + 12)
            pitch = tones[_turn(shape, count, len(tones), order)]
            if pitch + 12 <= layer.high and passage.repeat and chance(rng, 0.06):
                pitch += 12
            level = loud(88 if tick in felt else between, passage.energy, rng)
            notes.append((at + tick, 2 * STEP - STEP // 4, pitch, level))
    return notes


def _turn(shape: str, i: int, size: int, order: list[int]) -> int:
    if shape == "up":
        return i % size
    if shape == "down":
        return size - 1 - i % size
    if shape == "updown":
        at = i % (2 * size - 2)
        return at if at < size else 2 * size - 2 - at
    if shape == "pedal":
        return 0 if i % 2 == 0 else 1 + (i // 2) % (size - 1)
    return order[i % len(order)] % size


def _riff(passage: Passage, layer: Layer, span: Span) -> list[Raw]:
    """An ostinato of one or two bars whose notes bend to each chord; its last bar of four turns away."""
    rhythm = _rhythm(passage, layer)
    draw = stream(passage.seed, "riff", layer.name, passage.label)
    heights = [int(draw.random() * 7) - 2 for _ in range(24)]
    heights = [a if draw.random() < 0.6 else 0 for a in heights]
    rng = stream(passage.seed, "riff live", layer.name, passage.index)
    middle = 0.3 + 0.25 * draw.random()
    notes: list[Raw] = []
    rungs = {c: ladder(passage.key, c, layer.low, layer.high) for c in passage.chords}
    for bar in range(*span):
        at = passage.bar_start(bar)
        for i, (tick, length, _) in enumerate(strikes(rhythm, passage.meter, bar)):
            if bar % 4 == 3 and i > 3 and chance(rng, 0.25):
                continue
            chord = passage.chord_at(at + tick)
            steps = rungs[chord]
            index = max(0, min(len(steps) - 1, int(len(steps) * middle) + heights[i % len(heights)]))
            pitch = steps[index]
            if passage.is_strong(at + tick) or i % 2 == 0:
                own = pitch_classes(chord)
                pitch = min((p for p in steps if p % 12 in own), key=lambda p: (abs(p - pitch), p))
            held = max(length, STEP) - STEP // 4
            notes.append((at + tick, held, pitch, loud(86 if i % 2 == 0 else 78, passage.energy, rng)))
    return notes


def _line(passage: Passage, layer: Layer, span: Span) -> list[Raw]:
    """A slow line through the guide tones (third, seventh), the nearest one each time, passing notes in between."""
    rng = stream(passage.seed, "line", layer.name, passage.label)
    begin, end = _within(passage, span)
    last = layer.low + int((layer.high - layer.low) * (0.4 + 0.3 * rng.random()))
    notes: list[Raw] = []
    for chord in passage.chords:
        start, stop = max(chord.start, begin), min(chord.end, end)
        options = [p for p in range(layer.low, layer.high + 1) if p % 12 in guide_tones(chord)]
        pitch = min(options, key=lambda p: (abs(p - last) + (1.5 if p == last else 0), p))
        passing = chance(rng, 0.4)
        if start < stop:
            half = start + (stop - start) // 2
            split = passing and (half - start) % (4 * STEP) == 0
            notes.append((start, (half if split else stop) - start, pitch, loud(80, passage.energy, rng)))
            if split:
                steps = ladder(passage.key, chord, layer.low, layer.high)
                near = min((p for p in steps if p != pitch), key=lambda p: (abs(p - pitch), -p))
                notes.append((half, stop - half, near, loud(74, passage.energy, rng)))
        last = pitch
    return notes


def _sparkle(passage: Passage, layer: Layer, span: Span) -> list[Raw]:
    """A few high chord tones, a little run of one to three every other bar."""
    rng = stream(passage.seed, "sparkle", layer.name, passage.label, passage.repeat)
    notes: list[Raw] = []
    for bar in range(span[0], span[1], 2):
        spot = pick(rng, cells(passage.meter))
        count, up = 1 + int(rng.random() * 3), pick(rng, (-1, 1))
        at = passage.bar_start(bar) + spot.tick
        steps = [p for p in range(layer.low, layer.high + 1) if p % 12 in pitch_classes(passage.chord_at(at))]
        index = int(rng.random() * len(steps))
        for k in range(count):
            tick = at + 2 * k * STEP
            if tick < passage.end:
                pitch = steps[(index + up * k) % len(steps)]
                notes.append((tick, 6 * STEP, pitch, loud(70 - 6 * k, passage.energy, rng)))
    return notes
