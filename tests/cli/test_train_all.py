"""``train all`` says what a budget buys, and its stages are commands that exist; ``train average`` takes the mean."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from nawgraph.cli import main, train
from nawgraph.models.render.house import FILES, FOLDER
from nawgraph.training.everything import SHIPPED, SKETCH, Quality, bought, claim, filled, hours


def commands() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    train.register(parser.add_subparsers())
    return parser


@pytest.mark.parametrize("quality", [SKETCH, SHIPPED])
def test_every_stage_is_a_command_and_reads_what_an_earlier_one_made(quality: Quality, tmp_path: Path) -> None:
    made: list[str] = []
    for stage in quality.stages:
        words = filled(stage, tmp_path, 3, 2, 1, "cpu")
        options = vars(commands().parse_args(["train", *words]))
        assert options.get("seed", 3) == 3
        for name in ("data", "space", "start", "files"):
            value = options.get(name)
            for path in value if isinstance(value, list) else [value] if value else []:
                if words[0] != "beats" and str(path) != "house":
                    assert any(str(path).startswith(m) for m in made), (words, path)
        made.append(str(options["out"]))
        assert not stage.makes or str(tmp_path / stage.makes).startswith(str(options["out"]))
    for name in ("planner", "renderer", "vocoder", "clap", "codec", "separator", "beats"):
        assert any(stage.makes.endswith(f"{name}.safetensors") for stage in quality.stages)


def test_more_hours_never_buy_less() -> None:
    assert bought(0.01, 1, "cpu") is None
    assert bought(hours(SKETCH, 1, "cpu"), 1, "cpu") is SKETCH
    assert bought(hours(SHIPPED, 1, "cpu"), 1, "cpu") is SHIPPED
    assert hours(SHIPPED, 16, "cuda") < 0.1 * hours(SHIPPED, 16, "cpu")
    assert hours(SKETCH, 1, "cpu", speed=2.0) == hours(SKETCH, 1, "cpu") / 2


def test_a_budget_is_answered_before_anything_is_made(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "all", "--budget", "1000", "--dry-run"]) == 0
    assert "1000 h buy quality 'shipped'" in capsys.readouterr().err
    assert main(["train", "all", "--budget", "0.001"]) == 2
    assert "the least takes" in capsys.readouterr().err
    assert main(["train", "all", "--budget", "0"]) == 2
    assert not (place / "train").exists()


def test_a_folder_of_another_run_is_not_gone_on_with(tmp_path: Path) -> None:
    claim(tmp_path / "all", SKETCH, 1)
    claim(tmp_path / "all", SKETCH, 1)
    with pytest.raises(ValueError, match="quality sketch and seed 1, not shipped and 1: choose another --out"):
        claim(tmp_path / "all", SHIPPED, 1)


def test_the_mean_of_two_trainings(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = FOLDER / FILES["vocoder"]
    tensors = load_file(one)
    other = {name: t * 3 if not name.startswith("space.") else t for name, t in tensors.items()}
    with safe_open(one, "numpy") as file:
        save_file(other, place / "other.safetensors", file.metadata())
    assert main(["train", "average", str(one), "other.safetensors", "--out", "mean.safetensors"]) == 0
    mean = load_file(place / "mean.safetensors")
    name = "tonal.first.weight"
    np.testing.assert_allclose(mean[name], 2 * tensors[name], rtol=2e-3)
    assert main(["train", "average", str(one), "--out", "x.safetensors"]) == 2
    assert main(["train", "average", str(one), str(FOLDER / FILES["renderer"]), "--out", "x.safetensors"]) == 2
    assert "are not of one network" in capsys.readouterr().err
    (place / "junk.safetensors").write_bytes(b"no weights")
    assert main(["train", "average", str(one), "junk.safetensors", "--out", "x.safetensors"]) == 2
    assert "junk.safetensors is not a safetensors file, or cut short" in capsys.readouterr().err
