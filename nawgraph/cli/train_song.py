"""``nawgraph train beats``, the network behind `song.grid`, and ``nawgraph train annotate``."""

from __future__ import annotations

import argparse
from pathlib import Path

from nawgraph.cli import train_render
from nawgraph.cli.common import FAILED, OK, Commands, Stop, say, sentences

_DATA, _RUN = Path("train/beat-songs"), Path("train/beats")
_FIRST = 1000
"""Seed of the first training song; benchmarks and tests use those below."""


def register_training(what: Commands) -> None:
    """Add the command of ``nawgraph train``."""
    parser = what.add_parser("beats", help="train the beat tracker; makes its songs, goes on where it stopped")
    parser.add_argument("--data", metavar="DIR", type=Path, default=_DATA, help=f"songs (default: {_DATA})")
    parser.add_argument("--songs", metavar="N", type=int, default=1700, help="songs to train on (default: 1700)")
    parser.add_argument("--out", metavar="DIR", type=Path, default=_RUN, help=f"checkpoint, weights (default: {_RUN})")
    parser.add_argument("--steps", metavar="N", type=int, default=7000, help="steps (default: 7000)")
    parser.add_argument("--batch", metavar="N", type=int, default=8, help="crops a step (default: 8)")
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="of weights and crops")
    parser.add_argument("--threads", metavar="N", type=int, default=1, help="threads (default: 1)")
    parser.add_argument("--tiny", action="store_true", help="a network ten times smaller, to try the command out")
    parser.set_defaults(action=beats)

    parser = what.add_parser("annotate", help="say what the recordings of a folder are, one JSON object a line")
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="of recordings, with the folders in it")
    parser.add_argument("--out", metavar="FILE", type=Path, help="annotations (default: FOLDER/annotations.jsonl)")
    parser.set_defaults(action=annotate)


def beats(options: argparse.Namespace) -> int:
    """Make the songs, train the network and write its weights beside the checkpoint."""
    train_render.prepare(options)
    from nawgraph.training.beats import songs
    from nawgraph.training.beats.export import export
    from nawgraph.training.beats.train import TINY, Plan, Run

    for name in ("songs", "steps", "batch"):
        if getattr(options, name) < 1:
            raise Stop(f"--{name} must be 1 or more, got {getattr(options, name)}")
    with sentences():
        songs.write(options.data, _FIRST, options.songs, say)
        plan = Plan(steps=options.steps, batch=options.batch, seed=options.seed)
        Run(options.data, options.out, plan, TINY if options.tiny else None, say).train()
        path = options.out / "beats.safetensors"
        say(f"{path} has {export(options.out, path) / 1024:.0f} KiB")
    print(path)
    return OK


def annotate(options: argparse.Namespace) -> int:
    """Annotate a folder; status 1 if a file could not be read."""
    train_render.prepare(options)
    from nawgraph.training.annotate import write

    out = options.out or options.folder / "annotations.jsonl"
    with sentences():
        tally = write(options.folder, out, say)
    say(f"{tally.done} annotated, {tally.kept} as before, {tally.bad} not readable")
    print(out)
    return FAILED if tally.bad else OK
