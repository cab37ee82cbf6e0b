"""From a plan to notes: every section is handed to the players, and what they play is gathered into parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from nawgraph.music import arrange
from nawgraph.music.bass import bass, root
from nawgraph.music.blueprint import Blueprint, Hint
from nawgraph.music.brief import Brief
from nawgraph.music.cast import RANGES, band, bass_instrument, kit, role_styles, voice_instrument
from nawgraph.music.drums import VOICES, drums, kicks
from nawgraph.music.layers import layer_notes
from nawgraph.music.lyrics import syllables
from nawgraph.music.melody import answers, melody, singable
from nawgraph.music.passage import Passage, Raw, performed, tidy
from nawgraph.music.scene import Scene, scenes
from nawgraph.music.streams import chance, stream
from nawgraph.music.styles import STYLES, Layer, Style
from nawgraph.values import STEMS, Note, Part, Score

_ENDINGS = ("song", "head", "overture", "theme", "beat")


@dataclass(frozen=True)
class Slot:
    """Where notes are gathered: one part of the score, and how it is played."""

    stem: str
    name: str
    instrument: str
    style: Style = field(compare=False)
    layer: Layer | None = field(default=None, compare=False)


@dataclass
class Sheets:
    """The notes of a song while they are being written."""

    notes: dict[Slot, list[Raw]] = field(default_factory=dict)
    text: dict[int, str] = field(default_factory=dict)

    def add(self, slot: Slot, notes: list[Raw]) -> None:
        """Append notes to a part."""
        if notes:
            self.notes.setdefault(slot, []).extend(notes)


def realise(plan: Blueprint, seed: int, *, humanise: float = 1.0, title: str = "") -> Score:
    """The score of a plan; see `nawgraph.music.compose.compose` for the arguments."""
    sheets = Sheets()
    passages = _passages(plan, seed)
    for passage, brief in zip(passages, plan.briefs, strict=True):
        hints = plan.hints[passage.index] if plan.hints else {}
        _play(_hinted(passage, hints), brief, hints, sheets)
    _close(plan, passages, sheets)
    parts = gathered(sheets, plan.grid.ticks, seed, humanise)
    return Score(plan.grid, parts, plan.keys, plan.chords, plan.sections, plan.style.name, title, seed)


def gathered(sheets: Sheets, end: int, seed: int, humanise: float) -> tuple[Part, ...]:
    """The parts of a song: notes tidied up to tick `end`, played as loosely as asked, in the order of the stems."""
    parts: list[Part] = []
    for slot in sorted(sheets.notes, key=lambda s: STEMS.index(s.stem)):
        notes = tidy(sheets.notes[slot], end)
        if notes:
            parts.append(_part(slot, notes, sheets.text, seed, humanise, parts))
    return tuple(parts)


def _passages(plan: Blueprint, seed: int) -> list[Passage]:
    voice = plan.briefs[0].vocals
    if voice is None:
        voice = any(i.startswith("voice.") for i in plan.briefs[0].instruments) or chance(
            stream(seed, "vocals"), plan.style.vocals
        )
    sung = arrange.sung_sections([s.kind for s in plan.sections], [s.energy for s in plan.sections])
    heard: dict[str, int] = {}
    arranged = scenes(plan.sections)
    passages = []
    for index, (section, brief) in enumerate(zip(plan.sections, plan.briefs, strict=True)):
        start, end = plan.grid.bar_start(section.bar), plan.grid.bar_start(section.end)
        repeat = heard[section.label] = heard.get(section.label, -1) + 1
        following = plan.sections[index + 1] if index + 1 < len(plan.sections) else section
        passages.append(
            Passage(
                index=index,
                section=section,
                repeat=repeat,
                start=start,
                meter=plan.grid.meter_at(section.bar),
                key=plan.key_at(section.bar),
                chords=tuple(c for c in plan.chords if start <= c.start < end),
                after=next((c for c in plan.chords if c.start >= end), plan.chords[0]),
                styles=role_styles(brief, plan.style, seed),
                density=0.5 if brief.density is None else brief.density,
                sung=voice and sung[index] and "vocals" not in brief.without,
                rise=following.energy - section.energy,
                final=index == len(plan.sections) - 1,
                seed=seed,
                scene=arranged[section.label],
            )
        )
    return passages


_ROLES = {"drums": ("drums",), "bass": ("bass",), "vocals": (), "other": ("comp", "lead")}


def _hinted(passage: Passage, hints: Mapping[str, Hint]) -> Passage:
    """The passage with the styles that a plan asks for."""
    styles = dict(passage.styles)
    for stem, hint in hints.items():
        styles.update({role: STYLES[hint.style] for role in _ROLES[stem] if hint.style})
    silent = "vocals" in hints and hints["vocals"].silent
    return replace(passage, styles=styles, sung=passage.sung and not silent)


def _play(passage: Passage, brief: Brief, hints: Mapping[str, Hint], sheets: Sheets) -> None:
    """All players play one section."""

    def part_of(stem: str) -> Passage | None:
        hint = hints.get(stem, Hint())
        if hint.silent or stem in brief.without:
            return None
        return passage if hint.density is None else replace(passage, density=hint.density)

    seed, beat = passage.seed, []
    if player := part_of("drums"):
        style = passage.styles["drums"]
        hits = drums(player, arrange.drum_span(player))
        beat = kicks(hits)
        sheets.add(Slot("drums", "drums", kit(brief, style), style), hits)
    if player := part_of("bass"):
        style = passage.styles["bass"]
        name = bass_instrument(brief, style, seed)
        sheets.add(Slot("bass", "bass", name, style), bass(player, arrange.bass_span(player), beat))
    sung: list[Raw] = []
    if passage.sung and (player := part_of("vocals")):
        sung = _sing(player, brief, sheets)
    if player := part_of("other"):
        _play_other(player, brief, sung, sheets)


def _sing(passage: Passage, brief: Brief, sheets: Sheets) -> list[Raw]:
    style = passage.styles["lead"]
    voice = voice_instrument(brief, style, passage.seed)
    busy = max(0.0, min(1.0, style.singing + 0.5 * (passage.density - 0.5)))
    if passage.section.kind in ("chorus", "drop"):
        busy *= 0.8
    sung = tidy(melody(passage, *RANGES[voice], busy, "voice"), passage.end)
    for note, word in zip(sung, syllables(passage, sung, voice == "voice.choir"), strict=True):
        sheets.text[note[0]] = word
    sheets.add(Slot("vocals", voice.removeprefix("voice."), voice, style), sung)
    return sung


def _play_other(passage: Passage, brief: Brief, sung: list[Raw], sheets: Sheets) -> None:
    comp, lead = passage.styles["comp"], passage.styles["lead"]
    players = [(layer, name, comp) for layer, name in band(brief, comp, passage.seed) if layer.role != "lead"]
    players += [(layer, name, lead) for layer, name in band(brief, lead, passage.seed) if layer.role == "lead"]
    order = sorted(players, key=lambda p: (p[0].enter, p[0].name))
    resting = _resting(passage, order, brief)
    for rank, (layer, name, style) in enumerate(order):
        span = arrange.SILENT if layer.name in resting else arrange.layer_span(passage, layer, rank, len(order))
        if layer.role == "lead":
            notes = _lead(passage, layer, style, sung, span)
        else:
            powered = style.power and name == "guitar.electric" and layer.low < 50
            notes = layer_notes(passage, layer if powered else _moved(layer, passage.scene), span, powered)
        sheets.add(Slot("other", layer.name, name, style, layer), notes)


_HARMONY = ("pad", "comp", "arp", "riff")


def _resting(passage: Passage, players: Sequence[tuple[Layer, str, Style]], brief: Brief) -> set[str]:
    """Names of the layers that rest in this scene; whoever was asked for plays, and somebody has the harmony."""
    free = [layer for layer, _, _ in players if arrange.layer_span(passage, layer, 0, 1) != arrange.SILENT]
    free = [layer for layer in free if layer.role in _HARMONY]
    names = sorted({layer.name for layer in free})
    asked = {layer.name for layer, name, _ in players if name in brief.instruments}
    resting = passage.scene.resting(names, passage.seed, passage.styles["comp"].name) - asked if names else set()
    return resting if len(resting) < len(names) else set()


def _moved(layer: Layer, scene: Scene) -> Layer:
    """The layer in the register of a scene."""
    shift = scene.shift(layer.role)
    return replace(layer, low=layer.low + shift, high=layer.high + shift) if shift else layer


def _lead(passage: Passage, layer: Layer, style: Style, sung: list[Raw], span: arrange.Span) -> list[Raw]:
    """The melody where nobody sings, answers where somebody does, nothing where the layer rests."""
    if span == arrange.SILENT or passage.section.kind in ("intro", "build", "outro", "prechorus"):
        return []
    if sung:
        return answers(passage, sung, layer.low, layer.high)
    busy = style.singing * 0.6 + 0.25 + 0.4 * (passage.density - 0.5)
    if passage.section.kind == "solo":
        busy = max(busy, 0.75)
    return melody(passage, layer.low, layer.high, max(0.0, min(1.0, busy)), "lead")


def _close(plan: Blueprint, passages: list[Passage], sheets: Sheets) -> None:
    """A last bar that ends: one struck chord that rings, in styles whose songs end instead of fading out."""
    last = passages[-1]
    if last.section.kind != "outro" or plan.style.forms[0] not in _ENDINGS or plan.grid.bars < 8:
        return
    begin = plan.grid.bar_start(plan.grid.bars - 1)
    ring = plan.grid.ticks - begin
    for slot, notes in sheets.notes.items():
        before = [n for n in notes if n[0] < begin]
        final = [n for n in notes if n[0] == begin]
        if slot.stem == "drums" and before:
            final = [(begin, ring // 2, VOICES[voice], 84) for voice in ("kick", "crash")]
        elif slot.stem == "bass" and final:
            final = [(begin, ring, root(last.chord_at(begin)), 88)]
        else:
            final = [(start, ring, pitch, velocity) for start, _, pitch, velocity in final]
        notes[:] = before + final


def _part(
    slot: Slot, notes: list[Raw], text: Mapping[int, str], seed: int, humanise: float, others: list[Part]
) -> Part:
    """A part as a value, its timing humanised, its name its own within the stem."""
    rng = stream(seed, "timing", slot.stem, slot.name)
    if slot.stem == "vocals" or (slot.layer and slot.layer.role == "lead"):
        notes = singable(notes)
    tight = 0.6 if slot.stem in ("drums", "bass") else 1.0
    late = 0.0 if slot.stem in ("drums", "bass") else slot.style.laid_back
    played = performed(notes, slot.style.looseness * humanise * tight, late * humanise, rng)
    if slot.stem == "drums":
        played = _dragged(played, slot.style.laid_back * humanise)
    if slot.stem == "vocals":
        played = tuple(replace(n, syllable=text[n.start]) for n in played)
    taken = {p.name for p in others if p.stem == slot.stem}
    name = slot.name if slot.name not in taken else f"{slot.name} ({slot.style.name})"
    while name in taken:
        name += "'"
    pan, gain = (slot.layer.pan, slot.layer.gain) if slot.layer else (0.0, 0.0)
    return Part(slot.stem, name, slot.instrument, played, pan, gain)


def _dragged(notes: tuple[Note, ...], late: float) -> tuple[Note, ...]:
    """The backbeat behind the beat by `late` milliseconds: what makes a beat feel laid back."""
    if not late:
        return notes
    back = {VOICES["snare"], VOICES["clap"], VOICES["rim"]}
    return tuple(replace(n, shift=n.shift + round(late * 1000)) if n.pitch in back else n for n in notes)
