"""``nawgraph train clips|clap`` and ``nawgraph eval clap``."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nawgraph.cli import common, train_render
from nawgraph.cli.common import FAILED, OK, Commands, Stop, positive, say, sentences

if TYPE_CHECKING:
    from nawgraph.training.clap.clips import Clip

_DATA, _RUN = Path("train/clips"), Path("train/clap")


def register_training(what: Commands) -> None:
    """Add the commands of ``nawgraph train``."""
    parser = what.add_parser("clips", help="compose and play clips for the CLAP, and say what they are")
    parser.add_argument("--out", metavar="DIR", type=Path, default=_DATA, help=f"folder (default: {_DATA})")
    parser.add_argument("--clips", metavar="N", type=int, default=4000, help="clips to train on (default: 4000)")
    parser.add_argument("--held-out", metavar="N", type=int, default=200, help="of validation and test (default: 200)")
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="other clips with another seed, 0 to 65535")
    parser.add_argument("--jobs", metavar="N", type=int, default=1, help="processes (default: 1)")
    parser.set_defaults(action=clips)

    parser = what.add_parser("clap", help="train the text and sound encoders; goes on where it stopped")
    parser.add_argument("--data", metavar="DIR", type=Path, default=_DATA, help=f"clips (default: {_DATA})")
    parser.add_argument(
        "--out", metavar="DIR", type=Path, default=_RUN, help=f"checkpoint, log, weights (default: {_RUN})"
    )
    parser.add_argument("--steps", metavar="N", type=int, default=4000, help="steps (default: 4000)")
    parser.add_argument("--hours", metavar="H", type=float, help="stop after this time, wherever it is")
    parser.add_argument("--batch", metavar="N", type=int, default=128, help="pairs a step (default: 128)")
    parser.add_argument("--rate", metavar="R", type=float, default=1e-3, help="highest learning rate (default: 0.001)")
    parser.add_argument("--start", metavar="FILE", type=Path, help="begin with the weights of this file")
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="of weights and batches")
    parser.add_argument("--threads", metavar="N", type=int, default=1, help="threads (default: 1)")
    train_render.add_device(parser)
    parser.add_argument("--tiny", action="store_true", help="a network a hundred times smaller, to try the command out")
    parser.set_defaults(action=clap)


def register_eval(what: Commands) -> None:
    """Add the command of ``nawgraph eval``."""
    parser = what.add_parser("clap", help="print how well words find sounds")
    parser.add_argument("--weights", metavar="FILE", default="house", help="weights (default: the shipped ones)")
    parser.add_argument("--data", metavar="DIR", type=Path, help="take test clips from here instead of making them")
    parser.add_argument("--clips", metavar="N", type=int, default=192, help="test clips, at least 32 (default: 192)")
    train_render.add_int8(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.set_defaults(action=evaluate)


def clips(options: argparse.Namespace) -> int:
    """Make the clips; what is there already is kept."""
    from nawgraph.training.clap.clips import write

    positive(options, "clips", "held_out", "jobs")
    if not 0 <= options.seed < 1 << 16:
        raise Stop(f"--seed must be 0 to 65535, got {options.seed}")
    with sentences():
        for split, count in (("validation", options.held_out), ("test", options.held_out), ("train", options.clips)):
            write(options.out, split, count, options.seed, say=say, jobs=options.jobs)
    print(options.out)
    return OK


def clap(options: argparse.Namespace) -> int:
    """Train the encoders and write their weights beside the checkpoint."""
    train_render.prepare(options)
    from nawgraph.training.clap.clips import read
    from nawgraph.training.clap.train import FULL, TINY, Plan, Run
    from nawgraph.training.feeding import device_of

    positive(options, "steps", "batch")
    with sentences():
        train, validation = (read(options.data, split) for split in ("train", "validation"))
        if not 0 < options.rate <= 0.1:
            raise Stop(f"--rate must be more than 0 and at most 0.1, got {options.rate:g}")
        plan = Plan(steps=options.steps, batch=options.batch, rate=options.rate, seed=options.seed)
        shape = TINY if options.tiny else FULL
        run = Run(train, validation, options.out, plan, shape=shape, say=say, device=device_of(options.device))
        if options.start is not None:
            run.begin_with(options.start)
        run.go(train_render.until(options))
        path = options.out / "clap.safetensors"
        say(f"{path} has {run.export(path) / 2**20:.2f} MiB")
    print(path)
    return OK


def evaluate(options: argparse.Namespace) -> int:
    """Print the table; status 1 if a target is missed."""
    train_render.prepare(options)
    from nawgraph.models.int8 import round_weights
    from nawgraph.models.loaders import load
    from nawgraph.training.clap import evaluate as figures
    from nawgraph.values import ModelRef

    if options.clips < 32:
        raise Stop(f"--clips must be 32 or more, got {options.clips}: one of 32 is to be found")
    with sentences():
        model: Any = load(ModelRef("clap", options.weights))
        if options.int8:
            round_weights(model)
        rows = list(figures.evaluate(model, _test_clips(options), say))
    if options.json:
        common.print_json({"space": model.space, "clips": options.clips, "rows": [asdict(row) for row in rows]})
    else:
        print("| figure | CLAP | told the truth | chance | target | |\n|---|---|---|---|---|---|")
        for row in rows:
            shown = " | ".join("–" if v is None else f"{v:.2f}" for v in (row.clap, row.reader, row.chance))
            verdict = {None: "", True: "met", False: "missed"}[row.met]
            print(f"| {row.name} | {shown} | {row.target or '–'} | {verdict} |")
    return OK if all(row.met is not False for row in rows) else FAILED


def _test_clips(options: argparse.Namespace) -> list[Clip]:
    from nawgraph.training.clap.clips import SPLITS, clip, read

    if options.data is not None:
        found = read(options.data, "test", options.clips)
        if len(found) < options.clips:
            raise Stop(f"{options.data} holds {len(found)} test clips: ask for no more with --clips")
        return found
    made = []
    for number in range(options.clips):
        made.append(clip(SPLITS["test"] + number))
        if number % 32 == 31:
            say(f"{number + 1} of {options.clips} test clips")
    return made
