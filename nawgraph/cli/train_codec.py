"""``nawgraph train sounds|codec`` and ``nawgraph eval codec|codecs``."""

from __future__ import annotations

import argparse
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from nawgraph.cli import common, train_render
from nawgraph.cli.common import FAILED, OK, Commands, Stop, positive, say, sentences

if TYPE_CHECKING:
    from nawgraph.values import Audio

_DATA, _RUN = Path("train/sounds"), Path("train/codec")


def register_training(what: Commands) -> None:
    """Add the commands of ``nawgraph train``."""
    parser = what.add_parser("sounds", help="compose and play sounds for the codec")
    parser.add_argument("--out", metavar="DIR", type=Path, default=_DATA, help=f"folder (default: {_DATA})")
    parser.add_argument("--sounds", metavar="N", type=int, default=150, help="sounds to train on (default: 150)")
    parser.add_argument("--held-out", metavar="N", type=int, default=24, help="of the test split (default: 24)")
    parser.add_argument("--jobs", metavar="N", type=int, default=1, help="processes (default: 1)")
    parser.set_defaults(action=sounds)

    parser = what.add_parser("codec", help="train the codec; goes on where it stopped")
    parser.add_argument("--data", metavar="DIR", type=Path, default=_DATA, help=f"sounds (default: {_DATA})")
    parser.add_argument(
        "--out", metavar="DIR", type=Path, default=_RUN, help=f"checkpoint, log, weights (default: {_RUN})"
    )
    parser.add_argument("--steps", metavar="N", type=int, help="steps of the decoder (default: 3000)")
    parser.add_argument("--hours", metavar="H", type=float, help="stop after this time, wherever it is")
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="of codebooks, weights and batches")
    parser.add_argument("--threads", metavar="N", type=int, default=1, help="threads (default: 1)")
    train_render.add_device(parser)
    parser.add_argument("--tiny", action="store_true", help="a codec twenty times smaller, to try the command out")
    parser.set_defaults(action=codec)


