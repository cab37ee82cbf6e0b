"""Musical form: templates of sections, fitted to any number of bars, and forms written out in prompts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from nawgraph.music.theory import KEY, key_of_match
from nawgraph.values import Key, Section


@dataclass(frozen=True)
class Planned:
    """A section as a template or a person plans it: `bars` 0 where the length is left open."""

    kind: str
    label: str
    bars: int
    energy: float


def _form(text: str) -> tuple[Planned, ...]:
    """``kind label bars energy, …`` with the energy in percent."""
    rows = (row.split() for row in text.split(","))
    return tuple(Planned(kind, label, int(bars), int(energy) / 100) for kind, label, bars, energy in rows)


FORMS: dict[str, tuple[Planned, ...]] = {
    "song": _form(
        "intro I 4 35, verse A 8 45, prechorus P 4 60, chorus B 8 80, verse A 8 52, prechorus P 4 65, chorus B 8 88, "
        "bridge C 8 45, chorus B 8 100, outro O 4 35"
    ),
    "club": _form(
        "intro I 8 35, theme A 8 55, break C 8 28, build D 4 60, drop B 8 95, theme A 8 62, break C 8 32, "
        "build D 4 68, "
        "drop B 8 100, outro O 8 40"
    ),
    "layers": _form(
        "intro I 8 35, theme A 16 60, drop B 16 82, break C 8 30, build D 4 62, theme A 8 72, drop B 16 100, "
        "outro O 8 38"
    ),
    "drops": _form("intro I 8 30, build D 4 58, drop B 16 95, verse A 8 42, build D 4 62, drop B 16 100, outro O 8 35"),
    "beat": _form(
        "intro I 4 30, verse A 8 50, chorus B 8 75, verse A 8 58, chorus B 8 82, bridge C 4 42, chorus B 8 92, "
        "outro O 4 30"
    ),
    "theme": _form(
        "intro I 4 28, theme A 8 48, theme B 8 62, theme A 8 58, break C 8 32, theme B 8 78, theme A 8 66, outro O 4 25"
    ),
    "head": _form(
        "intro I 4 40, theme A 8 52, theme A 8 56, bridge C 8 62, theme A 8 60, solo A 8 74, solo A 8 82, "
        "bridge C 8 70, "
        "theme A 8 66, outro O 4 45"
    ),
    "waves": _form("intro I 8 18, theme A 16 42, theme B 16 62, break C 8 25, theme A 16 55, outro O 8 15"),
    "overture": _form(
        "intro I 4 25, theme A 8 45, theme B 8 60, bridge C 8 40, build D 4 72, chorus A 8 100, theme B 8 80, "
        "outro O 4 45"
    ),
}
"""Form templates; each style names the ones that suit it."""

ENERGY = {
    "intro": 0.35, "verse": 0.5, "prechorus": 0.62, "chorus": 0.85, "bridge": 0.5, "break": 0.3, "build": 0.65,
    "drop": 0.97, "solo": 0.75, "theme": 0.6, "outro": 0.35,
}  # fmt: skip
LABELS = {
    "intro": "I", "verse": "A", "prechorus": "P", "chorus": "B", "bridge": "C", "break": "K", "build": "D", "drop": "E",
    "solo": "A", "theme": "A", "outro": "O",
}  # fmt: skip
_WORTH = {
    "chorus": 10, "drop": 10, "theme": 9.5, "verse": 9, "intro": 6, "build": 6.5, "outro": 5.5, "break": 4.8,
    "solo": 5, "bridge": 4.5, "prechorus": 4,
}  # fmt: skip


def fit(form: Sequence[Planned], bars: int) -> tuple[Section, ...]:
    """Sections of a form that fill exactly `bars` bars.

    A short song keeps what matters most (its chorus or drop, a verse, then intro and outro); a long one goes round its
    body again. Lengths stay near the template's proportions, in multiples of 4 bars from 16 bars on, of 2 from 8 on.

    Raises:
        ValueError: no section, or bars below 1.
    """
    if not form:
        raise ValueError("a form needs at least one section")
    if bars < 1:
        raise ValueError(f"a song needs at least 1 bar, got {bars}")
    items = _shrink(_extend(list(form), bars), bars)
    unit = 4 if bars >= 16 else 2 if bars >= 8 else 1
    lengths = _share([item.bars for item in items], bars, unit)
    sections, at = [], 0
    for item, length in zip(items, lengths, strict=True):
        sections.append(Section(at, length, item.kind, item.label, item.energy))
        at += length
    return tuple(sections)


def _extend(items: list[Planned], bars: int) -> list[Planned]:
    body = [item for item in items if item.kind not in ("intro", "outro")] or items
    round_bars = sum(item.bars for item in body)
    end = len(items) - (items[-1].kind == "outro" and len(items) > 1)
    while sum(item.bars for item in items) + round_bars / 2 < bars:
        items[end:end] = body
    return items


def _shrink(items: list[Planned], bars: int) -> list[Planned]:
    """Drop the least important sections until the rest has room to breathe."""
    while len(items) > 1 and (sum(item.bars for item in items) > 1.3 * bars or 4 * len(items) > max(bars, 4)):
        seen: dict[str, int] = {}
        worth = []
        for item in items:
            seen[item.kind] = seen.get(item.kind, 0) + 1
            worth.append(_WORTH[item.kind] - 3.6 * (seen[item.kind] - 1))
        del items[len(items) - 1 - worth[::-1].index(min(worth))]
    return items


def _share(weights: list[int], bars: int, unit: int) -> list[int]:
    """Whole multiples of `unit` in proportion to the weights; what is left over goes to the last section."""
    units = bars // unit
    exact = [w * units / sum(weights) for w in weights]
    counts = [max(1, int(e)) for e in exact]
    while sum(counts) < units:
        counts[max(range(len(counts)), key=lambda i: exact[i] - counts[i])] += 1
    while sum(counts) > units:
        counts[min((i for i in range(len(counts)) if counts[i] > 1), key=lambda i: exact[i] - counts[i])] -= 1
    lengths = [count * unit for count in counts]
    lengths[-1] += bars - sum(lengths)
    return lengths


def written(mentions: Sequence[Mention], bars: int | None) -> tuple[Section, ...]:
    """Sections of a form that somebody wrote out, each at the length given (8 bars where none is).

    With `bars` the open lengths share what is left; when nothing is open, all are scaled to fit.
    """
    items = [Planned(m.kind, LABELS[m.kind], m.bars or 8, ENERGY[m.kind]) for m in mentions]
    items = _climb(items)
    total = sum(item.bars for item in items)
    if bars is None:
        bars = total
    fixed = sum(m.bars for m in mentions)
    is_open = [i for i, m in enumerate(mentions) if not m.bars]
    left = bars - fixed
    if is_open and left >= len(is_open):
        lengths = [m.bars for m in mentions]
        for i, share in zip(
            is_open, _share([1] * len(is_open), left, 4 if left >= 4 * len(is_open) else 1), strict=True
        ):
            lengths[i] = share
    elif len(items) <= bars:
        lengths = _share([item.bars for item in items], bars, 1)
    else:
        return fit(items, bars)
    sections, at = [], 0
    for item, length in zip(items, lengths, strict=True):
        sections.append(Section(at, length, item.kind, item.label, item.energy))
        at += length
    return tuple(sections)


def _climb(items: list[Planned]) -> list[Planned]:
    """Later repeats of a kind come a little stronger."""
    seen: dict[str, int] = {}
    found = []
    for item in items:
        times = seen[item.kind] = seen.get(item.kind, -1) + 1
        found.append(replace(item, energy=min(1.0, round(item.energy + 0.06 * times, 2))))
    return found


# ------------------------------------------------------------------------------ forms in words

_KINDS = {
    "intro": "intro", "introduction": "intro", "verse": "verse", "verses": "verse", "strophe": "verse",
    "pre-chorus": "prechorus", "prechorus": "prechorus", "pre chorus": "prechorus", "chorus": "chorus",
    "choruses": "chorus", "refrain": "chorus", "hook": "chorus", "bridge": "bridge", "middle eight": "bridge",
    "middle 8": "bridge", "break": "break", "breakdown": "break", "build": "build", "buildup": "build",
    "build-up": "build", "build up": "build", "riser": "build", "drop": "drop", "solo": "solo", "theme": "theme",
    "outro": "outro", "ending": "outro", "coda": "outro",
}  # fmt: skip
_WORD = "|".join(sorted(map(re.escape, _KINDS), key=len, reverse=True))
_KEYED = KEY.pattern.replace("(?<![\\w#♯♭])", "")
MENTION = re.compile(
    rf"(?:(?P<before>\d{{1,3}})[\s-]*bars?[\s-]+(?:long\s+)?)?\b(?P<kind>{_WORD})\b"
    rf"(?:\s*\(?\s*(?:of\s+|for\s+)?(?P<after>\d{{1,3}})(?:\s*bars?\b)?\)?(?!\s*(?:bpm|%|/|:|sec|s\b|min)))?"
    rf"(?:\s+(?:is\s+)?in\s+(?:the\s+key\s+of\s+)?(?P<key>{_KEYED}))?",
    re.IGNORECASE,
)
_KEY_FOR = re.compile(
    rf"(?P<key>{_KEYED})\s+(?:for|in|on|at)\s+(?:the\s+|every\s+|each\s+|last\s+)*(?P<kind>{_WORD})\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Mention:
    """A section that a text names, with its length (0 open) and key where it gives them."""

    kind: str
    bars: int = 0
    key: Key | None = None


def mentions(text: str) -> tuple[list[Mention], str]:
    """The sections that a text names, in its order, and the text with them blanked out."""
    found: list[tuple[int, Mention]] = []

    def note(match: re.Match[str]) -> str:
        groups = match.groupdict()
        bars = int(groups.get("before") or groups.get("after") or 0)
        bars = 0 if bars < 4 and "bar" not in match[0].lower() else bars  # "verse 2" counts verses
        key = key_of_match(match) if match["key"] else None
        found.append((match.start(), Mention(_KINDS[match["kind"].lower()], min(bars, 256), key)))
        return " " * len(match[0])

    text = _KEY_FOR.sub(note, text)
    text = MENTION.sub(note, text)
    return [mention for _, mention in sorted(found, key=lambda f: f[0])], text
