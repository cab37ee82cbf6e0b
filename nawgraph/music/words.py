"""The vocabulary of the prompt reader: data only. Words are lower case; longer phrases win over shorter ones."""

from __future__ import annotations

INSTRUMENTS: dict[str, str] = {
    "electric piano": "keys.epiano", "rhodes": "keys.epiano", "wurlitzer": "keys.epiano", "epiano": "keys.epiano",
    "e-piano": "keys.epiano", "piano": "keys.piano", "pianos": "keys.piano", "grand piano": "keys.piano",
    "organ": "keys.organ", "hammond": "keys.organ", "keys": "keys.epiano", "keyboard": "keys.epiano",
    "clavinet": "keys.epiano", "pluck": "pluck.synth", "plucks": "pluck.synth", "synth pluck": "pluck.synth",
    "arpeggio": "pluck.synth", "arpeggios": "pluck.synth", "arp": "pluck.synth", "arps": "pluck.synth",
    "acoustic guitar": "pluck.guitar", "electric guitar": "guitar.electric", "guitar": "guitar.electric",
    "guitars": "guitar.electric", "distorted guitar": "guitar.electric", "nylon guitar": "guitar.nylon",
    "classical guitar": "guitar.nylon", "spanish guitar": "guitar.nylon", "harp": "guitar.nylon", "pad": "pad.warm",
    "pads": "pad.warm", "warm pad": "pad.warm", "glass pad": "pad.glass", "glassy pad": "pad.glass",
    "glassy pads": "pad.glass", "strings": "strings.ensemble", "string section": "strings.ensemble",
    "violin": "strings.ensemble", "violins": "strings.ensemble", "cello": "strings.ensemble",
    "cellos": "strings.ensemble", "pizzicato": "strings.pizz", "pizzicato strings": "strings.pizz",
    "brass": "brass.section", "horns": "brass.section",
    "horn": "brass.section", "trumpet": "brass.section", "trumpets": "brass.section", "trombone": "brass.section",
    "sax": "brass.section", "saxophone": "brass.section", "brass stabs": "brass.stab", "stabs": "brass.stab",
    "synth": "lead.saw", "synths": "lead.saw", "synthesizer": "lead.saw", "synthesiser": "lead.saw",
    "saw lead": "lead.saw", "supersaw": "lead.saw", "lead synth": "lead.saw", "synth lead": "lead.saw",
    "square lead": "lead.square", "chiptune lead": "lead.square", "flute": "lead.flute", "flutes": "lead.flute",
    "woodwind": "lead.flute", "woodwinds": "lead.flute", "vibraphone": "mallet.vibes", "vibes": "mallet.vibes",
    "marimba": "mallet.vibes", "xylophone": "mallet.vibes", "mallets": "mallet.vibes", "bell": "bell.fm",
    "bells": "bell.fm", "music box": "bell.fm", "chimes": "bell.fm", "glockenspiel": "bell.fm",
    "sub bass": "bass.sub", "sub-bass": "bass.sub", "acid bass": "bass.acid", "303": "bass.acid",
    "reese": "bass.reese", "reese bass": "bass.reese", "upright bass": "bass.upright", "double bass": "bass.upright",
    "contrabass": "bass.upright", "walking bass": "bass.upright", "slap bass": "bass.finger",
    "bass guitar": "bass.finger", "electric bass": "bass.finger", "fm bass": "bass.fm", "wobble bass": "bass.wobble",
    "808 bass": "bass.808", "808s": "bass.808", "saw bass": "bass.saw", "synth bass": "bass.saw",
}  # fmt: skip
INSTRUMENTS |= {f"{word}s": name for word, name in INSTRUMENTS.items() if not word.endswith(("s", "brass", "bass"))}
"""What people call instruments, to the synthesiser's names; plurals too."""

STEM_WORDS = {
    "drums": "drums", "drum": "drums", "percussion": "drums", "beat": "drums", "beats": "drums", "bass": "bass",
    "bassline": "bass", "bass line": "bass", "vocals": "vocals", "vocal": "vocals", "voice": "vocals",
    "voices": "vocals", "singing": "vocals", "singer": "vocals", "vox": "vocals",
}  # fmt: skip

VOICES = {
    "female": "voice.soprano", "woman": "voice.soprano", "girl": "voice.soprano", "soprano": "voice.soprano",
    "diva": "voice.soprano", "female vocals": "voice.soprano", "male": "voice.tenor", "man": "voice.tenor",
    "tenor": "voice.tenor", "baritone": "voice.tenor", "male vocals": "voice.tenor", "rapper": "voice.tenor",
    "choir": "voice.choir", "chorale": "voice.choir", "choral": "voice.choir",
}  # fmt: skip

