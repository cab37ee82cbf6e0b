"""Sixty prompts, five for each of twelve styles, in free wording; every one states a tempo and a key."""

from __future__ import annotations

from typing import NamedTuple


class Wanted(NamedTuple):
    """A prompt and what a listener would check it against.

    Attributes:
        style: name in `nawgraph.music.styles.STYLES`.
        text: the prompt.
        bpm: the tempo it states.
        tonic: pitch class of the key it states (C = 0).
        mode: ``major`` or ``minor``.
    """

    style: str
    text: str
    bpm: float
    tonic: int
    mode: str


C, CIS, D, ES, E, F, FIS, G, AS, A, B_FLAT, B = range(12)

PROMPTS = (
    Wanted("techno", "Driving warehouse techno at 130 bpm in A minor, dark and hypnotic", 130, A, "minor"),
    Wanted("techno", "techno, 126 BPM, F# minor, acid bass", 126, FIS, "minor"),
    Wanted("techno", "a fast, relentless rave: 140 bpm, C minor, no vocals please", 140, C, "minor"),
    Wanted("techno", "Minimal techno in E minor. Tempo 124. Sparse.", 124, E, "minor"),
    Wanted("techno", "peak-time techno with big stabs, key of G minor, 134.5 bpm", 134.5, G, "minor"),
    Wanted("house", "Deep house, 122 bpm, warm electric piano, D minor", 122, D, "minor"),
    Wanted("house", "sunny club house in F major at 124 beats per minute with female vocals", 124, F, "major"),
    Wanted("house", "groovy tech house / 127 bpm / B minor", 127, B, "minor"),
    Wanted("house", "uplifting progressive house, C major, 128 bpm, strings and piano", 128, C, "major"),
    Wanted("house", "House music for a late-night party: 120 bpm, Eb minor", 120, ES, "minor"),
    Wanted("drum and bass", "liquid drum and bass, 174 bpm, E minor, dreamy pads", 174, E, "minor"),
    Wanted("drum and bass", "Dark neurofunk dnb at 176 with a reese bass in F minor", 176, F, "minor"),
    Wanted("drum and bass", "jungle breakbeats, 168 bpm, A minor", 168, A, "minor"),
    Wanted("drum and bass", "uplifting drum & bass in D major, 172 bpm, singer", 172, D, "major"),
    Wanted("drum and bass", "drum'n'bass – G minor – 170 BPM – energetic", 170, G, "minor"),
    Wanted("dubstep", "dubstep, 140 bpm, F minor, massive wobble bass", 140, F, "minor"),
    Wanted("dubstep", "aggressive brostep at 145 bpm in D minor", 145, D, "minor"),
    Wanted("dubstep", "deep, moody dubstep in C# minor, 138 bpm", 138, CIS, "minor"),
    Wanted("dubstep", "half-time bass music: 142 bpm, E minor, cold and spacious", 142, E, "minor"),
    Wanted("dubstep", "Riddim dubstep | 150 bpm | G minor", 150, G, "minor"),
    Wanted("trap", "trap beat, 140 bpm, C minor, dark bells and 808s", 140, C, "minor"),
    Wanted("trap", "UK drill in B minor at 142 bpm, menacing", 142, B, "minor"),
    Wanted("trap", "cloud rap instrumental: A minor, 132 bpm, floating pads", 132, A, "minor"),
    Wanted("trap", "phonk, 155 bpm, F minor, gritty", 155, F, "minor"),
    Wanted("trap", "melodic trap with a male voice, 146 bpm, Eb minor", 146, ES, "minor"),
    Wanted("lo-fi", "lo-fi hip hop, 84 bpm, D minor, mellow electric piano", 84, D, "minor"),
    Wanted("lo-fi", "chillhop to study to: F major, 78 bpm, relaxed", 78, F, "major"),
    Wanted("lo-fi", "Sleepy lofi beats in A minor, 72 BPM, nylon guitar", 72, A, "minor"),
    Wanted("lo-fi", "nostalgic lo-fi, C major, 88 bpm, no vocals", 88, C, "major"),
    Wanted("lo-fi", "rainy-day study beats, 80 bpm, B♭ major, vibraphone", 80, B_FLAT, "major"),
    Wanted("hip hop", "90s boom bap, 92 bpm, E minor, raw drums", 92, E, "minor"),
    Wanted("hip hop", "hip hop with a rapper, G minor, 96 bpm", 96, G, "minor"),
    Wanted("hip hop", "smooth R&B in D minor at 86 bpm, electric piano", 86, D, "minor"),
    Wanted("hip hop", "g-funk, C minor, 94 bpm, laid-back", 94, C, "minor"),
    Wanted("hip hop", "Old-school hip-hop beat: 100 bpm, A minor, brass stabs", 100, A, "minor"),
    Wanted("jazz", "swing jazz, 140 bpm, F major, upright bass and piano", 140, F, "major"),
    Wanted("jazz", "Bebop at 208 bpm in B♭ major", 208, B_FLAT, "major"),
    Wanted("jazz", "slow smoky jazz in C minor, 100 bpm, saxophone", 100, C, "minor"),
    Wanted("jazz", "cool jazz – G minor – 128 bpm – elegant", 128, G, "minor"),
    Wanted("jazz", "big band in E♭ major, tempo 160, brass", 160, ES, "major"),
    Wanted("funk", "funk, 108 bpm, E minor, slap bass and clavinet", 108, E, "minor"),
    Wanted("funk", "Motown soul in G major at 112 bpm", 112, G, "major"),
    Wanted("funk", "funky groove with horns, 100 bpm, A minor", 100, A, "minor"),
    Wanted("funk", "boogie funk: D minor, 116 bpm, party", 116, D, "minor"),
    Wanted("funk", "raw funk, C minor, tempo 104, guitar", 104, C, "minor"),
    Wanted("rock", "indie rock, 128 bpm, G major, electric guitars", 128, G, "major"),
    Wanted("rock", "Punk! 166 bpm, A major, loud", 166, A, "major"),
    Wanted("rock", "heavy metal in E minor at 150 bpm", 150, E, "minor"),
    Wanted("rock", "anthemic pop rock, D major, 120 bpm, male vocals", 120, D, "major"),
    Wanted("rock", "grunge, 110 bpm, F# minor, gritty guitars", 110, FIS, "minor"),
    Wanted("ambient", "ambient drone in A minor, 70 bpm, glassy pads", 70, A, "minor"),
    Wanted("ambient", "Calm, meditative soundscape. D major. 60 bpm.", 60, D, "major"),
    Wanted("ambient", "new age with harp and flute, C major, 80 bpm", 80, C, "major"),
    Wanted("ambient", "cold space music, E minor, 64 bpm, mysterious", 64, E, "minor"),
    Wanted("ambient", "downtempo atmospheric piece: G major at 90 bpm, gentle bells", 90, G, "major"),
    Wanted("orchestral", "epic orchestral trailer, D minor, 120 bpm, brass and strings", 120, D, "minor"),
    Wanted("orchestral", "tender film score in F major at 76 bpm, strings", 76, F, "major"),
    Wanted("orchestral", "Heroic symphonic theme: C major, 132 bpm", 132, C, "major"),
    Wanted("orchestral", "cinematic and tense, G minor, 104 bpm, pizzicato", 104, G, "minor"),
    Wanted("orchestral", "classical waltz, 3/4, A minor, 126 bpm, woodwinds", 126, A, "minor"),
)  # fmt: skip
"""AS (A♭) is in no prompt, every other tonic is in some."""
