"""All house models by one command: which steps lead there, what they cost, and what quality a budget of time buys.

Two recipes have been measured, and nothing between them is promised: `SHIPPED` is how the weights that come with
nawgraph were made, `SKETCH` the least that gives networks which do what they are for.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Stage:
    """One command of ``nawgraph train``.

    Attributes:
        words: the command and its options; `{out}`, `{seed}`, `{jobs}`, `{threads}` and `{device}` are filled in.
        makes: the file in `{out}` that is there when it is done; data are looked through again each time.
        seconds: of one core that it took where it was measured, an AMD EPYC.
        spreads: whether it uses all jobs, as the making of data does.
    """

    words: str
    makes: str
    seconds: float
    spreads: bool = False


@dataclass(frozen=True)
class Quality:
    """A recipe for all networks, and what it gave."""

    name: str
    buys: str
    stages: tuple[Stage, ...]


def _made(words: str, seconds: float) -> Stage:
    """Data, by all jobs."""
    return Stage(words + " --jobs {jobs}", "", seconds, True)


def _trained(what: str, words: str, seconds: float, folder: str = "") -> Stage:
    """A network in a folder of its own."""
    folder = folder or what
    run = "--seed {seed} --threads {threads}" + (" --device {device}" if what != "beats" else "")
    return Stage(f"{what} --out {{out}}/{folder} {words} {run}", f"{folder}/{what}.safetensors", seconds)


SKETCH = Quality(
    "sketch",
    "networks that do what they are for, far from the shipped ones (docs/models-house.md, Train your own)",
    (
        _made("data --out {out}/data --songs 2000 --held-out 200 --seed {seed}", 65),
        _trained("planner", "--data {out}/data --steps 300", 490),
        _made("songs --out {out}/songs --songs 120 --sounds 30", 150),
        _trained("renderer", "--data {out}/songs --steps 600", 420),
        _trained("vocoder", "--data {out}/songs --space {out}/renderer --steps 600", 180),
        _made("clips --out {out}/clips --clips 300 --held-out 50 --seed {seed}", 360),
        _trained("clap", "--data {out}/clips --batch 96 --steps 300", 250),
        _made("sounds --out {out}/sounds --sounds 40 --held-out 4", 50),
        _trained("codec", "--data {out}/sounds --steps 400", 100),
        _trained("separator", "--data {out}/songs --steps 400", 400),
        _trained("beats", "--data {out}/beat-songs --songs 150 --steps 600", 300),
    ),
)
"""About three quarters of an hour of one core."""

_LONG = "{out}/renderer-long/renderer.safetensors"
_FINE = "{out}/renderer-fine/renderer.safetensors"

SHIPPED = Quality(
    "shipped",
    "the figures of docs/models-house.md",
    (
        _made("data --out {out}/data --songs 40000 --seed {seed}", 1400),
        _trained("planner", "--data {out}/data --batch 64 --steps 2000", 10_000),
        _made("songs --out {out}/songs --songs 1327 --sounds 60", 1400),
        _trained("renderer", "--data {out}/songs --batch 64 --rate 1e-3 --steps 3800", 15_000, "renderer-long"),
        _trained("renderer", f"--data {{out}}/songs --start {_LONG} --rate 3e-4 --steps 2500", 1300, "renderer-fine"),
        Stage(f"average {_LONG} {_FINE} --out {{out}}/renderer.safetensors", "renderer.safetensors", 60),
        _trained("vocoder", "--data {out}/songs --space {out}/renderer-long --steps 5000", 960),
        _made("clips --out {out}/clips --clips 400 --seed {seed}", 700),
        _trained("clap", "--data {out}/clips --batch 96 --steps 500", 140, "clap-1"),
        _trained("clap", "--data {out}/clips --start {out}/clap-1/clap.safetensors --batch 96 --steps 800 --rate 6e-4",
                 220, "clap-2"),
        _trained("clap", "--data {out}/clips --start {out}/clap-2/clap.safetensors --batch 96 --steps 1600 --rate 6e-4",
                 440),
        _made("sounds --out {out}/sounds", 120),
        _trained("codec", "--data {out}/sounds --steps 2400", 300),
        _trained("separator", "--data {out}/songs --steps 4000", 3120),
        _trained("beats", "--data {out}/beat-songs --songs 800 --steps 3000", 720),
    ),
)  # fmt: skip
"""As the weights that come with nawgraph."""

CUDA = 25.0
"""How many times faster than one core the networks train on a GPU; an NVIDIA H200 was 40 to 60 times as fast."""

_PROBE = 0.32
"""Seconds of the probe on the core where the costs were measured."""


def hours(quality: Quality, jobs: int, device: str, speed: float = 1.0) -> float:
    """How long a recipe takes, roughly.

    Args:
        quality: the recipe.
        jobs: processes that make data.
        device: ``cpu`` or ``cuda``, on which the networks are trained.
        speed: of a core, 1 where the costs were measured.
    """
    spread = sum(s.seconds for s in quality.stages if s.spreads) / jobs
    alone = sum(s.seconds for s in quality.stages if not s.spreads)
    return (spread + alone / (CUDA if device == "cuda" else 1.0)) / speed / 3600


def bought(budget: float, jobs: int, device: str, speed: float = 1.0) -> Quality | None:
    """The best recipe that so many hours pay for, None if they pay for none."""
    for quality in (SHIPPED, SKETCH):
        if hours(quality, jobs, device, speed) <= budget:
            return quality
    return None


def core_speed() -> float:
    """How fast a core of this machine trains, 1 where the costs were measured: the best of three probes."""
    import torch
    from torch import nn

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            network = nn.Sequential(nn.Conv1d(256, 256, 7, padding=3, groups=256), nn.Conv1d(256, 1024, 1), nn.GELU(),
                                    nn.Conv1d(1024, 256, 1))  # fmt: skip
            x = torch.randn(4, 256, 512)
        spent = []
        for _ in range(4):
            begin = time.perf_counter()
            for _ in range(4):
                network(x).square().mean().backward()
            spent.append(time.perf_counter() - begin)
    finally:
        torch.set_num_threads(threads)
    return _PROBE / min(spent[1:])


def claim(folder: Path, quality: Quality, seed: int) -> None:
    """Say in a folder what is made there.

    Raises:
        ValueError: something else is.
    """
    path, wanted = folder / "all.json", {"quality": quality.name, "seed": seed}
    if path.exists():
        found = json.loads(path.read_text())
        if found != wanted:
            raise ValueError(
                f"{folder} holds a run of quality {found.get('quality')} and seed {found.get('seed')}, not"
                f" {quality.name} and {seed}: choose another --out"
            )
        return
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(wanted))


def filled(stage: Stage, out: Path, seed: int, jobs: int, threads: int, device: str) -> list[str]:
    """The words of a stage's command."""
    values = {"out": str(out), "seed": seed, "jobs": jobs, "threads": threads, "device": device}
    return [word.format(**values) for word in stage.words.split()]
