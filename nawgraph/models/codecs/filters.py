"""Convolutions of wide layers as few large matrix products, for the CPU.

A filter of seven taps needs seven products for every output and every pair of channels when it is applied as written.
Six outputs in a row, taken together, need twelve instead of 42: input and filter are seen as polynomials, both are
evaluated at twelve points, multiplied there, and the product is read off its values (Toom 1963, Cook 1966, Winograd
1980). The points are chosen so that the sums stay small: in float32 the error of a layer is below 1e-5 of its output.

Layers that shorten or lengthen by their stride, with a kernel of twice that, are two plain matrix products.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional

TAPS = 7
TOGETHER = 6
"""Outputs that are made together; as many as the taps less one, so that a window is two blocks of inputs."""

WIDE = 96
"""Channels on both sides at least: below it the sums around the products cost more than they save."""

_POINTS = (*(Fraction(n, 6) for n in (0, 2, -2, 4, -4, 6, -6, 9, -9, 18, -18)),)
"""Where the polynomials are evaluated, besides infinity. Of the sets ±a … ±e of simple fractions, these have the
smallest bound on the error of rounding."""


def worth(x: Tensor, weight: Tensor) -> bool:
    """Whether the layer [out, in, kernel] is wide enough, and the input of a kind, for the ways of this module."""
    return x.device.type == "cpu" and x.dtype == weight.dtype == torch.float32 and min(weight.shape[:2]) >= WIDE


class SevenTaps:
    """A filter of seven taps, six outputs at a time.

    Args:
        weight: [out, in, 7], float32.
        bias: [out] or None.
        dilation: positions between two taps.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None, dilation: int) -> None:
        before, filters, after = _matrices()
        points = torch.einsum("pk,oik->poi", filters, weight.double())
        self._filters = points.float().contiguous()  # [12, out, in]
        self._before = (
            before[:, :TOGETHER].float()[None],
            before[:, TOGETHER:].float()[None],
        )  # for either block of inputs
        self._after = after.float()[None]
        self._bias = None if bias is None else bias[:, None, None]
        self._dilation = dilation

    def __call__(self, x: Tensor) -> Tensor:
        """Outputs [B, out, T - 6 · dilation] of x [B, in, T]."""
        return torch.stack([self._one(row) for row in x.unbind(0)]) if len(x) != 1 else self._one(x[0])[None]

    def _one(self, x: Tensor) -> Tensor:
        wide, length = x.shape
        jump = TOGETHER * self._dilation
        count = length - jump  # outputs
        blocks = -(-count // jump) + 1
        # Row j of `rows` holds the inputs j, j + jump, … of every phase of the dilation, one phase after another. So
        # the first six inputs of all windows are its six rows, and the last six are these rows one place later; what
        # lies beyond the end of a phase belongs to no output.
        rows = x.new_empty(wide, jump, blocks)
        whole = min(length // jump, blocks)
        rows[..., :whole].copy_(x[:, : whole * jump].reshape(wide, whole, jump).mT)
        if whole < blocks:
            rest = functional.pad(x[:, whole * jump :], (0, blocks * jump - length))
            rows[..., whole:].copy_(rest.reshape(wide, blocks - whole, jump).mT)
        rows = rows.view(wide, TOGETHER, -1)
        first, last = (part.expand(wide, -1, -1) for part in self._before)
        seen = torch.bmm(first, rows)
        seen[..., :-1].baddbmm_(last, rows[..., 1:])
        made = torch.bmm(self._filters, seen.transpose(0, 1)).transpose(0, 1)
        after = self._after.expand(len(made), -1, -1)
        out = torch.bmm(after, made) if self._bias is None else torch.baddbmm(self._bias, after, made)
        return out.view(len(made), jump, blocks).mT.reshape(len(made), -1)[:, :count]


class Shorter:
    """A layer with a kernel of twice its stride, as two products with blocks of a stride each.

    Args:
        weight: [out, in, 2 · stride].
        bias: [out] or None.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        self._stride = weight.shape[2] // 2
        # [out, in · stride], for one block and the next.
        halves = weight[..., : self._stride], weight[..., self._stride :]
        self._first, self._next = (half.flatten(1).contiguous() for half in halves)
        self._bias = None if bias is None else bias[:, None]

    def __call__(self, x: Tensor) -> Tensor:
        """Outputs [B, out, T // stride - 1] of x [B, in, T]."""
        count = x.shape[2] // self._stride
        blocks = x[..., : count * self._stride].reshape(*x.shape[:2], count, self._stride).mT.flatten(1, 2)
        made = self._first @ blocks[..., :-1]
        if self._bias is not None:
            made += self._bias
        return torch.stack([torch.addmm(y, self._next, z[:, 1:]) for y, z in zip(made, blocks, strict=True)])


class Longer:
    """A transposed layer with a kernel of twice its stride, as one product for every block of a stride.

    Args:
        weight: [in, out, 2 · stride].
        bias: [out] or None.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        self._out, self._stride = weight.shape[1], weight.shape[2] // 2
        # [out · stride, 2 · in]: of the input at the block's place and of the one before.
        halves = weight[..., : self._stride], weight[..., self._stride :]
        self._blocks = torch.cat([half.permute(1, 2, 0).flatten(0, 1) for half in halves], dim=1).contiguous()
        self._bias = None if bias is None else bias.repeat_interleave(self._stride)[:, None]

    def __call__(self, x: Tensor) -> Tensor:
        """Outputs [B, out, (T + 1) · stride] of x [B, in, T]."""
        both = torch.cat([functional.pad(x, (0, 1)), functional.pad(x, (1, 0))], dim=1)
        made = self._blocks @ both
        if self._bias is not None:
            made += self._bias
        return made.view(len(x), self._out, self._stride, -1).mT.flatten(2)


@cache
def _matrices() -> tuple[Tensor, Tensor, Tensor]:
    """What is applied to inputs [12, 12], to filters [12, 7] and to products [6, 12], in float64.

    Rows of the first are scaled to like size, by powers of two that the second takes back.
    """
    points = len(_POINTS) + 1
    before = torch.zeros(points, points, dtype=torch.float64)
    filters = torch.zeros(points, TAPS, dtype=torch.float64)
    after = torch.zeros(TOGETHER, points, dtype=torch.float64)
    for row, point in enumerate(_POINTS):
        others = [p for p in _POINTS if p != point]
        polynomial, size = _product(others), Fraction(1)
        for other in others:
            size *= point - other
        before[row, : len(polynomial)] = torch.tensor([float(c) for c in polynomial], dtype=torch.float64)
        filters[row] = torch.tensor([float(point**k / size) for k in range(TAPS)], dtype=torch.float64)
        after[:, row] = torch.tensor([float(point**k) for k in range(TOGETHER)], dtype=torch.float64)
    before[-1] = torch.tensor([float(c) for c in _product(list(_POINTS))], dtype=torch.float64)
    filters[-1, -1] = after[-1, -1] = 1.0
    scale = 2.0 ** before.abs().sum(dim=1, keepdim=True).log2().round()
    return before / scale, filters * scale, after


def _product(roots: list[Fraction]) -> list[Fraction]:
    """Coefficients of the polynomial with these roots, the constant first."""
    found = [Fraction(1)]
    for root in roots:
        found = [a - root * b for a, b in zip([Fraction(0), *found], [*found, Fraction(0)], strict=True)]
    return found
