"""``nawgraph train`` and ``nawgraph eval``: house models from training data to weights and figures."""

from __future__ import annotations

import argparse
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nawgraph.cli import (
    common,
    eval_house,
    train_all,
    train_clap,
    train_codec,
    train_render,
    train_separator,
    train_song,
)
from nawgraph.cli.common import FAILED, OK, Commands, Stop, positive, say, sentences

if TYPE_CHECKING:
    from nawgraph.training.evaluate import Row
    from nawgraph.training.planner import Recipe, Report

_DATA, _RUN = Path("train/data"), Path("train/planner")


def register(commands: Commands) -> None:
    """Add the commands."""
    what = commands.add_parser("train", help="make training data, train house models").add_subparsers(
        dest="what", metavar="WHAT", required=True
    )
    parser = what.add_parser("data", help="compose songs and keep them as tokens, conditions and prompts")
    parser.add_argument("--out", metavar="DIR", type=Path, default=_DATA, help=f"folder (default: {_DATA})")
    parser.add_argument("--songs", metavar="N", type=int, default=14_000, help="songs to train on (default: 14000)")
    parser.add_argument(
        "--held-out", metavar="N", type=int, default=400, help="songs of validation and of test (default: 400)"
    )
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="other songs with another seed, 0 to 65535")
    parser.add_argument("--jobs", metavar="N", type=int, default=1, help="processes (default: 1)")
    parser.set_defaults(action=data)

    parser = what.add_parser("planner", help="train the semantic planner")
    parser.add_argument("--data", metavar="DIR", type=Path, default=_DATA, help=f"training data (default: {_DATA})")
    parser.add_argument(
        "--out", metavar="DIR", type=Path, default=_RUN, help=f"checkpoint, log, weights (default: {_RUN})"
    )
    parser.add_argument("--hours", metavar="H", type=float, help="how long to train (default: what --steps takes)")
    parser.add_argument("--steps", metavar="N", type=int, help="optimiser steps (default: 3000; 460 with --start)")
    parser.add_argument("--batch", metavar="N", type=int, default=16, help="crops a step (default: 16)")
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="of initial weights and batches")
    parser.add_argument("--threads", metavar="N", type=int, default=1, help="threads (default: 1)")
    train_render.add_device(parser)
    parser.add_argument(
        "--start", metavar="FILE", type=Path, help="begin with the weights of another run's checkpoint.pt"
    )
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint in --out")
    parser.add_argument("--tiny", action="store_true", help="a network a hundred times smaller, to try the command out")
    parser.set_defaults(action=planner)

    train_render.register_training(what)
    train_clap.register_training(what)
    train_codec.register_training(what)
    train_separator.register_training(what)
    train_song.register_training(what)
    train_all.register_training(what)

    what = commands.add_parser("eval", help="measure house models").add_subparsers(
        dest="what", metavar="WHAT", required=True
    )
    parser = what.add_parser("planner", help="print how good a planner is, beside the composer and chance")
    parser.add_argument("--weights", metavar="FILE", type=Path, help="weights to measure (default: the shipped ones)")
    parser.add_argument(
        "--data", metavar="DIR", type=Path, help="its training data, to look for copies and overfitting"
    )
    parser.add_argument("--songs", metavar="N", type=int, default=64, help="test songs (default: 64)")
    parser.add_argument("--first", metavar="N", type=int, default=0, help="first test song (default: 0)")
    parser.add_argument("--temperature", metavar="T", type=float, help="of the draws (default: the nodes')")
    parser.add_argument("--top-p", metavar="P", type=float, help="of the draws (default: the nodes')")
    parser.add_argument("--guidance", metavar="G", type=float, help="classifier-free guidance (default: the nodes')")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.set_defaults(action=evaluate)
    train_render.register_eval(what)
    train_clap.register_eval(what)
    train_codec.register_eval(what)
    train_separator.register_eval(what)
    eval_house.register(what)


def data(options: argparse.Namespace) -> int:
    """Make training data; what is there already is kept."""
    from nawgraph.training.data import write

    positive(options, "songs", "held_out", "jobs")
    if not 0 <= options.seed < 1 << 16:
        raise Stop(f"--seed must be 0 to 65535, got {options.seed}")
    for split, count in (("validation", options.held_out), ("test", options.held_out), ("train", options.songs)):
        begin = time.perf_counter()
        with sentences():
            for done, all_ in write(options.out, split, count, options.seed, jobs=options.jobs):
                say(f"{split}: {done:,} of {all_:,} songs, {time.perf_counter() - begin:.0f} s")
    print(options.out)
    return OK


