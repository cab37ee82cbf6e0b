"""Playing a score on a SoundFont with FluidSynth, where the user has both.

FluidSynth is a program of its own (LGPL) that is started, never linked. Its notes fall on multiples of 64 frames,
1.5 ms at 44.1 kHz: nawgraph's own instruments are the ones that are exact.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from nawgraph.synth.catalogue import instrument_id
from nawgraph.synth.render import TAIL_SECONDS
from nawgraph.values import STEMS, Audio, Score, Stems

GAIN = 0.5
"""FluidSynth's gain: a full arrangement stays below full scale."""


def render_soundfont(
    score: Score,
    soundfont: Path | str,
    *,
    rate: int = 44100,
    tail: bool = True,
    program: Path | str | None = None,
    timeout: float = 600.0,
) -> Stems:
    """Play a score on the General MIDI sounds of a SoundFont.

    Args:
        score: what to play; instruments become the General MIDI programs nearest to them.
        soundfont: an ``.sf2`` or ``.sf3`` file.
        rate: Hz, 8,000 to 96,000 (what FluidSynth can do).
        tail: keep `TAIL_SECONDS` after the last bar, as `render` does.
        program: path of the ``fluidsynth`` program; None looks for it where programs are.
        timeout: seconds that one stem may take.

    Returns:
        Stereo stems drums, bass, vocals and other, exactly as long as those of `render`.

    Raises:
        ValueError: no FluidSynth, no SoundFont, a file that is none, an odd rate, or a rendering that failed.
    """
    if not 8_000 <= rate <= 96_000:
        raise ValueError(f"rate must be between 8,000 and 96,000 Hz for FluidSynth, got {rate!r}")
    executable, font = find_fluidsynth(program), _checked(Path(soundfont))
    frames = score.grid.frames(rate) + (TAIL_SECONDS * rate if tail else 0)
    return Stems.of({stem: Audio(_stem(score, stem, font, executable, rate, frames, timeout), rate) for stem in STEMS})


def find_fluidsynth(program: Path | str | None = None) -> Path:
    """The FluidSynth program.

    Raises:
        ValueError: it is not there, with how to get it.
    """
    found = shutil.which("fluidsynth" if program is None else str(program))
    if found is None:
        where = "on this machine" if program is None else f"at {program}"
        raise ValueError(f"there is no FluidSynth {where}: install it (https://www.fluidsynth.org) or use synth.render")
    return Path(found)


def _checked(font: Path) -> Path:
    """A SoundFont's path, once its first bytes are those of one."""
    try:
        with font.open("rb") as file:
            head = file.read(12)
    except OSError as error:
        raise ValueError(f"the SoundFont {font} cannot be read: {error.strerror}") from None
    if head[:4] != b"RIFF" or head[8:] != b"sfbk":
        raise ValueError(f"{font} is not a SoundFont (an .sf2 or .sf3 file)")
    return font.resolve()


def _stem(
    score: Score, stem: str, font: Path, executable: Path, rate: int, frames: int, timeout: float
) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """One stem, [2, frames]."""
    from nawgraph.music.midi import to_midi

    parts = tuple(replace(p, instrument=instrument_id(p, score.style)) for p in score.parts if p.stem == stem)
    if not any(part.notes for part in parts):
        return np.zeros((2, frames), np.float32)
    import soundfile

    with tempfile.TemporaryDirectory(prefix="nawgraph-") as folder:
        midi, wav = Path(folder, "stem.mid"), Path(folder, "stem.wav")
        midi.write_bytes(to_midi(replace(score, parts=parts), performed=True))
        options = ["-ni", "-R0", "-C0", f"-g{GAIN}", f"-r{rate}", "-Ofloat", "-Twav", f"-F{wav}"]
        command: list[str | Path] = [executable, *options, font, midi]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ValueError(f"FluidSynth did not play the stem {stem}: {error}") from None
        said = [line for line in (done.stderr + done.stdout).splitlines() if "rror" in line or done.returncode]
        # It exits with 0 and plays silence when it cannot read the SoundFont.
        if done.returncode or not wav.exists() or "Failed to load" in done.stderr:
            raise ValueError(f"FluidSynth did not play the stem {stem}: {said[0] if said else 'it gave no reason'}")
        sound, _ = soundfile.read(wav, dtype="float32", always_2d=True)
    made = np.zeros((2, frames), np.float32)
    count = min(frames, len(sound))
    made[:, :count] = sound[:count, :2].T
    return made
