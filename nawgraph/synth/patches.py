"""The patches of all instruments but the drums: what each is made of, as data.

Levels were set by measurement (see `benchmarks/synth_speed.py`), so that a song sounds balanced
before anybody has touched a fader.
"""

from __future__ import annotations

from nawgraph.synth.envelopes import Envelope
from nawgraph.synth.fm import Fm, Pair
from nawgraph.synth.instrument import Instrument
from nawgraph.synth.modal import Bars, Piano
from nawgraph.synth.plucked import Body, Plucked
from nawgraph.synth.singer import Singer
from nawgraph.synth.subtractive import Filter, Subtractive, Unison, Vibrato

BASSES: dict[str, Instrument] = {
    "bass.sub": Subtractive(
        wave="triangle",
        filter=Filter(cutoff=420, track=0.8, velocity=0.5),
        envelope=Envelope(attack=0.006, decay=0.4, sustain=0.85, release=0.09),
        level=-2.5,
        mono=True,
        glide=0.05,
    ),
    "bass.saw": Subtractive(
        unison=Unison(voices=2, cents=7),
        filter=Filter(
            cutoff=520, resonance=1.3, poles=4, envelope=Envelope(attack=0.002, decay=0.26, sustain=0.25), octaves=2.6
        ),
        envelope=Envelope(attack=0.004, decay=0.5, sustain=0.75),
        level=-4.8,
        sub=0.5,
        mono=True,
        glide=0.04,
    ),
    "bass.acid": Subtractive(
        filter=Filter(
            cutoff=300,
            track=0.35,
            resonance=7.0,
            poles=4,
            envelope=Envelope(attack=0.001, decay=0.24, sustain=0.0),
            octaves=3.4,
            velocity=2.4,
        ),
        envelope=Envelope(attack=0.002, decay=0.6, sustain=0.6, release=0.03),
        level=-2.1,
        mono=True,
        glide=0.06,
        drive=7.0,
    ),
    "bass.fm": Fm(
        pairs=(
            Pair(index=3.0, fade=0.3, floor=0.35, gain=0.8),
            Pair(modulator=3, index=1.6, fade=0.12, floor=0.15, gain=0.3, decay=1.2),
            Pair(carrier=0.5, modulator=0.5, index=0.5, floor=1, gain=0.3),
        ),
        envelope=Envelope(decay=0.8, sustain=0.7, release=0.06),
        level=-5.8,
        mono=True,
    ),
    "bass.reese": Subtractive(
        unison=Unison(voices=3, cents=21, width=0.35, drift=4),
        filter=Filter(
            cutoff=900,
            track=0.3,
            resonance=1.1,
            poles=4,
            envelope=Envelope(attack=0.05, decay=1.4, sustain=0.4),
            octaves=1.0,
        ),
        envelope=Envelope(attack=0.008, decay=0.5, sustain=0.95, release=0.1),
        level=-5.5,
        sub=0.7,
        mono=True,
        glide=0.07,
        drive=5.0,
    ),
    "bass.finger": Plucked(
        life=3.2,
        damping=0.62,
        position=0.22,
        hardness=1700,
        body=Body(peaks=((95, 1.2, 0.5), (700, 1.0, 0.35)), dry=0.9, low_pass=3200),
        level=-0.5,
        release=0.07,
        mono=True,
    ),
    "bass.upright": Plucked(
        life=1.9,
        damping=0.7,
        position=0.3,
        hardness=1100,
        body=Body(peaks=((98, 2.5, 0.9), (210, 3.0, 0.5), (430, 2.0, 0.3)), dry=0.7, low_pass=2400),
        level=1.7,
        release=0.11,
        mono=True,
        scrape=0.3,
    ),
    "bass.808": Subtractive(
        wave="sine",
        filter=Filter(cutoff=2500, track=0.2),
        envelope=Envelope(attack=0.002, decay=2.6, sustain=0.12, release=0.14),
        level=-5.5,
        mono=True,
        glide=0.09,
        sweep=11,
        drive=9.0,
    ),
    "bass.wobble": Subtractive(
        unison=Unison(voices=3, cents=12),
        filter=Filter(
            cutoff=2600, track=0.25, resonance=2.6, poles=4, envelope=Envelope(attack=0.001, decay=1), wobble=4.2
        ),
        envelope=Envelope(attack=0.006, decay=0.5, sustain=0.95, release=0.06),
        level=-4.0,
        sub=0.8,
        mono=True,
        glide=0.05,
        drive=8.0,
    ),
}