def planner(options: argparse.Namespace) -> int:
    """Train the planner and write its weights beside the checkpoint."""
    _needs_torch()
    import torch

    from nawgraph.models.planner.config import Config
    from nawgraph.training.data import read, styles_of
    from nawgraph.training.export import export
    from nawgraph.training.feeding import device_of
    from nawgraph.training.planner import FURTHER, TINY, Recipe, Trainer, kept_recipe

    positive(options, "batch", "threads", "steps")
    if options.hours is not None and not options.hours > 0:
        raise Stop(f"--hours must be more than 0, got {options.hours:g}")
    torch.set_num_threads(options.threads)
    with sentences():
        recipe = kept_recipe(options.out) if options.resume else None
        if recipe is None:
            further = FURTHER if options.start is not None else {}
            recipe = Recipe(**further, batch=options.batch, seed=options.seed)
            if (options.out / "checkpoint.pt").exists() and not options.resume:
                raise Stop(f"{options.out} holds a run: go on with --resume, or choose another --out")
        config = Config(styles=styles_of(options.data))
        if options.tiny:
            config = replace(config, **TINY)
        train, validation = (read(options.data, split) for split in ("train", "validation"))
        recipe, device = _lengthened(recipe, options), device_of(options.device)
        trainer = Trainer(config, recipe, train, validation, options.out, device)
        if options.resume and trainer.resume():
            say(f"resumed at step {trainer.step:,} of {trainer.recipe.steps:,}")
        elif options.start is not None:
            trainer.start(options.start)
        if options.hours is not None and not trainer.step:
            trainer.recipe = replace(trainer.recipe, steps=trainer.steps_in(options.hours * 3600))
            say(f"{options.hours:g} h are {trainer.recipe.steps:,} steps here")
        for report in trainer.run():
            _tell(report)
        path = options.out / "planner.safetensors"
        size = export(options.out, path)
    say(f"{path} has {size / 2**20:.2f} MiB")
    print(path)
    return OK


def _lengthened(recipe: Recipe, options: argparse.Namespace) -> Recipe:
    return replace(recipe, steps=options.steps) if options.steps else recipe


def _tell(report: Report) -> None:
    checked = f", validation {report.validation:.3f}" if report.validation is not None else ""
    say(
        f"step {report.step:,} of {report.steps:,}: {report.loss:.3f} nats a grid step{checked}, {report.seconds:.0f} s"
    )


def evaluate(options: argparse.Namespace) -> int:
    """Print the table; status 1 if a target is missed."""
    from nawgraph.models.planner.house import WEIGHTS
    from nawgraph.models.planner.sampler import Taste
    from nawgraph.training import evaluate as figures
    from nawgraph.training.data import read

    positive(options, "songs")
    wishes = {n: getattr(options, n) for n in ("temperature", "top_p", "guidance") if getattr(options, n) is not None}
    path, rows = options.weights or WEIGHTS, []
    with sentences():
        made = figures.load(path)
        train = read(options.data, "train") if options.data is not None else None
        settings = figures.Settings(options.songs, Taste(**wishes), first=options.first)
        rows = list(figures.evaluate(made, settings, train, say))
        if train is not None:
            rows += _likelihood(made, train, options)
    if options.json:
        common.print_json({"weights": str(path), "songs": options.songs, "rows": [asdict(row) for row in rows]})
    else:
        print(_table(rows))
    return OK if all(row.met is not False for row in rows) else FAILED


def _likelihood(made: Any, train: Any, options: argparse.Namespace) -> list[Row]:
    """Rows that need torch; none of them without it."""
    from nawgraph.training.data import read

    try:
        from nawgraph.training import nats
    except ImportError:
        say("likelihoods are left out: they need PyTorch (nawgraph[neural])")
        return []
    say("measuring likelihoods")
    return nats.rows(made.sampler.weights, train, read(options.data, "validation"))


def _table(rows: list[Row]) -> str:
    """The rows as a Markdown table."""

    def shown(value: float | None) -> str:
        return "–" if value is None else f"{value:.3f}"

    lines = ["| figure | planner | composer | chance | target | |", "|---|---|---|---|---|---|"]
    for row in rows:
        verdict = {None: "", True: "met", False: "missed"}[row.met]
        figures = " | ".join(shown(v) for v in (row.planner, row.composer, row.chance))
        lines.append(f"| {row.name} | {figures} | {row.target or '–'} | {verdict} |")
    return "\n".join(lines)


def _needs_torch() -> None:
    from importlib.util import find_spec

    if find_spec("torch") is None:
        raise Stop("training needs PyTorch: install nawgraph[neural]")
