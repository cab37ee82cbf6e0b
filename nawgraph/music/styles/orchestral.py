"""Orchestral: functional harmony, strings in layers, brass at the peaks."""

from nawgraph.music.styles.base import Layer, Style

STYLE = Style(
    name="orchestral",
    words=("orchestra", "cinematic", "classical", "symphonic", "film score", "epic", "soundtrack", "trailer"),
    bpm=(66, 96, 138),
    modes={"minor": 5, "major": 4, "harmonic minor": 2},
    moods=("epic", "majestic", "dramatic", "noble", "sad"),
    minor=("i VI III VII", "i iv V i", "i VII VI V", "i V7/iv iv V", "i VI iv V", "i v VI III iv i iiø V"),
    major=("I V vi iii IV I IV V", "I IV V I", "I vi IV V", "I V/3 vi IV", "I bVI bVII I", "I iv I V"),
    grammar=0.6,
    harmonic_rhythm={1: 0.8, 2: 0.2},
    colour=(0.12, 0.0),
    meters=((4, 4), (3, 4), (6, 8)),
    kit="kit.orchestral",
    grooves=(
        {"tom_low": "x..............."},
        {"kick": "X.......x.......", "tom_low": "x.....x.x.....x.", "snare": "....o.......o.oo"},
        {
            "kick": "X.......X.......",
            "tom_low": "X..x..x.X..x..x.",
            "tom_mid": "....x.......x...",
            "snare": "..o.x.oo..o.x.oo",
            "crash": "X" + "." * 63,
        },
        {"kick": "X.....x.X.....x.", "snare": "x.ooxooox.ooxoxo", "crash": "X" + "." * 31},
    ),
    fill="toms",
    bass=("bass.upright",),
    bass_rhythms=("R-------5-------", "R---------------", "R---R---R---R---", "R-R-R-R-R-R-R-R-", "R-------O---5---"),
    layers=(
        Layer("strings", "pad", ("strings.ensemble",), low=52, high=76, enter=0.0, pan=-0.1),
        Layer(
            "ostinato",
            "arp",
            ("strings.pizz", "strings.ensemble"),
            ("x.x.x.x.x.x.x.x.", "x.xxx.xxx.xxx.xx", "x..x..x.x..x..x."),
            55,
            76,
            0.35,
            pan=-0.35,
            gain=-2,
        ),
        Layer(
            "brass",
            "comp",
            ("brass.section",),
            ("x-------x-------", "x---------------", "x-----x-x---x---", "x--x--x-x-------"),
            48,
            69,
            0.65,
            pan=0.3,
        ),
        Layer("woodwind", "line", ("lead.flute", "strings.ensemble"), low=67, high=86, enter=0.5, pan=0.2, gain=-4),
        Layer(
            "bells", "sparkle", ("bell.fm", "mallet.vibes", "keys.piano"), low=72, high=91, enter=0.3, pan=0.4, gain=-8
        ),
        Layer(
            "melody", "lead", ("strings.ensemble", "lead.flute", "brass.section"), low=62, high=84, enter=0.3, pan=0.0
        ),
    ),
    vocals=0.35,
    voices=("voice.choir", "voice.soprano"),
    singing=0.15,
    forms=("overture", "theme"),
    looseness=9.0,
)
