"""``nawgraph train songs|renderer|vocoder`` and ``nawgraph eval renderer``."""

from __future__ import annotations

import argparse
import math
import time
from dataclasses import asdict, replace
from pathlib import Path

from nawgraph.cli import common
from nawgraph.cli.common import FAILED, OK, Commands, Stop, positive, say, sentences

_DATA, _FLOW, _VOCODER = Path("train/songs"), Path("train/renderer"), Path("train/vocoder")


def register_training(what: Commands) -> None:
    """Add the commands of ``nawgraph train``."""
    parser = what.add_parser("songs", help="compose and play songs for the renderer and the vocoder")
    parser.add_argument("--out", metavar="DIR", type=Path, default=_DATA, help=f"folder (default: {_DATA})")
    parser.add_argument("--songs", metavar="N", type=int, default=700, help="songs to train on (default: 700)")
    parser.add_argument("--sounds", metavar="N", type=int, default=60, help="of them with their sound (default: 60)")
    parser.add_argument(
        "--alone", metavar="P", type=float, default=0.0, help="probability that a song is one part alone (default: 0)"
    )
    parser.add_argument("--jobs", metavar="N", type=int, default=1, help="processes (default: 1)")
    parser.set_defaults(action=songs)
    for name, help_, steps in (("renderer", "the flow network", 7000), ("vocoder", "the vocoder's networks", 5000)):
        out = _FLOW if name == "renderer" else _VOCODER
        parser = what.add_parser(name, help=f"train {help_}; goes on where it stopped")
        parser.add_argument("--data", metavar="DIR", type=Path, default=_DATA, help=f"songs (default: {_DATA})")
        parser.add_argument("--out", metavar="DIR", type=Path, default=out, help=f"folder (default: {out})")
        parser.add_argument("--steps", metavar="N", type=int, default=steps, help=f"steps (default: {steps})")
        parser.add_argument("--hours", metavar="H", type=float, help="stop after this time, wherever it is")
        parser.add_argument("--seed", metavar="N", type=int, default=0, help="of weights, clips and noise")
        parser.add_argument("--batch", metavar="N", type=int, default=8, help="clips a step (default: 8)")
        parser.add_argument("--threads", metavar="N", type=int, default=1, help="threads (default: 1)")
        add_device(parser)
        if name == "vocoder":
            parser.add_argument("--space", metavar="DIR", type=Path, default=_FLOW, help="folder of the renderer's run")
        else:
            parser.add_argument(
                "--vocoder",
                metavar="FILE",
                help="weights whose render space is kept, 'house' for the shipped vocoder's",
            )
            parser.add_argument(
                "--start", metavar="FILE", help="begin with these weights; 'house' for the shipped ones"
            )
            parser.add_argument("--rate", metavar="R", type=float, default=8e-4, help="highest learning rate")
        parser.set_defaults(action=renderer if name == "renderer" else vocoder)


def add_device(parser: argparse.ArgumentParser) -> None:
    """Add the option that says where a network is trained."""
    parser.add_argument(
        "--device",
        choices=("auto", "cpu", "cuda"),
        default="auto",
        help="where to train (default: CUDA if there)",
    )


def add_int8(parser: argparse.ArgumentParser) -> None:
    """Add the option that measures what eight bits cost."""
    parser.add_argument("--int8", action="store_true", help="round the weights to eight bits first")


