"""``nawgraph train separator`` and ``nawgraph eval separator``."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nawgraph.cli import common, train_render
from nawgraph.cli.common import FAILED, OK, Commands, positive, say, sentences

_DATA, _RUN = Path("train/songs"), Path("train/separator")


def register_training(what: Commands) -> None:
    """Add the command of ``nawgraph train``."""
    parser = what.add_parser("separator", help="train the separator; goes on where it stopped")
    parser.add_argument(
        "--data", metavar="DIR", type=Path, default=_DATA, help=f"songs with their sound (default: {_DATA})"
    )
    parser.add_argument(
        "--out", metavar="DIR", type=Path, default=_RUN, help=f"checkpoint, log, weights (default: {_RUN})"
    )
    parser.add_argument("--steps", metavar="N", type=int, default=3000, help="steps (default: 3000)")
    parser.add_argument("--hours", metavar="H", type=float, help="stop after this time, wherever it is")
    parser.add_argument("--batch", metavar="N", type=int, default=4, help="mixtures a step (default: 4)")
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="of weights and mixtures")
    parser.add_argument("--threads", metavar="N", type=int, default=1, help="threads (default: 1)")
    train_render.add_device(parser)
    parser.add_argument("--tiny", action="store_true", help="a network seven times smaller, to try the command out")
    parser.set_defaults(action=separator)


def register_eval(what: Commands) -> None:
    """Add the command of ``nawgraph eval``."""
    parser = what.add_parser("separator", help="print how well songs are taken apart")
    parser.add_argument("--weights", metavar="FILE", default="house", help="weights (default: the shipped ones)")
    parser.add_argument("--songs", metavar="N", type=int, default=24, help="test songs (default: 24)")
    train_render.add_int8(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.set_defaults(action=evaluate)


def separator(options: argparse.Namespace) -> int:
    """Train the network and write its weights beside the checkpoint."""
    train_render.prepare(options)
    from nawgraph.training.feeding import device_of
    from nawgraph.training.separator.export import export
    from nawgraph.training.separator.train import TINY, Plan, Run

    positive(options, "steps", "batch")
    with sentences():
        plan = Plan(steps=options.steps, batch=options.batch, seed=options.seed)
        shape = TINY if options.tiny else None
        run = Run(options.data, options.out, plan, shape=shape, say=say, device=device_of(options.device))
        run.go(train_render.until(options))
        path = options.out / "separator.safetensors"
        say(f"{path} has {export(options.out, path) / 2**20:.2f} MiB")
    print(path)
    return OK


def evaluate(options: argparse.Namespace) -> int:
    """Print the table; status 1 if a target is missed."""
    train_render.prepare(options)
    from nawgraph.models.int8 import round_weights
    from nawgraph.models.loaders import load
    from nawgraph.training.separator import evaluate as figures
    from nawgraph.values import ModelRef

    positive(options, "songs")
    with sentences():
        model: Any = load(ModelRef("separator", options.weights))
        if options.int8:
            round_weights(model)
        rows = list(figures.evaluate(model, options.songs, say))
    if options.json:
        common.print_json({"songs": options.songs, "rows": [asdict(row) for row in rows]})
    else:
        print("| figure | mixture | found | gain | target | |\n|---|---|---|---|---|---|")
        for row in rows:
            shown = " | ".join("–" if v is None else f"{v:.2f}" for v in (row.mixture, row.found, row.gain))
            verdict = {None: "", True: "met", False: "missed"}[row.met]
            print(f"| {row.name} | {shown} | {row.target or '–'} | {verdict} |")
    return OK if all(row.met is not False for row in rows) else FAILED
