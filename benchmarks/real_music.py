"""Recordings imported, taken apart and given new drums: `python benchmarks/real_music.py FILE… [--style WORDS]`.

Nobody knows where the beats of these recordings are. What is printed of them is how much more begins on the found
beats than elsewhere (*on*: the onset envelope near the beats over its mean, 1 is chance; *off*: the same half a beat
later), how much the time between beats varies (*vary*, coefficient of variation), and, with `--peer PYTHON` (an
interpreter that has librosa), how far `librosa.beat.beat_track` agrees: F-measure (± 70 ms), and the best of it at
half and double tempo and between the beats.

Then `graphs/replace_drums.nawgraph` is run by the command line, without a cache. Printed are wall time over the
song's length, the largest resident size of a process, and how far the new drums' strokes, as detected in the exported
stem, lie from the nearest found beat or half beat (median and 95th percentile in ms; strokes further off than a third
of that play between). The stems before the swap are checked against the song: length to the sample, largest miss of
their sum in dBFS. Exit status 1 if a target is missed: time ≤ length, ≤ 8 GB, strokes ≤ 15 ms, sum ≤ −90 dBFS.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "songs"))

from drifting import f_measure, heard_beats

from nawgraph.audio.files import read
from nawgraph.audio.onsets import onset_envelope, onsets
from nawgraph.context import Context
from nawgraph.models import loaders
from nawgraph.nodes import separate, song
from nawgraph.values import Audio

ROOT = Path(__file__).parents[1]

load = lru_cache(loaders.load)

PEER = """
import json, sys, librosa
y, rate = librosa.load(sys.argv[1], sr=22050, mono=True)
print(json.dumps(librosa.beat.beat_track(y=y, sr=rate, units="time")[1].tolist()))
"""


@contextmanager
def lend(ref):
    yield load(ref)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path, help="recordings")
    parser.add_argument("--style", default="rock drums", help="of the new drums (default: rock drums)")
    parser.add_argument("--peer", help="a Python that has librosa, to compare beats with")
    parser.add_argument("--no-swap", action="store_true", help="beats and stems alone")
    options = parser.parse_args()
    print(
        f"{'file':22s} {'s':>4s} {'bpm':>6s} {'sure':>5s} {'vary':>5s} {'on':>5s} {'off':>5s} {'peer':>5s} {'best':>5s}"
        f" {'sum':>6s} {'part':>5s} {'swap':>5s} {'GB':>5s} {'ms':>5s} {'95 %':>5s}  time is over the song's length",
        flush=True,
    )
    rows = [row for file in options.files if (row := measured(file, options)) is not None]
    middle = [np.nanmedian([row[i] for row in rows]) for i in range(len(rows[0]))]
    print(shown("median", middle))
    worst = np.array(rows)
    missed = (worst[:, 8].max() > -90) or (
        not options.no_swap and (worst[:, 10].max() > 1 or worst[:, 11].max() > 8 or np.nanmedian(worst[:, 12]) > 15)
    )
    print("targets: " + ("MISSED" if missed else "met"))
    return int(missed)


def measured(file: Path, options: argparse.Namespace) -> list[float] | None:
    try:
        audio = read(file)
        found = song.grid(audio, ctx=Context(lend=lend))
    except ValueError as error:
        print(f"{file.stem[:22]:22s} {error}", flush=True)
        return None
    beats, _ = heard_beats(found.grid, audio.seconds)
    gaps = np.diff(beats)
    on, off = strength(audio, beats), strength(audio, beats[:-1] + gaps / 2)
    row = [audio.seconds, found.bpm, found.confidence, float(np.std(gaps) / np.mean(gaps)), on, off]
    row += agreement(file, beats, options.peer)
    began = time.perf_counter()
    stems = separate.house(audio, ctx=Context(lend=lend))
    spent = time.perf_counter() - began
    assert stems.frames == audio.frames, "the stems are not as long as the song"
    miss = np.sum([a.samples.astype(np.float64) for _, a in stems], axis=0) - audio.samples
    row += [20 * float(np.log10(max(np.abs(miss).max(), 1e-12))), spent / audio.seconds]
    row += [float("nan")] * 4 if options.no_swap else swapped(file, audio, beats, options.style)
    print(shown(file.stem, row), flush=True)
    return row


def shown(name: str, row: list[float]) -> str:
    widths = (
        (4, 0),
        (6, 1),
        (5, 2),
        (5, 3),
        (5, 2),
        (5, 2),
        (5, 2),
        (5, 2),
        (6, 0),
        (5, 2),
        (5, 2),
        (5, 2),
        (5, 1),
        (5, 1),
    )
    return f"{name[:22]:22s} " + " ".join(f"{v:{w}.{d}f}" for v, (w, d) in zip(row, widths, strict=True))


def strength(audio: Audio, places: np.ndarray) -> float:
    """The onset envelope within 25 ms of places, as a multiple of its mean."""
    envelope, rate = onset_envelope(audio.samples, audio.rate)
    frames = np.rint(places * rate).astype(int)
    frames = frames[(frames > 2) & (frames < len(envelope) - 3)]
    return float(np.mean([envelope[f - 2 : f + 3].mean() for f in frames]) / max(envelope.mean(), 1e-9))


def agreement(file: Path, beats: np.ndarray, peer: str | None) -> list[float]:
    if peer is None:
        return [float("nan")] * 2
    done = subprocess.run([peer, "-c", PEER, str(file)], capture_output=True, text=True, timeout=300, check=True)
    others = np.array(json.loads(done.stdout))
    between = (others[:-1] + others[1:]) / 2
    double = np.sort(np.concatenate([others, between]))
    levels = (others, others[::2], others[1::2], double, between)
    return [f_measure(others, beats), max(f_measure(level, beats) for level in levels)]


def swapped(file: Path, audio: Audio, beats: np.ndarray, style: str) -> list[float]:
    """Wall time over length, GB, and median and 95th percentile of the strokes' distance from the beats in ms."""
    with tempfile.TemporaryDirectory() as out:
        words = [
            sys.executable, "-m", "nawgraph", "run", str(ROOT / "graphs" / "replace_drums.nawgraph"), "--set",
            f"song.file={file.resolve()}", "--set", f"style.text={style}", "--out", out, "--cache-dir", f"{out}/cache",
        ]  # fmt: skip
        began = time.perf_counter()
        with (Path(out) / "log").open("w") as log:
            child = subprocess.Popen(words, stdout=log, stderr=log)
            _, status, usage = os.wait4(child.pid, 0)
        spent = time.perf_counter() - began
        if status:
            raise SystemExit((Path(out) / "log").read_text())
        new, whole = read(Path(out) / "Replace_Drums_01_Drums.wav"), read(Path(out) / "Replace_Drums.wav")
    assert abs(whole.seconds - audio.seconds) < 1 / audio.rate, (
        f"the mix is {whole.seconds} s, the song {audio.seconds} s"
    )
    assert np.abs(whole.samples).max() <= 1, "the mix clips"
    marks = np.sort(np.concatenate([beats, (beats[:-1] + beats[1:]) / 2]))
    starts = onsets(new.samples, new.rate)
    off = np.abs(starts[:, None] - marks[None]).min(axis=1)
    near = 1000 * off[off < np.median(np.diff(marks)) / 3]
    return [spent / audio.seconds, usage.ru_maxrss * 1024 / 1e9, *np.percentile(near, (50, 95)).tolist()]


if __name__ == "__main__":
    sys.exit(main())