VOICES: dict[str, Instrument] = {
    "voice.soprano": Singer(level=2.7),
    "voice.tenor": Singer(tract="tenor", vibrato=34, rate=5.3, breath=0.04, level=3.4),
    "voice.choir": Singer(singers=6, vibrato=22, rate=5.2, breath=0.08, attack=0.12, release=0.35, level=-2.1),
}

KEYS: dict[str, Instrument] = {
    "keys.epiano": Fm(
        pairs=(
            Pair(index=1.5, fade=0.5, floor=0.25, decay=2.2),
            Pair(modulator=14, index=0.42, fade=0.12, gain=0.45, decay=1.0),
            Pair(carrier=2, index=0.3, fade=0.3, gain=0.12, decay=0.8),
        ),
        envelope=Envelope(attack=0.0015, decay=1, release=0.18),
        level=-14.1,
        width=5,
        tremolo=0.35,
    ),
    "keys.organ": Subtractive(
        wave="organ",
        filter=Filter(cutoff=5500, track=0.2, velocity=0.3),
        envelope=Envelope(attack=0.006, decay=0.1, sustain=0.95, release=0.05),
        level=-16.4,
        octave=-1,
        vibrato=Vibrato(cents=7, rate=6.2, delay=0.4),
        tremolo=0.8,
    ),
    "keys.piano": Piano(level=-14.9),
    "mallet.vibes": Bars(gains=(1.0, 0.3, 0.09), lives=(1.7, 0.6, 0.12), level=-12.0, motor=0.5),
    "bell.fm": Fm(
        pairs=(
            Pair(modulator=3.5, index=2.2, fade=1.2, floor=0.1, gain=0.8, decay=1.8),
            Pair(carrier=2, index=0.8, fade=0.6, floor=0.1, gain=0.3, decay=1.4),
            Pair(index=0.2, fade=0.4, gain=0.4, decay=2.4),
        ),
        envelope=Envelope(attack=0.0015, decay=1, release=0.6),
        level=-14.3,
        width=6,
    ),
}

STRINGS: dict[str, Instrument] = {
    "pluck.synth": Subtractive(
        unison=Unison(voices=3, cents=9, width=0.6),
        filter=Filter(
            cutoff=700,
            track=0.6,
            resonance=1.4,
            poles=4,
            envelope=Envelope(attack=0.001, decay=0.28, sustain=0.0),
            octaves=3.2,
            velocity=1.5,
        ),
        envelope=Envelope(attack=0.0015, decay=0.7, sustain=0.1, release=0.22),
        level=-7.1,
    ),
    "pluck.guitar": Plucked(
        life=3.6,
        damping=0.22,
        position=0.13,
        hardness=7500,
        body=Body(peaks=((105, 3.5, 0.45), (205, 4, 0.4), (400, 3, 0.2), (2900, 1.5, 0.35)), dry=0.85, low_pass=11000),
        level=-1.0,
        width=0.35,
        scrape=0.2,
    ),
    "guitar.nylon": Plucked(
        life=2.8,
        damping=0.42,
        position=0.2,
        hardness=3400,
        body=Body(peaks=((102, 4, 0.6), (198, 5, 0.5), (380, 3, 0.25)), dry=0.8, low_pass=6500),
        level=-0.6,
        width=0.25,
        scrape=0.15,
    ),
    "guitar.electric": Plucked(
        life=5.0, position=0.16, body=Body(low_pass=6000), level=0.1, release=0.07, width=0.9, drive=26
    ),
    "strings.ensemble": Subtractive(
        unison=Unison(voices=6, cents=9, width=0.9, drift=7),
        filter=Filter(
            cutoff=3000, track=0.35, resonance=0.8, envelope=Envelope(attack=0.3, decay=1), octaves=0.6, velocity=1.4
        ),
        envelope=Envelope(attack=0.16, decay=1, release=0.35),
        level=-15.7,
        noise=0.012,
        vibrato=Vibrato(cents=9, rate=5.4, delay=0.6),
    ),
    "strings.pizz": Plucked(
        life=0.75,
        damping=0.6,
        position=0.25,
        hardness=3000,
        body=Body(peaks=((280, 3, 0.6), (460, 3, 0.5), (1100, 2, 0.3)), dry=0.7, low_pass=6000),
        level=0.5,
        release=0.3,
        width=0.5,
    ),
}