def register_eval(what: Commands) -> None:
    """Add the command of ``nawgraph eval``."""
    parser = what.add_parser("codec", help="print how near the codec comes to sounds, beside Opus")
    parser.add_argument("--weights", metavar="FILE", type=Path, help="weights (default: the shipped ones)")
    parser.add_argument("--data", metavar="DIR", type=Path, help="take test sounds from here instead of making them")
    parser.add_argument("--sounds", metavar="N", type=int, default=16, help="test sounds, at least 2 (default: 16)")
    train_render.add_int8(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.set_defaults(action=evaluate)

    parser = what.add_parser("codecs", help="print how near every installed codec comes to the same clips, beside Opus")
    parser.add_argument("--clips", metavar="FILE", type=Path, nargs="+", help="sounds (default: test sounds are made)")
    parser.add_argument("--codec", metavar="NAME", action="append", help="only this one, may be repeated")
    parser.add_argument("--sounds", metavar="N", type=int, default=8, help="test sounds to make (default: 8)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.set_defaults(action=codecs)


def sounds(options: argparse.Namespace) -> int:
    """Make the sounds; what is there already is kept."""
    from nawgraph.training.codec.sounds import write

    positive(options, "sounds", "held_out", "jobs")
    with sentences():
        for split, count in (("test", options.held_out), ("train", options.sounds)):
            write(options.out, split, count, say, options.jobs)
    print(options.out)
    return OK


def codec(options: argparse.Namespace) -> int:
    """Train the codec and write its weights beside the checkpoint."""
    train_render.prepare(options)
    from nawgraph.training.codec.export import export
    from nawgraph.training.codec.sounds import read
    from nawgraph.training.codec.train import TINY, Plan, Run
    from nawgraph.training.feeding import device_of

    if options.steps is not None:
        positive(options, "steps")
    with sentences():
        plan = replace(TINY if options.tiny else Plan(), seed=options.seed)
        plan = replace(plan, steps=options.steps or plan.steps)
        run = Run(read(options.data, "train"), options.out, plan, say=say, device=device_of(options.device))
        run.go(train_render.until(options))
        path = options.out / "codec.safetensors"
        say(f"{path} has {export(options.out, path) / 2**20:.2f} MiB")
    print(path)
    return OK


def evaluate(options: argparse.Namespace) -> int:
    """Print the table; status 1 if a target is missed."""
    train_render.prepare(options)
    import tempfile

    from nawgraph.models.codec import house
    from nawgraph.models.int8 import round_weights
    from nawgraph.training.codec import evaluate as figures
    from nawgraph.training.codec.sounds import read, write

    if options.sounds < 2:
        raise Stop(f"--sounds must be 2 or more, got {options.sounds}: another sound is chance")
    with sentences(), tempfile.TemporaryDirectory() as made:
        model = house.read(options.weights or house.WEIGHTS)
        if options.int8:
            round_weights(model)
        folder = options.data or Path(made)
        if options.data is None:
            write(folder, "test", options.sounds, say)
        rows = list(figures.evaluate(model, read(folder, "test", options.sounds), say))
    if options.json:
        common.print_json({"space": model.space, "sounds": options.sounds, "rows": [asdict(row) for row in rows]})
    else:
        print("| figure | codec | two codebooks | not rounded | Opus | chance | target | |\n|" + "---|" * 8)
        for row in rows:
            values = (row.codec, row.structure, row.continuous, row.opus, row.chance)
            shown = " | ".join("–" if v is None else f"{v:.2f}" for v in values)
            verdict = {None: "", True: "met", False: "missed"}[row.met]
            print(f"| {row.name} | {shown} | {row.target or '–'} | {verdict} |")
    return OK if all(row.met is not False for row in rows) else FAILED


def codecs(options: argparse.Namespace) -> int:
    """Print the table of codecs; status 1 if one of them could not be measured."""
    positive(options, "sounds")
    train_render.prepare(options)
    from nawgraph.training.codec import compare

    with sentences():
        found = compare.candidates()
        names = [candidate.name for candidate in found]
        for name in options.codec or ():
            if name not in names:
                raise Stop(f"no codec called {name!r} is installed (there are: {', '.join(names)})")
        chosen = [c for c in found if not options.codec or c.name in options.codec]
        clips = _clips(options)
        rows = list(compare.compare(chosen, clips, say))
    if options.json:
        common.print_json({"clips": len(clips), "rows": [asdict(row) for row in rows]})
    else:
        print("| codec | licence | Hz | kbit/s | mel | STFT | SI-SDR | Opus kbit/s | mel | STFT | SI-SDR |")
        print("|" + "---|" * 11)
        for row in rows:
            if row.codec is None or row.opus is None:
                print(f"| {row.name} | {row.licence} | {row.fault} |" + " |" * 8)
                continue
            sides = (row.codec, row.opus)
            shown = " | ".join(f"{s.kbps:.2f} | {s.mel:.2f} | {s.stft:.2f} | {s.sdr:.1f} dB" for s in sides)
            name = row.name if row.what == "tokens" else f"{row.name} (latents)"
            print(f"| {name} | {row.licence} | {row.rate} | {shown} |")
    return FAILED if any(row.fault for row in rows) else OK


def _clips(options: argparse.Namespace) -> list[Audio]:
    """The user's sounds, or test sounds of the composer."""
    import tempfile

    import numpy as np

    from nawgraph.audio.files import read as read_file
    from nawgraph.models.codec.spectra import RATE
    from nawgraph.training.codec.sounds import read, write
    from nawgraph.values import Audio

    if options.clips:
        clips = [read_file(path) for path in options.clips]
        for path, clip in zip(options.clips, clips, strict=True):
            if not clip.frames or clip.channels > 2:
                raise Stop(f"{path} has {clip.channels} channels and {clip.frames} samples: give mono or stereo")
        return clips
    with tempfile.TemporaryDirectory() as made:
        write(Path(made), "test", options.sounds, say)
        sounds = read(Path(made), "test", options.sounds)
        return [Audio(np.asarray(s[None] / 32767, np.float32), RATE) for s in sounds]
