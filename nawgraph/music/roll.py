"""Pictures of a score: a piano roll, and the form with its energy. PNG by Pillow."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw, ImageFont

from nawgraph.music.theory import chord_name, key_name, pitch_name, uses_flats
from nawgraph.values import Score

COLOURS = {"drums": "#ef5350", "bass": "#ffb300", "vocals": "#4fc3f7", "other": "#9575cd"}
"""Stem colours: red, amber, sky blue, violet."""

_BACK, _STRIPE, _LINE, _BAR, _TEXT, _DIM = "#14161b", "#191c22", "#262a33", "#3a404d", "#d7dbe4", "#8a92a3"
_MARGIN = 46
_MAX_SIDE = 16_384


def roll_png(score: Score, width: int = 1600, height: int = 800) -> bytes:
    """A piano roll of all parts: pitched stems above, drums in rows below, chords and sections on top.

    Args:
        score: what to draw.
        width: of the picture in pixels, 200–16384.
        height: 200–16384.

    Raises:
        ValueError: a side out of its range.
    """
    image, draw = _canvas(width, height)
    hits = sorted({n.pitch for p in score.of_stem("drums") for n in p.notes}, reverse=True)
    row = min(14, max(3, int(0.3 * height / max(1, len(hits)))))
    floor = height - 8 - row * len(hits)
    pitched = [n.pitch for p in score.parts if p.stem != "drums" for n in p.notes]
    low, high = (min(pitched) - 2, max(pitched) + 2) if pitched else (48, 72)
    scale_x = (width - _MARGIN - 8) / max(1, score.grid.ticks)
    step = (floor - 14 - 52) / (high - low + 1)
    _background(draw, score, low, high, step, floor, width, height, scale_x)
    for part in sorted(score.parts, key=lambda p: p.stem == "vocals"):
        colour = COLOURS.get(part.stem, "#80cbc4")
        for note in part.notes:
            x0, x1 = _MARGIN + note.start * scale_x, _MARGIN + note.end * scale_x
            if part.stem == "drums":
                y = float(floor + hits.index(note.pitch) * row)
                box = (x0, y + 1, x0 + max(1.5, min(row, 240 * scale_x * 0.8)), y + row - 1)
            else:
                y = 52 + (high - note.pitch) * step
                box = (x0, y + 0.5, max(x0 + 1.5, x1 - 1), y + max(2.0, step - 0.5))
            draw.rectangle(box, fill=_shade(colour, 0.45 + 0.55 * note.velocity / 127))
    return _png(image)


def form_png(score: Score, width: int = 1600, height: int = 260) -> bytes:
    """The form: a block a section, as high as its energy, with its name, bars and key, and which stems play where.

    Args:
        score: what to draw.
        width: of the picture in pixels, 200–16384.
        height: 200–16384.

    Raises:
        ValueError: a side out of its range.
    """
    image, draw = _canvas(width, height)
    scale = (width - _MARGIN - 8) / max(1, score.grid.bars)
    lanes = height - 4 * 14 - 8
    for section in score.sections:
        x0, x1 = _MARGIN + section.bar * scale, _MARGIN + section.end * scale - 2
        top = lanes - 6 - (lanes - 30) * section.energy
        draw.rectangle((x0, top, x1, lanes - 6), fill=_shade("#5c6bc0", 0.35 + 0.65 * section.energy))
        _fitting(draw, (x0 + 4, top + 3), f"{section.kind} {section.label}", x1 - x0 - 6, _TEXT, 13)
        key = score.key_at(section.bar)
        under = f"{section.bars} bars" + (f", {key_name(key)}" if key else "")
        _fitting(draw, (x0 + 4, top + 19), under, x1 - x0 - 6, _TEXT, 11)
    for lane, (stem, colour) in enumerate(COLOURS.items()):
        y = lanes + lane * 14
        draw.text((4, y), stem, fill=_DIM, font=ImageFont.load_default(11))
        bars = {score.grid.bar_at(n.start)[0] for p in score.of_stem(stem) for n in p.notes}
        for bar in bars:
            draw.rectangle((_MARGIN + bar * scale, y + 2, _MARGIN + (bar + 1) * scale - 1, y + 11), fill=colour)
    return _png(image)


def _canvas(width: int, height: int) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    for side, name in ((width, "width"), (height, "height")):
        if not 200 <= side <= _MAX_SIDE:
            raise ValueError(f"the {name} of a picture must be 200 to {_MAX_SIDE} pixels, got {side}")
    image = Image.new("RGB", (width, height), _BACK)
    return image, ImageDraw.Draw(image)


def _background(
    draw: ImageDraw.ImageDraw, score: Score, low: int, high: int, step: float, floor: float, width: int, height: int,
    scale_x: float,
) -> None:  # fmt: skip
    """Key stripes, octave names, bar lines, sections, chords."""
    for pitch in range(low, high + 1):
        y = 52 + (high - pitch) * step
        if pitch % 12 in (1, 3, 6, 8, 10):
            draw.rectangle((_MARGIN, y, width, y + step), fill=_STRIPE)
        if pitch % 12 == 0:
            draw.line((_MARGIN, y + step, width, y + step), fill=_LINE)
            draw.text((6, y + step - 12), pitch_name(pitch), fill=_DIM, font=ImageFont.load_default(11))
    every = max(1, -(-score.grid.bars // 96))
    for bar in range(0, score.grid.bars, every):
        x = _MARGIN + score.grid.bar_start(bar) * scale_x
        draw.line((x, 48, x, height), fill=_LINE)
    for section in score.sections:
        x0 = _MARGIN + score.grid.bar_start(section.bar) * scale_x
        x1 = _MARGIN + score.grid.bar_start(section.end) * scale_x
        draw.line((x0, 0, x0, height), fill=_BAR, width=2)
        _fitting(draw, (x0 + 5, 4), f"{section.kind} {section.label}", x1 - x0 - 6, _TEXT, 14)
    right = -1.0
    for chord in score.chords:
        x = _MARGIN + chord.start * scale_x
        key = score.key_at(score.grid.bar_at(chord.start)[0])
        if x > right:
            name = chord_name(chord, key is not None and uses_flats(key)).replace("ø7", "m7b5").replace("°", "dim")
            draw.text((x + 4, 28), name, fill=_DIM, font=ImageFont.load_default(12))
            right = x + 8 + draw.textlength(name, font=ImageFont.load_default(12))
    draw.line((_MARGIN, floor - 7, width, floor - 7), fill=_BAR)


def _fitting(
    draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, room: float, colour: str, size: int
) -> None:
    """Text cut off where its room ends."""
    font = ImageFont.load_default(size)
    while text and draw.textlength(text, font=font) > room:
        text = text[:-1]
    draw.text(at, text, fill=colour, font=font)


def _shade(colour: str, amount: float) -> tuple[int, int, int]:
    """A colour between the background and itself."""
    back, front = (tuple(int(c[i : i + 2], 16) for i in (1, 3, 5)) for c in (_BACK, colour))
    mixed = [round(b + (f - b) * amount) for b, f in zip(back, front, strict=True)]
    return (mixed[0], mixed[1], mixed[2])


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