PADS: dict[str, Instrument] = {
    "pad.warm": Subtractive(
        unison=Unison(voices=5, cents=11, width=0.9, drift=3),
        filter=Filter(
            cutoff=1050,
            track=0.4,
            resonance=0.8,
            poles=4,
            envelope=Envelope(attack=0.9, decay=2.5, sustain=0.6),
            octaves=0.9,
        ),
        envelope=Envelope(attack=0.35, decay=1, release=0.9),
        level=-16.4,
    ),
    "pad.glass": Subtractive(
        wave="triangle",
        unison=Unison(voices=4, cents=8, width=1.0, drift=4),
        filter=Filter(
            cutoff=6000, track=0.4, resonance=0.8, envelope=Envelope(attack=0.6, decay=2, sustain=0.5), octaves=0.6
        ),
        envelope=Envelope(attack=0.25, decay=2, sustain=0.8, release=1.1),
        level=-15.6,
    ),
    "brass.section": Subtractive(
        wave="brass",
        unison=Unison(voices=4, cents=7, width=0.6, drift=5),
        filter=Filter(
            cutoff=1300,
            resonance=0.9,
            envelope=Envelope(attack=0.07, decay=0.5, sustain=0.65),
            octaves=1.9,
            velocity=1.6,
        ),
        envelope=Envelope(attack=0.035, sustain=0.85, release=0.12),
        level=-18.1,
        vibrato=Vibrato(cents=7, rate=5.0, delay=0.7),
        sweep=-0.4,
        sweep_time=0.08,
    ),
    "brass.stab": Subtractive(
        wave="brass",
        unison=Unison(voices=5, cents=9, width=0.7),
        filter=Filter(
            cutoff=1500,
            resonance=1.0,
            envelope=Envelope(attack=0.012, decay=0.25, sustain=0.25),
            octaves=2.2,
            velocity=1.2,
        ),
        envelope=Envelope(attack=0.01, decay=0.5, sustain=0.6, release=0.1),
        level=-14.1,
        sweep=-0.3,
    ),
}

LEADS: dict[str, Instrument] = {
    "lead.saw": Subtractive(
        unison=Unison(voices=3, cents=10, width=0.4),
        filter=Filter(cutoff=3200, resonance=1.0, envelope=Envelope(decay=0.5, sustain=0.5), octaves=1.2),
        envelope=Envelope(attack=0.006, decay=0.4, sustain=0.85, release=0.14),
        level=-8.2,
        vibrato=Vibrato(cents=14, rate=5.6, delay=0.5),
        mono=True,
        glide=0.06,
    ),
    "lead.square": Subtractive(
        wave="square",
        unison=Unison(voices=2, cents=6, width=0.3),
        filter=Filter(cutoff=2800, resonance=0.9, envelope=Envelope(attack=0.002, decay=0.4, sustain=0.5), octaves=1.0),
        envelope=Envelope(attack=0.005, decay=0.4, sustain=0.8, release=0.12),
        level=-12.8,
        vibrato=Vibrato(cents=16, rate=5.4, delay=0.4),
        mono=True,
        glide=0.04,
    ),
    "lead.flute": Subtractive(
        wave="flute",
        filter=Filter(cutoff=3600, envelope=Envelope(attack=0.08, decay=0.5, sustain=0.6), octaves=0.4),
        envelope=Envelope(attack=0.05, sustain=0.9, release=0.11),
        level=-10.6,
        noise=0.022,
        vibrato=Vibrato(cents=16, rate=5.1, delay=0.7),
        mono=True,
        glide=0.05,
    ),
}
