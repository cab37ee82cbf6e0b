"""``nawgraph train all``: every house model by one command; ``nawgraph train average``."""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

from nawgraph.cli import train_render
from nawgraph.cli.common import OK, Commands, Stop, say, sentences

_OUT = Path("train/all")


def register_training(what: Commands) -> None:
    """Add the commands, after those of the single networks."""
    parser = what.add_parser("all", help="train every house model; says beforehand what a budget of hours buys")
    parser.add_argument("--budget", metavar="HOURS", type=float, required=True, help="how long it may take, roughly")
    parser.add_argument("--out", metavar="DIR", type=Path, default=_OUT, help=f"folder (default: {_OUT})")
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="of data, weights and batches, 0 to 65535")
    parser.add_argument("--jobs", metavar="N", type=int, default=os.cpu_count() or 1, help="processes that make data")
    parser.add_argument("--threads", metavar="N", type=int, default=1, help="threads that train (default: 1)")
    train_render.add_device(parser)
    parser.add_argument("--dry-run", action="store_true", help="say what the budget buys, and do nothing")
    parser.set_defaults(action=lambda options: everything(options, what))

    parser = what.add_parser("average", help="write the mean of the weights of trainings of one network")
    parser.add_argument("files", metavar="FILE", type=Path, nargs="+", help="weights")
    parser.add_argument("--out", metavar="FILE", type=Path, required=True, help="file to write")
    parser.set_defaults(action=average)


def everything(options: argparse.Namespace, what: Commands) -> int:
    """Say what the budget buys, then run the commands that lead there; those that are done are not done again."""
    train_render.prepare(options)
    from nawgraph.training import everything as recipes
    from nawgraph.training.feeding import device_of

    if not options.budget > 0:
        raise Stop(f"--budget must be more than 0 hours, got {options.budget:g}")
    if options.jobs < 1 or options.threads < 1:
        raise Stop("--jobs and --threads must be 1 or more")
    if not 0 <= options.seed < 1 << 16:
        raise Stop(f"--seed must be 0 to 65535, got {options.seed}")
    with sentences():
        device, speed = device_of(options.device), recipes.core_speed()
        quality = recipes.bought(options.budget, options.jobs, device, speed)
        costs = {q.name: recipes.hours(q, options.jobs, device, speed) for q in (recipes.SKETCH, recipes.SHIPPED)}
        say(f"here ({device}) " + ", ".join(f"quality {name!r} takes about {h:.1f} h" for name, h in costs.items()))
        if quality is None:
            least = min(costs.values())
            raise Stop(f"{options.budget:g} h buy no quality that has been measured: the least takes {least:.1f} h")
        say(f"{options.budget:g} h buy quality {quality.name!r}: {quality.buys}")
        if options.dry_run:
            return OK
        recipes.claim(options.out, quality, options.seed)
        for stage in quality.stages:
            if stage.makes and (options.out / stage.makes).exists():
                continue
            words = recipes.filled(stage, options.out, options.seed, options.jobs, options.threads, device)
            if words[0] == "planner" and (options.out / "planner" / "checkpoint.pt").exists():
                words.append("--resume")
            say("train " + " ".join(words))
            begin = time.perf_counter()
            chosen = what.choices[words[0]].parse_args(words[1:])
            if chosen.action(chosen) != OK:
                raise Stop(f"train {words[0]} did not end well: see above")
            say(f"{words[0]}: {time.perf_counter() - begin:.0f} s")
    return OK


def average(options: argparse.Namespace) -> int:
    """Write the mean; levels of a renderer are measured anew."""
    train_render.prepare(options)
    from nawgraph.training.average import mean

    if len(options.files) < 2:
        raise Stop("a mean needs two files or more")
    with sentences():
        mean(options.files, options.out, say)
    print(options.out)
    return OK
