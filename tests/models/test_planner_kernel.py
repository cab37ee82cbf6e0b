"""The kernel computes what the torch network computes, and draws only what it may."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tiny import SHAPE, every, planner, tensors

from nawgraph.models.planner import kernel, sampler
from nawgraph.models.planner.config import CONDITION_OFFSETS, LAGS, TOKEN_OFFSETS
from nawgraph.models.planner.inputs import NOTHING, feature_rows, looked_back, reader_rows
from nawgraph.models.planner.network import Network
from nawgraph.models.planner.reader import angles, read
from nawgraph.models.planner.sampler import Sampler, Task, Taste
from nawgraph.models.planner.vocabulary import COUNT, INDEX, LONGEST_DELAY, SIZES
from nawgraph.models.planner.weights import packed, quantised
from nawgraph.training.crops import Sheet, sheet
from nawgraph.training.data import Song, song


def fixed_stretches(steps: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.repeat(rng.random((steps // 8 + 1, COUNT)) < 0.3, 8, axis=0)[:steps]


def torch_logits(network: Network, it: Song, laid: Sheet, fixed: np.ndarray) -> np.ndarray:
    at = np.arange(len(laid.late))
    shown = looked_back(laid.late, at, it.steps_a_bar, laid.echo)
    tokens = (shown + TOKEN_OFFSETS[:-1].reshape(len(LAGS), COUNT)).reshape(len(at), -1)
    content = np.concatenate([it.tokens, np.tile(NOTHING, (LONGEST_DELAY, 1))])
    places = np.concatenate([fixed, np.zeros((LONGEST_DELAY, COUNT), bool)])
    told = (tokens, feature_rows(laid.features), laid.rows + CONDITION_OFFSETS[:-1])
    rows = [torch.from_numpy(a.astype(np.int64))[None] for a in (*told, reader_rows(content, places))]
    position = torch.from_numpy((at * (16 / it.steps_a_bar)).astype(np.float32))[None]
    with torch.no_grad():
        found: torch.Tensor = network(*rows[:3], position, rows[3], torch.tensor([float(fixed.any())]))
    return found[0].numpy()


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("constrained", [False, True])
def test_parity_with_torch(number: int, constrained: bool) -> None:
    it = song(number)
    laid = sheet(it)
    count = SHAPE.window  # beyond it the kernel's window slides, which torch does not
    weights = tensors(gain=0.5)
    network = Network(SHAPE)
    network.load_state_dict({name: torch.from_numpy(a) for name, a in weights.items()})
    fixed = fixed_stretches(len(it.tokens), number) & constrained
    wanted = torch_logits(network, it, laid, fixed)
    made = Sampler(packed(SHAPE, weights))
    silent = np.zeros((len(it.sections), COUNT), bool)
    told = made.told(Task(it.sections, it.steps_a_bar, it.rows, it.tokens, fixed, silent), 1)
    size = SHAPE.width // SHAPE.heads
    ring = np.zeros((SHAPE.layers, 1, SHAPE.heads, SHAPE.window, size), np.float32)
    keys, values = ring, ring.copy()
    cos, sin = angles(np.arange(count) * (16 / it.steps_a_bar), size // 2)
    shown = looked_back(laid.late, np.arange(count), it.steps_a_bar, laid.echo)
    rows = shown + TOKEN_OFFSETS[:-1].reshape(len(LAGS), COUNT)
    for p in range(count):
        x = (weights["tokens"][rows[p].ravel()].sum(axis=0) + told[0, p])[None].astype(np.float32)
        kernel.step(x, p, cos[p], sin[p], made.weights.layers(), keys, values)
        y = np.empty_like(x)
        kernel.norm(x, weights["gain"], y)
        np.testing.assert_allclose(y[0] @ weights["heads"].T, wanted[p], atol=2e-4)
    assert np.abs(wanted).max() > 0.5


def test_the_reader_reads_long_songs_piece_by_piece_as_one() -> None:
    rng = np.random.default_rng(0)
    weights = packed(SHAPE, tensors(gain=0.5))
    steps = 1500
    features = np.zeros((steps, 7), np.int16)
    tokens = np.stack([rng.integers(0, size, steps) for size in SIZES], axis=1).astype(np.int16)
    rows = reader_rows(tokens, rng.random(tokens.shape) < 0.3)
    position = np.arange(steps, dtype=float)
    whole = read(weights, features, rows, position)
    begin, end = 600, 900
    margin = SHAPE.reader_layers * SHAPE.reader_span
    part = read(
        weights,
        features[begin - margin : end + margin],
        rows[begin - margin : end + margin],
        position[begin - margin : end + margin],
    )
    np.testing.assert_allclose(whole[begin:end], part[margin:-margin], atol=1e-4)


def test_int8_is_near_to_float() -> None:
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(96, 64)).astype(np.float32)
    small = quantised({"m": matrix})
    x = rng.normal(size=(2, 64)).astype(np.float32)
    out, exact = np.empty((2, 96), np.float32), np.empty((2, 96), np.float32)
    kernel.multiply(small["m"], small["m.scale"], x, out)
    kernel.multiply(matrix, np.ones(96, np.float32), x, exact)
    np.testing.assert_allclose(exact, x @ matrix.T, atol=1e-4)
    assert np.abs(out - exact).max() < 0.03 * np.abs(exact).max()


# ------------------------------------------------------------------------------------- drawing


def test_temperature_0_takes_the_likeliest() -> None:
    logits = np.array([0.1, 2.0, 1.9], np.float32)
    assert {kernel.draw(logits, 0.0, 1.0, u) for u in (0.0, 0.5, 0.99)} == {1}


def test_top_p_leaves_the_unlikely_out() -> None:
    logits = np.log(np.array([0.5, 0.3, 0.15, 0.05], np.float32))
    drawn = [kernel.draw(logits, 1.0, 0.8, (i + 0.5) / 1000) for i in range(1000)]
    assert set(drawn) == {0, 1}
    assert abs(drawn.count(0) / 1000 - 0.625) < 0.01
    drawn = [kernel.draw(logits, 1.0, 1.0, (i + 0.5) / 1000) for i in range(1000)]
    assert [round(drawn.count(i) / 1000, 2) for i in range(4)] == [0.5, 0.3, 0.15, 0.05]


def test_forbidden_tokens_are_never_drawn() -> None:
    logits = np.array([-np.inf, 1.0, -np.inf, 0.5], np.float32)
    assert {kernel.draw(logits, 2.0, 1.0, (i + 0.5) / 200) for i in range(200)} == {1, 3}


@pytest.mark.parametrize("number", [1, 2])
def test_what_is_written_obeys_the_grammar(number: int) -> None:
    it = song(number)
    silent = np.zeros((len(it.sections), COUNT), bool)
    task = Task(it.sections, it.steps_a_bar, it.rows, np.zeros_like(it.tokens), np.zeros(it.tokens.shape, bool), silent)
    tokens = planner().sampler.write(task, Taste(temperature=1.5, top_p=1.0, seed=number), every)
    for name in ("bass", "pad", "lead", "vocal"):
        column = tokens[:, INDEX[name]]
        assert not ((column[1:] == 1) & (column[:-1] == 0)).any() and column[0] != 1
    sung = tokens[:, INDEX["vocal"]] >= 2
    assert ((tokens[:, INDEX["syllable"]] > 0) == sung).all()
    kit, percussion = sampler._sides()
    struck = kit[tokens[:, INDEX["kit"]]] | percussion[tokens[:, INDEX["percussion"]]]
    dynamics = tokens[:, INDEX["dynamics"]]
    assert ((dynamics % 6 > 0) == (struck & 1 > 0)).all() and ((dynamics // 6 % 6 > 0) == (struck & 2 > 0)).all()
    assert (tokens < np.array(SIZES)).all() and (tokens >= 0).all()
