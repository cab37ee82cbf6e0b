"""The planner's inner loop without torch: one step of the transformer for one or two branches, and the draw of a token.

Compiled by numba. Weights of the large matrices are float32 or int8 with one scale a row; all sums are float32.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from nawgraph.heavy import importing

with importing:
    from numba import njit

Array = npt.NDArray[Any]
EPSILON = 1e-5

FREE, PITCHED, DYNAMICS, SYLLABLE = 0, 1, 2, 3
"""Grammars of streams: none; no hold after silence; loudness for what is struck; a syllable for every sung note."""


@njit(cache=True, fastmath=True, boundscheck=False)
def multiply(matrix: Array, scale: Array, x: Array, out: Array) -> None:
    """out[b] = scale · (matrix @ x[b]) for one or two rows b."""
    rows, columns = matrix.shape
    if len(x) == 1:
        for o in range(rows):
            a = np.float32(0)
            for i in range(columns):
                a += np.float32(matrix[o, i]) * x[0, i]
            out[0, o] = a * scale[o]
        return
    for o in range(rows):
        a = np.float32(0)
        b = np.float32(0)
        for i in range(columns):
            w = np.float32(matrix[o, i])
            a += w * x[0, i]
            b += w * x[1, i]
        out[0, o] = a * scale[o]
        out[1, o] = b * scale[o]


@njit(cache=True, fastmath=True, boundscheck=False)
def norm(x: Array, gain: Array, out: Array) -> None:
    """Root mean square 1, times the gain, row by row."""
    for b in range(len(x)):
        total = np.float32(0)
        for i in range(x.shape[1]):
            total += x[b, i] * x[b, i]
        factor = np.float32(1 / math.sqrt(total / x.shape[1] + EPSILON))
        for i in range(x.shape[1]):
            out[b, i] = x[b, i] * factor * gain[i]


@njit(cache=True, fastmath=True, boundscheck=False)
def _turn(x: Array, cos: Array, sin: Array) -> None:
    """Norm a head to root mean square 1 and rotate it, in place."""
    half = len(x) // 2
    total = np.float32(0)
    for i in range(len(x)):
        total += x[i] * x[i]
    factor = np.float32(1 / math.sqrt(total / len(x) + EPSILON))
    for i in range(half):
        a, b = x[i] * factor, x[i + half] * factor
        x[i] = a * cos[i] - b * sin[i]
        x[i + half] = a * sin[i] + b * cos[i]


@njit(cache=True, fastmath=True, boundscheck=False)
def _attend(q: Array, keys: Array, values: Array, count: int, weights: Array, out: Array) -> None:
    """One head looks at `count` remembered steps."""
    size = len(q)
    root = np.float32(1 / math.sqrt(size))
    top = np.float32(-1e30)
    for j in range(count):
        a = np.float32(0)
        for i in range(size):
            a += q[i] * keys[j, i]
        weights[j] = a * root
        top = max(top, weights[j])
    total = np.float32(0)
    for j in range(count):
        weights[j] = math.exp(weights[j] - top)
        total += weights[j]
    out[:] = 0
    for j in range(count):
        w = weights[j] / total
        for i in range(size):
            out[i] += w * values[j, i]


@njit(cache=True, fastmath=True, boundscheck=False)
def step(x: Array, position: int, cos: Array, sin: Array, layers: Any, keys: Array, values: Array) -> None:
    """One step of all layers on x [branches, width], in place.

    Args:
        x: the residual stream.
        position: number of the step, which says where in the ring of remembered steps it is kept.
        cos: of the rotary angles of this step [size of a head / 2].
        sin: of them.
        layers: matrices with scales and gains, see `nawgraph.models.planner.weights.Packed`.
        keys: [layers, branches, heads, window, size of a head], the ring.
        values: the same.
    """
    gain_a, gain_b, qkv, qkv_s, out, out_s, up, up_s, down, down_s = layers
    branches, width = x.shape
    heads, window, size = keys.shape[2:]
    count, place = min(position + 1, window), position % window
    y, mixed = np.empty((branches, width), np.float32), np.empty((branches, 3 * width), np.float32)
    seen, inner = np.empty((branches, width), np.float32), np.empty((branches, up.shape[1]), np.float32)
    weights = np.empty(window, np.float32)
    for layer in range(len(qkv)):
        norm(x, gain_a[layer], y)
        multiply(qkv[layer], qkv_s[layer], y, mixed)
        for b in range(branches):
            for h in range(heads):
                q = mixed[b, h * size : (h + 1) * size]
                k = mixed[b, width + h * size : width + (h + 1) * size]
                _turn(q, cos, sin)
                _turn(k, cos, sin)
                keys[layer, b, h, place] = k
                values[layer, b, h, place] = mixed[b, 2 * width + h * size : 2 * width + (h + 1) * size]
                _attend(q, keys[layer, b, h], values[layer, b, h], count, weights, seen[b, h * size : (h + 1) * size])
        multiply(out[layer], out_s[layer], seen, y)
        x += y
        norm(x, gain_b[layer], y)
        multiply(up[layer], up_s[layer], y, inner)
        for b in range(branches):
            for i in range(inner.shape[1]):
                a = max(inner[b, i], np.float32(0))
                inner[b, i] = a * a
        multiply(down[layer], down_s[layer], inner, y)
        x += y


@njit(cache=True, boundscheck=False)
def draw(logits: Array, temperature: float, top_p: float, u: float) -> int:
    """A token by nucleus sampling: the most likely ones that make up `top_p`, by the uniform number `u`.

    Logits of −inf are never drawn.
    """
    best = int(np.argmax(logits))
    if temperature <= 0:
        return best
    odds = np.exp((logits - logits[best]) / temperature)
    total = odds.sum()
    if odds[best] >= top_p * total:
        return best
    order = np.argsort(-odds)
    kept = 0.0
    count = 0
    while count < len(order) and kept < top_p * total:
        kept += odds[order[count]]
        count += 1
    left = u * kept
    for i in range(count):
        left -= odds[order[i]]
        if left < 0:
            return int(order[i])
    return int(order[count - 1])


@njit(cache=True, boundscheck=False)
def restrict(logits: Array, grammar: int, stream: int, late: Array, position: int, places: Array, sides: Array) -> None:
    """Rule out, with −inf, what the grammar of a stream forbids at a position.

    Args:
        logits: of this stream's tokens.
        grammar: one of the constants above.
        stream: which.
        late: tokens written so far, delayed.
        position: delayed position.
        places: for the grammars of `DYNAMICS` and `SYLLABLE`, (stream, steps back) of kit, percussion and vocal.
        sides: whether each kit mask and each percussion token strikes body (bit 0) or tops (bit 1), [2, 256].
    """
    if grammar == PITCHED:
        before = late[position - 1, stream] if position else 0
        if before == 0 or before >= len(logits):
            logits[1] = -np.inf
        return
    if grammar == DYNAMICS:
        struck = 0
        for i in range(2):
            at = position - places[i, 1]
            token = late[at, places[i, 0]] if at >= 0 else 0
            if token < 256:
                struck |= sides[i, token]
        for token in range(len(logits)):
            body, tops = token % 6, token // 6 % 6
            if (body > 0) != bool(struck & 1) or (tops > 0) != bool(struck & 2) or (token >= 36 and struck == 0):
                logits[token] = -np.inf
    if grammar == SYLLABLE:
        at = position - places[2, 1]
        sung = at >= 0 and late[at, places[2, 0]] >= 2
        if sung:
            logits[0] = -np.inf
        else:
            logits[1:] = -np.inf


@njit(cache=True, fastmath=True, boundscheck=False)
def logits_of(heads: Array, scale: Array, begin: int, end: int, y: Array, guidance: float, out: Array) -> None:
    """Guided logits of the tokens from `begin` on: unknowing + guidance · (knowing − unknowing)."""
    for o in range(begin, end):
        a = np.float32(0)
        for i in range(heads.shape[1]):
            a += np.float32(heads[o, i]) * y[0, i]
        if len(y) == 2:
            b = np.float32(0)
            for i in range(heads.shape[1]):
                b += np.float32(heads[o, i]) * y[1, i]
            a = b + np.float32(guidance) * (a - b)
        out[o - begin] = a * scale[o]


@njit(cache=True, nogil=True, boundscheck=False)
def write(begin: int, end: int, late: Array, job: Any, weights: Any, memory: Any, tables: Any, dice: Any) -> None:
    """Write positions `begin` to before `end` of the delayed tokens, in place.

    Args:
        begin: first position.
        end: position after the last.
        late: int16 [positions, streams].
        job: (forced tokens or −1 [positions, streams], what every branch is told [branches, positions, width], echo
            sources [positions, streams], cos and sin [positions, half a head], lags [4]).
        weights: (token table, its offsets [lags, streams], layers, gain, heads, their scales, logit offsets).
        memory: (keys, values), rings.
        tables: (grammars [streams], places, sides), see `restrict`.
        dice: (uniform numbers and temperatures [positions, streams], top_p, guidance).
    """
    forced, told, echo, cos, sin, lags = job
    table, offsets, layers, gain, heads, heads_scale, bounds = weights
    keys, values = memory
    grammars, places, sides = tables
    uniform, heat, top_p, guidance = dice
    branches, streams = len(told), late.shape[1]
    width = table.shape[1]
    x, y = np.empty((branches, width), np.float32), np.empty((branches, width), np.float32)
    said = np.empty(width, np.float32)
    for position in range(begin, end):
        said[:] = 0
        for s in range(streams):
            nothing = bounds[s + 1] - bounds[s]
            for lag in range(5):
                at = echo[position, s] if lag == 4 else position - lags[lag]
                token = late[at, s] if at >= 0 else nothing
                row = offsets[lag, s] + token
                for i in range(width):
                    said[i] += table[row, i]
        for b in range(branches):
            for i in range(width):
                x[b, i] = said[i] + told[b, position, i]
        step(x, position, cos[position], sin[position], layers, keys, values)
        norm(x, gain, y)
        for s in range(streams):
            if forced[position, s] >= 0:
                late[position, s] = forced[position, s]
                continue
            size = bounds[s + 1] - bounds[s]
            logits = np.empty(size, np.float32)
            logits_of(heads, heads_scale, bounds[s], bounds[s + 1], y, guidance, logits)
            restrict(logits, grammars[s], s, late, position, places, sides)
            late[position, s] = draw(logits, heat[position, s], top_p, uniform[position, s])
