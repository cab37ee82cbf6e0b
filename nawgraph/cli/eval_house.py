"""``nawgraph eval house``: every figure of the house models by one command, and a page to listen to."""

from __future__ import annotations

import argparse
import datetime
import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING

from nawgraph.cli import train_render
from nawgraph.cli.common import FAILED, OK, Commands, Stop, say, sentences

if TYPE_CHECKING:
    from nawgraph.training.whole import Row

_QUICK = {"planner": ("--songs", "8"), "renderer": ("--songs", "3"), "codec": ("--sounds", "4"),
          "clap": ("--clips", "32"), "separator": ("--songs", "2")}  # fmt: skip
"""What ``--quick`` asks of the single networks' commands."""


def register(what: Commands) -> None:
    """Add the command, after those of the single networks."""
    parser = what.add_parser("house", help="print every figure of the house models: the whole way, then each network")
    parser.add_argument(
        "--songs", metavar="N", type=int, default=2, help="prompts for each of twelve styles (default: 2)"
    )
    parser.add_argument("--quick", action="store_true", help="few songs: to see that it works, not to quote")
    parser.add_argument(
        "--out", metavar="DIR", type=Path, help="write a page there with sounds, rolls and spectrograms"
    )
    parser.add_argument(
        "--data", metavar="DIR", type=Path, help="the planner's training data, for copies and overfitting"
    )
    train_render.add_int8(parser)
    parser.add_argument("--threads", metavar="N", type=int, default=os.cpu_count() or 1, help="default: all cores")
    parser.set_defaults(action=lambda options: evaluate(options, what))


def evaluate(options: argparse.Namespace, what: Commands) -> int:
    """Print all tables; status 1 if a target is missed."""
    train_render.prepare(options)
    from nawgraph.models.int8 import round_weights
    from nawgraph.models.loaders import load
    from nawgraph.training import page, repainting, timbre
    from nawgraph.training.whole import House, takes
    from nawgraph.training.whole import evaluate as figures
    from nawgraph.values import ModelRef

    if options.songs < 1 or options.threads < 1:
        raise Stop("--songs and --threads must be 1 or more")
    print(f"{datetime.date.today()}, {options.threads} of {os.cpu_count()} cores, {platform.machine()}")
    print("\n## The whole way\n")
    with sentences():
        house = House(*(load(ModelRef(kind, "house")) for kind in ("planner", "renderer", "vocoder")))
        if options.int8:
            round_weights(house.renderer)
            round_weights(house.vocoder)
        found = takes(house, 1 if options.quick else options.songs, say)
        rows = list(figures(house, found, 3 if options.quick else 8, say))
        rows += timbre.rows(house, 1 if options.quick else options.songs, 3 if options.quick else 12, say)
        rows += repainting.rows(house, found[: 3 if options.quick else 12], say)
        print(_table(rows))
        if options.out is not None:
            print(f"\n{page.write(options.out, found)}")
    missed = any(row.met is False for row in rows)
    for name, few in _QUICK.items():
        print(f"\n## {name.capitalize()}\n", flush=True)
        words = list(few) if options.quick else []
        words += ["--int8"] if options.int8 and name != "planner" else []
        if name == "planner" and options.data is not None:
            words += ["--data", str(options.data)]
        chosen = what.choices[name].parse_args(words)
        missed |= chosen.action(chosen) != OK
    return FAILED if missed else OK


def _table(rows: list[Row]) -> str:
    lines = ["| figure | networks | instruments | chance | target | |", "|---|---|---|---|---|---|"]
    for row in rows:
        shown = " | ".join("–" if v is None else f"{v:.2f}" for v in (row.networks, row.instruments, row.chance))
        verdict = {None: "", True: "met", False: "missed"}[row.met]
        lines.append(f"| {row.name} | {shown} | {row.target or '–'} | {verdict} |")
    return "\n".join(lines)