MOODS: dict[str, tuple[str, float, float]] = {
    "happy": ("major", 0.65, 0.2), "joyful": ("major", 0.7, 0.3), "cheerful": ("major", 0.65, 0.2),
    "uplifting": ("major", 0.7, 0.2), "bright": ("major", 0.6, 0.1), "sunny": ("major", 0.6, 0.1),
    "triumphant": ("major", 0.85, 0.1), "playful": ("major", 0.55, 0.2), "hopeful": ("major", 0.55, 0.0),
    "romantic": ("major", 0.4, -0.3), "tender": ("major", 0.3, -0.4), "party": ("", 0.8, 0.3),
    "sad": ("minor", 0.35, -0.4), "melancholic": ("minor", 0.35, -0.4), "melancholy": ("minor", 0.35, -0.4),
    "dark": ("minor", 0.55, 0.0), "gloomy": ("minor", 0.35, -0.3), "moody": ("minor", 0.45, -0.2),
    "tense": ("minor", 0.6, 0.1), "menacing": ("minor", 0.7, 0.0), "mysterious": ("minor", 0.4, -0.2),
    "angry": ("minor", 0.9, 0.5), "aggressive": ("minor", 0.95, 0.4), "heavy": ("minor", 0.85, 0.0),
    "hard": ("minor", 0.85, 0.1), "epic": ("", 0.85, 0.0), "dramatic": ("minor", 0.75, 0.0),
    "majestic": ("major", 0.75, -0.1), "heroic": ("major", 0.8, 0.1), "calm": ("", 0.25, -0.5),
    "peaceful": ("", 0.2, -0.5), "relaxed": ("", 0.3, -0.4), "relaxing": ("", 0.25, -0.5), "chill": ("", 0.35, -0.3),
    "chilled": ("", 0.35, -0.3), "mellow": ("", 0.35, -0.3), "dreamy": ("", 0.35, -0.3), "floating": ("", 0.25, -0.4),
    "warm": ("", 0.45, -0.1), "nostalgic": ("", 0.45, -0.2), "cold": ("minor", 0.5, 0.0), "hypnotic": ("", 0.55, 0.0),
    "driving": ("", 0.75, 0.3), "groovy": ("", 0.6, 0.0), "energetic": ("", 0.9, 0.5), "intense": ("", 0.9, 0.3),
    "powerful": ("", 0.9, 0.1), "soft": ("", 0.25, -0.2), "gentle": ("", 0.25, -0.3), "quiet": ("", 0.2, -0.2),
    "spacious": ("", 0.3, -0.2), "smoky": ("minor", 0.4, -0.2), "gritty": ("minor", 0.65, 0.0),
    "euphoric": ("major", 0.9, 0.2), "anthemic": ("major", 0.85, 0.0), "sleepy": ("", 0.2, -0.5),
    "late-night": ("", 0.4, -0.2), "laid-back": ("", 0.35, -0.3), "funky": ("", 0.65, 0.0), "massive": ("", 0.95, 0.0),
    "meditative": ("", 0.2, -0.5), "ominous": ("minor", 0.5, -0.2), "eerie": ("minor", 0.35, -0.3),
    "haunting": ("minor", 0.4, -0.3), "spooky": ("minor", 0.45, -0.1), "soulful": ("", 0.5, -0.1),
    "emotional": ("minor", 0.5, -0.2), "inspiring": ("major", 0.7, 0.1), "bittersweet": ("minor", 0.45, -0.2),
    "lonely": ("minor", 0.3, -0.4), "brooding": ("minor", 0.4, -0.2), "bouncy": ("major", 0.65, 0.2),
    "quirky": ("major", 0.55, 0.1), "ethereal": ("", 0.3, -0.3), "trippy": ("", 0.5, -0.1),
    "sexy": ("minor", 0.5, -0.1),
    "festive": ("major", 0.8, 0.2), "relentless": ("minor", 0.9, 0.3), "fierce": ("minor", 0.9, 0.3),
    "elegant": ("", 0.4, -0.1), "raw": ("", 0.8, 0.1), "noble": ("major", 0.6, -0.1), "urgent": ("minor", 0.85, 0.4),
}  # fmt: skip
"""Mood → mode it prefers, energy, pace. Words that also name a style are read as the style first."""

PACE = {
    "slow": -0.8, "very slow": -1.0, "slowly": -0.8, "midtempo": 0.0, "mid-tempo": 0.0, "uptempo": 0.7, "up-tempo": 0.7,
    "fast": 0.8, "very fast": 1.0, "quick": 0.7, "lively": 0.5, "medium tempo": 0.0,
}  # fmt: skip
DENSITY = {
    "sparse": 0.15, "minimal": 0.2, "minimalist": 0.2, "stripped": 0.2, "stripped-down": 0.2, "simple": 0.3,
    "open": 0.3, "dense": 0.85, "busy": 0.85, "complex": 0.8, "full": 0.75, "rich": 0.75, "lush": 0.75,
    "layered": 0.75, "intricate": 0.85,
}  # fmt: skip
ENERGY = {
    "low energy": 0.2, "low-energy": 0.2, "medium energy": 0.5, "high energy": 0.9, "high-energy": 0.9, "loud": 0.85,
    "banging": 0.95, "big": 0.75, "huge": 0.9,
}  # fmt: skip

NUMBERS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "eight": 8, "ten": 10, "twelve": 12,
    "sixteen": 16, "thirty-two": 32, "sixty-four": 64, "half a": 0.5, "a": 1,
}  # fmt: skip

_FILLERS = """
get gets getting
a an the and or but with of in on at to for from by as is are be it its it's that this these those some any no not
very really quite rather so such like kind sort song track tune piece music musical loop instrumental something make
made create give me i we you want need would should could please then than into over under about around near feel
feeling vibe vibes sound sounds sounding style styled styles genre inspired tempo bpm beats per minute key scale
bars bar measures minutes seconds long length lasting more less much little bit lots lot plenty mood atmosphere
energy density level medium high low featuring feature features including include includes has have having add
adding use using without starts start starting ends end ending begins begin beginning first second third last next
after before while during up down out all my our your mode major minor line lines section sections part parts melody
melodies harmony harmonies chords chord progression rhythm rhythms groove grooves good nice great beautiful let lets
let's go goes going where when which what whose who only just also too mostly mainly touch hint slightly half
modulating modulates modulate modulation changing changes change shifts shift moving moves switch switches one two
each every time signature meter there do does can will thanks hello hi accompaniment accompanied backing background
whole through throughout between across both new lead leads solo 's s t vocals vocal singing
"""
FILLERS = frozenset(_FILLERS.split())
"""Words that carry no instruction of their own and are not reported as unread."""
