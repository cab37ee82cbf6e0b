"""Every instrument by its id, and which one a part gets that names none."""

from __future__ import annotations

import difflib

from nawgraph.synth.instrument import Instrument
from nawgraph.synth.kits import KITS
from nawgraph.synth.patches import BASSES, KEYS, LEADS, PADS, STRINGS, VOICES
from nawgraph.values import Part

INSTRUMENTS: dict[str, Instrument] = {**KITS, **BASSES, **VOICES, **KEYS, **STRINGS, **PADS, **LEADS}
"""Every instrument by id."""

_BY_STYLE = {
    "techno": ("kit.techno", "bass.acid", "voice.soprano", "pluck.synth"),
    "house": ("kit.house", "bass.saw", "voice.soprano", "keys.organ"),
    "dnb": ("kit.dnb", "bass.reese", "voice.soprano", "pad.warm"),
    "dubstep": ("kit.dubstep", "bass.wobble", "voice.soprano", "pad.glass"),
    "trap": ("kit.trap", "bass.808", "voice.tenor", "bell.fm"),
    "lofi": ("kit.lofi", "bass.upright", "voice.soprano", "keys.epiano"),
    "hiphop": ("kit.hiphop", "bass.sub", "voice.tenor", "keys.epiano"),
    "jazz": ("kit.jazz", "bass.upright", "voice.tenor", "keys.piano"),
    "funk": ("kit.funk", "bass.finger", "voice.tenor", "keys.epiano"),
    "rock": ("kit.rock", "bass.finger", "voice.tenor", "guitar.electric"),
    "ambient": ("kit.ambient", "bass.sub", "voice.choir", "pad.glass"),
    "orchestral": ("kit.orchestral", "bass.upright", "voice.choir", "strings.ensemble"),
    "bossa": ("kit.jazz", "bass.upright", "voice.soprano", "guitar.nylon"),
    "reggae": ("kit.funk", "bass.sub", "voice.tenor", "keys.organ"),
    "synthwave": ("kit.synthwave", "bass.saw", "voice.soprano", "pad.warm"),
    "disco": ("kit.disco", "bass.finger", "voice.soprano", "strings.ensemble"),
}
"""Style → instruments of drums, bass, vocals and other."""

_DEFAULT = ("kit.house", "bass.finger", "voice.soprano", "keys.piano")

_ALIASES = {"drumandbass": "dnb", "drumnbass": "dnb", "jungle": "dnb", "lofihiphop": "lofi", "classical": "orchestral"}

_BY_NAME = {
    "pad": "pad.warm", "lead": "lead.saw", "strings": "strings.ensemble", "brass": "brass.section",
    "organ": "keys.organ", "piano": "keys.piano", "epiano": "keys.epiano", "guitar": "pluck.guitar",
    "flute": "lead.flute", "bell": "bell.fm", "pluck": "pluck.synth", "arp": "pluck.synth", "stab": "brass.stab",
    "vibes": "mallet.vibes", "choir": "voice.choir",
}  # fmt: skip
"""What a part of the stem other plays by its name, before the style decides."""


def instrument_id(part: Part, style: str = "") -> str:
    """The id of the instrument that plays a part: its own, else by its stem, its name and the score's style.

    Raises:
        ValueError: the part names an instrument that does not exist.
    """
    if part.instrument:
        if part.instrument not in INSTRUMENTS:
            near = difflib.get_close_matches(part.instrument, INSTRUMENTS, 1, 0.3)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise ValueError(f"the part {part.name!r} asks for an unknown instrument {part.instrument!r}.{hint}")
        return part.instrument
    plain = "".join(c for c in style.lower() if c.isalnum())
    choices = _BY_STYLE.get(_ALIASES.get(plain, plain), _DEFAULT)
    if part.stem in ("drums", "bass", "vocals"):
        return choices[("drums", "bass", "vocals").index(part.stem)]
    named = next((found for word, found in _BY_NAME.items() if word in part.name.lower()), None)
    return named or choices[3]
