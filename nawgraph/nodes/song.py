"""Songs that somebody else made: their beat, chords and form, and new parts that fit them."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from nawgraph.context import Context
from nawgraph.hints import File, Range
from nawgraph.node import node
from nawgraph.values import Audio, Grid, ModelRef, Score

HOUSE = ModelRef("beats", "house", "1")
"""The beat tracker that comes with nawgraph. Its revision is raised with its weights, the node's version with it."""

UNSURE = 0.4
"""Confidence below which the user is told to listen."""

QUIET = -70.0
"""LUFS of silence: the gate of BS.1770."""

FRAME_BYTES = 1200
"""Bytes that a frame of the network's input takes while it is worked on."""


class Tracked(NamedTuple):
    """The song's grid, the tempo that it keeps most of the time, and how sure the beats are (0–1)."""

    grid: Grid
    bpm: float
    confidence: float


@node("song.model", title="Beat tracker weights", needs="io", aliases=("checkpoint",))
def model(*, file: Annotated[str, File(("safetensors",))] = "") -> ModelRef:
    """Choose the beat tracker: weights that `nawgraph train beats` made; empty for nawgraph's own."""
    from pathlib import Path

    from nawgraph.values import digest

    if not file:
        return HOUSE
    try:
        data = Path(file).read_bytes()
    except OSError as error:
        raise ValueError(f"{file} cannot be read: {error.strerror}") from None
    return ModelRef("beats", file, digest(data).hex())


@node(
    "song.grid",
    title="Find grid",
    models={"model": HOUSE},
    aliases=("beat tracking", "tempo map", "downbeats", "time signature", "bars"),
)
def grid(
    audio: Audio,
    model: ModelRef | None = None,
    *,
    low: Annotated[float, Range(40, 240, unit="bpm")] = 40.0,
    high: Annotated[float, Range(40, 240, unit="bpm")] = 240.0,
    beats: Annotated[int, Range(0, 7, unit="beats")] = 0,
    ctx: Context,
) -> Tracked:
    """Beats, bars and tempo of a recording as a grid that follows it, also where its tempo drifts.

    The grid begins with the recording; a short bar before the first downbeat holds what comes before it. Where a tempo,
    its half and its double are possible, `low` and `high` decide. `beats` is how many a bar has; 0 finds it.
    """
    import numpy as np

    from nawgraph.audio.memory import demand
    from nawgraph.audio.pulse import pulse
    from nawgraph.music.tracked import grid_of

    if model is not None and model.kind != "beats":
        raise ValueError(f"song.grid needs a beat tracker, got a model of kind {model.kind!r}: use song.model")
    if not low < high:
        raise ValueError(f"low must be below high, got {low:g} and {high:g} bpm")
    with ctx.borrow(model or HOUSE) as network:
        needed = audio.seconds * network.frame_rate * FRAME_BYTES + 4 * audio.frames + 4 * 22_050 * audio.seconds
        demand(round(needed), f"following {audio.seconds / 60:.0f} minutes")
        ctx.check()
        heard = network.probabilities(audio.samples, audio.rate)
        ctx.check()
        found = pulse(heard, network.frame_rate, low, high, beats)
    if found is None:
        raise ValueError(
            "no beat was found: the sound is silent, too short or has no onsets. Where you know the tempo, "
            "compose on a grid of your own"
        )
    if found.confidence < UNSURE:
        ctx.warn(
            f"the beat is uncertain (confidence {found.confidence:.2f}): listen to it against the song, and narrow low "
            "and high where you know the tempo"
        )
    bpm = 60 / float(np.median(np.diff(found.times)))
    made = grid_of(found.times, found.places.tolist(), found.beats, audio.seconds, found.strength)
    return Tracked(made, bpm, found.confidence)


@node("song.chords", title="Find chords", aliases=("chord track", "key", "harmony", "transcribe"))
def chords(audio: Audio, grid: Grid, *, ctx: Context) -> Score:
    """Key and chords of a recording on its grid, as a score without notes.

    Chords (major, minor, their sevenths, diminished, suspended) change on beats, most easily on the first of a bar; the
    key may change once a part of the song stays in another.
    """
    from nawgraph.audio import harmony
    from nawgraph.audio.memory import demand
    from nawgraph.music import heard

    demand(round(audio.seconds * 40_000) + 4 * audio.frames, f"hearing the chords of {audio.seconds / 60:.0f} minutes")
    ticks, places, marks = heard.beat_marks(grid)
    found = harmony.tonal(audio.samples, audio.rate, marks)
    ctx.check()
    keys = harmony.keys_of(heard.by_bar(found.chroma, ticks, grid))
    if not keys:
        raise ValueError("no chords were found: the sound is silent or has no pitch")
    scales = [harmony.scale_of(*keys[grid.bar_at(tick)[0]]) for tick in ticks]
    beats = grid.meter_at(grid.bars // 2).beats
    return heard.with_harmony(grid, keys, harmony.chords(found, places, beats, scales))


@node("song.sections", title="Find sections", aliases=("form", "structure", "segmentation", "verse", "chorus"))
def sections(audio: Audio, score: Score, *, ctx: Context) -> Score:
    """The form of a recording: a score, such as `song.chords` makes, with its sections, each with a label and energy.

    Bars that sound alike belong together, in lengths that music likes. What repeats most strongly is called the chorus;
    names are guesses, borders and labels are heard.
    """
    from nawgraph.audio import harmony
    from nawgraph.audio import sections as form
    from nawgraph.audio.memory import demand
    from nawgraph.music import heard

    demand(round(audio.seconds * 130_000) + 4 * audio.frames, f"hearing the form of {audio.seconds / 60:.0f} minutes")
    marks = heard.bar_marks(score.grid)
    level = form.levels(audio.samples, audio.rate, marks)
    ctx.check()
    pitch = harmony.tonal(audio.samples, audio.rate, marks)
    return heard.with_form(score, form.sections(level, pitch.chroma))


@node("song.match", title="Match loudness", aliases=("level", "LUFS", "replace stem", "as loud as"))
def match(audio: Audio, reference: Audio, *, offset: Annotated[float, Range(-24, 24, unit="dB")] = 0.0) -> Audio:
    """Make a sound as loud as another, by integrated loudness (ITU-R BS.1770), plus `offset`.

    Silence stays silent, and beside a silent reference the sound is silent too.
    """
    import numpy as np

    from nawgraph.audio.levels import from_db
    from nawgraph.audio.loudness import integrated

    now, wanted = (integrated(a.samples, a.rate) for a in (audio, reference))
    if now < QUIET:
        return audio
    gain = 0.0 if wanted < QUIET else from_db(wanted - now + offset)
    return Audio(audio.samples * np.float32(gain), audio.rate)
