"""Every house network as ONNX: ONNX Runtime makes of the files what PyTorch makes, at lengths nobody exported."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from nawgraph.cli import main
from nawgraph.models.int8 import round_weights, rounded, widened
from nawgraph.models.loaders import load
from nawgraph.training.onnx.export import Written
from nawgraph.values import ModelRef


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Written]:
    """All networks, by the command in a process of its own: what other tests did to PyTorch has no part in it."""
    folder = str(tmp_path_factory.mktemp("onnx"))
    told = [sys.executable, "-m", "nawgraph", "models", "export", "--out", folder, "--json"]
    made = json.loads(subprocess.run(told, check=True, capture_output=True, text=True).stdout)
    return {file["name"]: Written(**{f.name: file[f.name] for f in fields(Written)}) for file in made["files"]}


def test_every_network_gives_the_same_in_onnx_runtime(written: dict[str, Written]) -> None:
    assert len(written) == 9
    for name, network in written.items():
        assert network.error < (5e-4 if name == "clap-sound" else 1e-5), network  # powers of ten in the latter
        assert network.error < network.small_error < 0.08, network
        assert Path(network.file).stat().st_size == network.bytes


def test_int8_is_almost_four_times_smaller(written: dict[str, Written]) -> None:
    large, small = (sum(getattr(w, of) for w in written.values()) for of in ("bytes", "small_bytes"))
    assert large / small > 3.8
    assert all(w.ratio > 3.7 for w in written.values() if w.bytes > 1 << 20)


@given(arrays.arrays(np.float32, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.floats(-5, 5, width=32)))
def test_rounding_errs_by_half_a_step_of_its_row(values: np.ndarray) -> None:
    whole, scale, axis = rounded(values)
    wide = scale.reshape([-1 if i == axis else 1 for i in range(2)])
    assert (np.abs(whole * wide - values) <= 0.5001 * wide).all()
    assert np.abs(whole.astype(int)).max() <= 127


def test_rounded_twice_is_rounded_once() -> None:
    values = np.random.default_rng(0).standard_normal((64, 64)).astype(np.float32)
    once = widened(values)
    assert 0 < np.abs(once - values).max() < 0.02
    np.testing.assert_allclose(widened(once), once, atol=1e-6)
    small = values[:4, :4]
    assert widened(small) is small


def test_a_model_in_eight_bits_still_hears_the_same() -> None:
    clap, rough = (load(ModelRef("clap", "house")) for _ in range(2))
    round_weights(rough)
    words = ["slow dark ambient", "fast techno with a hard kick"]
    a, b = clap.texts(words), rough.texts(words)
    assert not np.array_equal(a, b)
    assert (np.sum(a * b, axis=1) > 0.99).all()


def test_the_command_prints_sizes_and_refuses_what_it_does_not_know(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "export", "beats", "--out", str(tmp_path), "--json"]) == 0
    (file,) = json.loads(capsys.readouterr().out)["files"]
    assert file["name"] == "beats" and Path(file["small"]).exists()
    assert main(["models", "export", "beats", "--out", str(tmp_path)]) == 0
    assert "| together | 0.16 |" in capsys.readouterr().out
    assert main(["models", "export", "toaster"]) == 2
    assert "toaster is no kind of network" in capsys.readouterr().err
    assert main(["models", "export", "--weights", "x.safetensors"]) == 2
    assert "name it" in capsys.readouterr().err