def register_eval(what: Commands) -> None:
    """Add the command of ``nawgraph eval``."""
    parser = what.add_parser("renderer", help="print how good the renderer and the vocoder are")
    parser.add_argument("--renderer", metavar="FILE", default="house", help="weights (default: the shipped ones)")
    parser.add_argument("--vocoder", metavar="FILE", default="house", help="weights (default: the shipped ones)")
    parser.add_argument("--songs", metavar="N", type=int, default=16, help="test songs (default: 16)")
    parser.add_argument("--steps", metavar="N", type=int, default=3, help="steps along the flow (default: 3)")
    add_int8(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.set_defaults(action=evaluate)


def songs(options: argparse.Namespace) -> int:
    """Make the songs; what is there already is kept."""
    from nawgraph.training.render.songs import Recipe, write

    positive(options, "songs", "sounds", "jobs")
    with sentences():
        if not 0 <= options.alone <= 1:
            raise Stop(f"--alone must be between 0 and 1, got {options.alone:g}")
        recipe = Recipe(alone=options.alone)
        write(options.out, "train", min(options.sounds, options.songs), replace(recipe, audio=True), say, options.jobs)
        write(options.out, "train", options.songs, recipe, say, options.jobs)
    print(options.out)
    return OK


def renderer(options: argparse.Namespace) -> int:
    """Train the flow network and write its weights beside the checkpoint."""
    prepare(options)
    from nawgraph.models.loaders import load
    from nawgraph.training.feeding import device_of
    from nawgraph.training.render.export import export_renderer
    from nawgraph.training.render.levels import calibrate
    from nawgraph.training.render.train import Plan, Run
    from nawgraph.values import ModelRef

    with sentences():
        if not options.rate > 0:
            raise Stop(f"--rate must be more than 0, got {options.rate:g}")
        plan = Plan(steps=options.steps, batch=options.batch, seed=options.seed, rate=options.rate)
        begin = load(ModelRef("renderer", options.start)) if options.start else None
        kept = load(ModelRef("vocoder", options.vocoder)) if options.vocoder else begin
        run = Run(options.data, options.out, plan, say, device_of(options.device), kept.space if kept else None)
        if begin is not None:
            run.start(begin)
        run.go(until(options))
        path = options.out / "renderer.safetensors"
        export_renderer(options.out, path)
        found = calibrate(path, say=say)
        say("levels: " + ", ".join(f"{stem} {level:+.1f} dB" for stem, level in found.items()))
        say(f"{path} has {path.stat().st_size / 2**20:.2f} MiB")
    print(path)
    return OK


def vocoder(options: argparse.Namespace) -> int:
    """Train the vocoder's two networks and write their weights beside the checkpoints."""
    prepare(options)
    import numpy as np

    from nawgraph.models.render.space import Space
    from nawgraph.training.feeding import device_of
    from nawgraph.training.render.export import export_vocoder
    from nawgraph.training.render.vocoder import VocoderRun

    basis = options.space / "space.npz"
    if not basis.exists():
        raise Stop(f"{options.space} holds no render space: train the renderer first, or name its folder with --space")
    with sentences():
        space = Space.of(dict(np.load(basis)))
        for drums in (True, False):
            steps = round(options.steps * (0.6 if drums else 1.0))
            run = VocoderRun(
                options.data, options.out, drums, steps=steps, space=space, batch=options.batch, seed=options.seed,
                say=say, device=device_of(options.device),
            )  # fmt: skip
            run.go(until(options))
        path = options.out / "vocoder.safetensors"
        say(f"{path} has {export_vocoder(options.out, basis, path) / 2**20:.2f} MiB")
    print(path)
    return OK


def evaluate(options: argparse.Namespace) -> int:
    """Print the table; status 1 if a target is missed."""
    prepare(options)
    from nawgraph.models.int8 import round_weights
    from nawgraph.models.loaders import load
    from nawgraph.training.render import evaluate as figures
    from nawgraph.values import ModelRef

    positive(options, "songs", "steps")
    with sentences():
        paint, speak = (load(ModelRef(kind, getattr(options, kind))) for kind in ("renderer", "vocoder"))
        if options.int8:
            round_weights(paint)
            round_weights(speak)
        rows = list(figures.evaluate(figures.cases(paint, speak, options.songs, steps=options.steps, say=say)))
    if options.json:
        common.print_json({"songs": options.songs, "rows": [asdict(row) for row in rows]})
    else:
        print("| figure | rendered | vocoder alone | instruments | chance | target | |\n|---|---|---|---|---|---|---|")
        for row in rows:
            shown = " | ".join(
                "–" if v is None else f"{v:.2f}" for v in (row.rendered, row.vocoder, row.instruments, row.chance)
            )
            verdict = {None: "", True: "met", False: "missed"}[row.met]
            print(f"| {row.name} | {shown} | {row.target or '–'} | {verdict} |")
    return OK if all(row.met is not False for row in rows) else FAILED


def prepare(options: argparse.Namespace) -> None:
    """See that PyTorch is there, and how many threads it shall use."""
    from importlib.util import find_spec

    if find_spec("torch") is None:
        raise Stop("this needs PyTorch: install nawgraph[neural]")
    import torch

    torch.set_num_threads(max(1, getattr(options, "threads", 1)))


def until(options: argparse.Namespace) -> float:
    """The time of `time.monotonic` at which ``--hours`` are over."""
    if options.hours is None:
        return math.inf
    if not options.hours > 0:
        raise Stop(f"--hours must be more than 0, got {options.hours:g}")
    return time.monotonic() + float(options.hours) * 3600
