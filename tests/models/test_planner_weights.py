"""Files of weights: what is read, what is refused with which words, and the weights that ship."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from tiny import SHAPE, every, tensors, weights_file

from nawgraph.models import catalogue, loaders
from nawgraph.models.planner.config import VERSION
from nawgraph.models.planner.house import HOUSE, REVISION, WEIGHTS, Planner
from nawgraph.models.planner.sampler import Taste
from nawgraph.models.planner.weights import load, quantised, save, shapes
from nawgraph.node import spec_of
from nawgraph.nodes import clap, codec, plan, render, separate
from nawgraph.values import ModelRef, Prompt


def test_a_file_comes_back(tmp_path: Path) -> None:
    made = tensors()
    save(tmp_path / "a.safetensors", SHAPE, made)
    found = load(tmp_path / "a.safetensors")
    assert found.config == SHAPE
    assert all((found.plain(name) == made[name]).all() for name in shapes(SHAPE))
    save(tmp_path / "b.safetensors", SHAPE, quantised(made))
    small = load(tmp_path / "b.safetensors")
    assert max(float(np.abs(small.plain(n) - made[n]).max()) for n in made) < 0.02
    assert small.tensors["heads"].dtype == np.int8


def changed(path: Path, **metadata: str) -> None:
    arrays = load_file(path)
    save_file(arrays, path, {"planner": json.dumps(SHAPE.as_dict()), **metadata})


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match=r"weights .*none.safetensors are missing"):
        load(tmp_path / "none.safetensors")


@pytest.mark.parametrize("keep", [0, 5, 1000, -100])
def test_truncated(tmp_path: Path, keep: int) -> None:
    path = weights_file(tmp_path / "w.safetensors")
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ValueError, match=r"w.safetensors is damaged or no safetensors file .*fetch or train it anew"):
        load(path)


def test_another_version(tmp_path: Path) -> None:
    path = weights_file(tmp_path / "w.safetensors")
    changed(path, planner=json.dumps({**SHAPE.as_dict(), "version": VERSION + 1}))
    with pytest.raises(ValueError, match=f"version {VERSION + 1} and this nawgraph reads version {VERSION}"):
        load(path)


def test_another_model(tmp_path: Path) -> None:
    save_file({"x": np.zeros(3, np.float32)}, tmp_path / "w.safetensors")
    with pytest.raises(ValueError, match="holds no planner: choose weights that 'nawgraph train planner' made"):
        load(tmp_path / "w.safetensors")


@pytest.mark.parametrize("name", ["blocks.0.gain_a", "heads.scale"])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_numbers_that_are_not_finite(tmp_path: Path, name: str, bad: float) -> None:
    path = weights_file(tmp_path / "w.safetensors")
    arrays = load_file(path)
    arrays[name] = np.full_like(arrays[name], bad)
    save_file(arrays, path, {"planner": json.dumps(SHAPE.as_dict())})
    with pytest.raises(ValueError, match=r"cannot be used, .*(not finite|damaged)"):
        load(path)


def test_a_missing_or_misshapen_tensor(tmp_path: Path) -> None:
    path = weights_file(tmp_path / "w.safetensors")
    arrays = load_file(path)
    whole = dict(arrays)
    del arrays["heads"]
    save_file(arrays, path, {"planner": json.dumps(SHAPE.as_dict())})
    with pytest.raises(ValueError, match="the weights lack heads"):
        load(path)
    whole["gain"] = whole["gain"][:-1]
    save_file(whole, path, {"planner": json.dumps(SHAPE.as_dict())})
    with pytest.raises(ValueError, match=r"gain has the shape \(31,\), and this planner needs \(32,\)"):
        load(path)


# ------------------------------------------------------------------------------------- what ships


def test_the_shipped_weights_fit_their_budget_and_are_lent_by_name() -> None:
    assert WEIGHTS.stat().st_size <= 6 * 2**20
    made = loaders.load(ModelRef("planner", HOUSE))
    assert isinstance(made, Planner)
    assert loaders.estimate(ModelRef("planner", HOUSE)) >= made.nbytes * 0.8
    score = made.generate(Prompt.of("techno"), 4, Taste(), every)
    assert score.of_stem("drums") and score.chords


SHIPPED = {
    ("beats", "1"): "3f5717140d1371762da656ded1cc65103bf28b2b",
    ("clap", "2"): "8e2924f6808f39024ad754d60fa94976aaf98f43",
    ("codec", "1"): "bb5667e48dc4278201e95ed864117f867f066e13",
    ("planner", "2"): "e066589494a1ef76ac338f9d04725a4de2d9ed0a",
    ("renderer", "2"): "6f34233cfd03c2a44fdca7736198272197158e4b",
    ("separator", "1"): "0331a375296233eaaf6bb0545dbaad737f1074b2",
    ("vocoder", "2"): "9cc97057799e93fa9e0274301abc25317b7ba201",
}


def test_new_weights_come_with_a_new_revision_and_new_node_versions() -> None:
    """Otherwise results of the old weights would be taken from the cache: raise all three, then add the digest here."""
    entries = {entry.kind: entry for entry in catalogue.listed() if entry.source == "nawgraph"}
    assert set(entries) == {kind for kind, _ in SHIPPED}
    assert all(entry.state == "installed" for entry in entries.values())
    assert {(kind, entry.revision): entry.digest for kind, entry in entries.items()} == SHIPPED
    assert plan.HOUSE.revision == entries["planner"].revision == REVISION
    assert {str(spec_of(n).version) for n in (plan.generate, plan.continue_, plan.infill)} == {REVISION}
    assert render.RENDERER.revision == entries["renderer"].revision == str(spec_of(render.flow).version)
    assert clap.HOUSE.revision == plan.CLAP.revision == entries["clap"].revision == str(spec_of(clap.audio).version)
    assert separate.HOUSE.revision == entries["separator"].revision == str(spec_of(separate.house).version)
    assert codec.HOUSE.revision == entries["codec"].revision == str(spec_of(codec.encode).version)
    assert render.VOCODER.revision == entries["vocoder"].revision == str(spec_of(render.decode).version)
