"""How fast a DAC goes through nawgraph's layers and through `transformers.DacModel` called plainly.

    python benchmarks/codec_speed.py [--seconds 5] [--rounds 3] [--threads 2]

Both take the same weights: random ones of the published 44.1 kHz size (76.6 M), written by transformers itself. Rounds
alternate, the fastest of each counts, and what they make is compared first: a fast wrong answer is none.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import transformers

from nawgraph.models import checkpoints
from nawgraph.values import Audio, Tokens


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    theirs = transformers.DacModel(transformers.DacConfig(sampling_rate=44_100)).eval()
    with tempfile.TemporaryDirectory() as folder:
        theirs.save_pretrained(folder)
        ours = checkpoints.build(checkpoints.read(Path(folder) / "model.safetensors"), "dac", "dac/bench")
    frames = round(options.seconds * 44_100 / 512) * 512
    x = np.random.default_rng(0).normal(0, 0.1, (1, frames)).astype(np.float32)
    sound, tensor = {"x": Audio(x, 44_100)}, torch.from_numpy(x[None])
    tokens: Tokens = ours.encode(sound)
    codes = torch.from_numpy(tokens.codes[0].astype(np.int64))
    with torch.no_grad():
        plain = theirs.encode(tensor).audio_codes
        same = float((plain == codes[..., : plain.shape[2]]).float().mean())
        heard = theirs.decode(audio_codes=codes).audio_values.numpy()[0]
        error = np.abs(heard - ours.decode(tokens)["x"].samples[0]).max() / np.abs(heard).max()
        print(f"equal codes {same:.4%}, largest difference of sound {error:.1e} of its peak")
        sides = {
            "encode": (lambda: ours.encode(sound), lambda: theirs.encode(tensor)),
            "decode": (lambda: ours.decode(tokens), lambda: theirs.decode(audio_codes=codes)),
        }
        print("| | nawgraph, s | DacModel, s | times faster |\n|---|---|---|---|")
        total = np.zeros(2)
        for name, pair in sides.items():
            best = np.array(fastest(pair, options.rounds))
            total += best
            print(f"| {name} | {best[0]:.2f} | {best[1]:.2f} | {best[1] / best[0]:.2f} |")
        print(f"| both | {total[0]:.2f} | {total[1]:.2f} | {total[1] / total[0]:.2f} |")


def fastest(calls: tuple[Callable[[], object], ...], rounds: int) -> list[float]:
    """Wall seconds of the fastest round of each."""
    found = [float("inf")] * len(calls)
    for _ in range(rounds):
        for place, call in enumerate(calls):
            start = time.perf_counter()
            call()
            found[place] = min(found[place], time.perf_counter() - start)
    return found


if __name__ == "__main__":
    main()
