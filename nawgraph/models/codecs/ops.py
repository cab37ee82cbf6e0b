"""Layers of convolutional codecs that know which part of their input a part of their output needs.

Every layer can be asked for any span of its output; zeros and reflections stand only where the whole signal ends, never
at the ends of a span. So a sound may be worked on in pieces of any size, and the pieces together are what the whole
would have been, up to the rounding of sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from nawgraph.models.codecs.filters import TAPS, Longer, SevenTaps, Shorter, worth

Span = tuple[int, int]
"""First position, and the one after the last."""


class Op(Protocol):
    """A layer. Lengths and spans count positions of the layer's own input or output."""

    def length(self, total: int) -> int:
        """Length of the output for an input of length `total`."""

    def needs(self, span: Span, total: int) -> Span:
        """The span of an input of length `total` that a span of the output depends on."""

    def run(self, x: Tensor, begin: int, total: int, span: Span) -> Tensor:
        """The output's `span`, from x [B, C, T], which is the input from position `begin` on. x may be overwritten."""


@dataclass(frozen=True)
class Conv:
    """A convolution.

    Attributes:
        weight: [out, in, kernel].
        bias: [out] or None.
        left: positions before the beginning that the first output looks at.
        right: positions after the end that are there when the number of outputs is counted.
        reflect: what stands there: the sound mirrored, else silence.
        groups: channels are in so many groups, each seen by its own filters.
    """

    weight: Tensor
    bias: Tensor | None
    stride: int = 1
    dilation: int = 1
    left: int = 0
    right: int = 0
    reflect: bool = False
    groups: int = 1

    @property
    def _reach(self) -> int:
        return (self.weight.shape[2] - 1) * self.dilation

    def length(self, total: int) -> int:
        return (total + self.left + self.right - self._reach - 1) // self.stride + 1

    def needs(self, span: Span, total: int) -> Span:
        first, last = self._looks(span)
        low, high = max(first, 0), min(last, total)
        if self.reflect:
            if first < 0:
                high = max(high, min(total, 1 - first))
            if last > total:
                low = min(low, max(0, 2 * (self._mirror(total) - 1) - last + 1))
        return min(low, max(0, total - 1)), max(high, low)

    def run(self, x: Tensor, begin: int, total: int, span: Span) -> Tensor:
        first, last = self._looks(span)
        if first >= begin and last <= begin + x.shape[2]:
            part = x[..., first - begin : last - begin]
        elif self.reflect:
            part = self._reflected(x, begin, total, first, last)
        else:
            before, after = max(0, -first), max(0, last - total)
            inner = x[..., max(first, 0) - begin : min(last, total) - begin]
            part = functional.pad(inner, (before, after))
        return self._filtered(part)

    def _filtered(self, x: Tensor) -> Tensor:
        kernel = self.weight.shape[2]
        if self.groups == 1 and worth(x, self.weight):
            if (kernel, self.stride) == (TAPS, 1):
                return self._seven(x)
            if (kernel, self.dilation) == (2 * self.stride, 1):
                return self._shorter(x)
            if (kernel, self.stride) == (1, 1):
                made = self.weight[..., 0] @ x
                return made if self.bias is None else made.add_(self.bias[:, None])
        return functional.conv1d(x, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)

    @cached_property
    def _seven(self) -> SevenTaps:
        return SevenTaps(self.weight, self.bias, self.dilation)

    @cached_property
    def _shorter(self) -> Shorter:
        return Shorter(self.weight, self.bias)

    def _looks(self, span: Span) -> Span:
        first = span[0] * self.stride - self.left
        return first, (span[1] - 1) * self.stride - self.left + self._reach + 1

    def _mirror(self, total: int) -> int:
        """Length of what is mirrored: too short a sound is followed by silence first, as EnCodec has it."""
        after = self._looks((0, self.length(total)))[1] - total
        return max(total, max(self.left, after) + 1)

    def _reflected(self, x: Tensor, begin: int, total: int, first: int, last: int) -> Tensor:
        mirror = self._mirror(total)
        places = torch.arange(first, last, device=x.device)
        places = torch.where(places < 0, -places, places)
        places = torch.where(places >= mirror, 2 * (mirror - 1) - places, places)
        sounds = places < total
        return x[..., torch.where(sounds, places - begin, 0)] * sounds.to(x.dtype)


@dataclass(frozen=True)
class Upsample:
    """A transposed convolution.

    Attributes:
        weight: [in, out, kernel].
        left, right: outputs that are cut off at the ends.
    """

    weight: Tensor
    bias: Tensor | None
    stride: int
    left: int
    right: int

    def length(self, total: int) -> int:
        return (total - 1) * self.stride + self.weight.shape[2] - self.left - self.right

    def needs(self, span: Span, total: int) -> Span:
        kernel = self.weight.shape[2]
        low = -(-(span[0] + self.left - kernel + 1) // self.stride)
        high = (span[1] - 1 + self.left) // self.stride + 1
        low, high = max(low, 0), min(high, total)
        return min(low, total - 1), max(high, min(low, total - 1) + 1)

    def run(self, x: Tensor, begin: int, total: int, span: Span) -> Tensor:
        low, high = self.needs(span, total)
        part = x[..., low - begin : high - begin]
        if self.weight.shape[2] == 2 * self.stride and worth(x, self.weight):
            made = self._longer(part)
        else:
            made = functional.conv_transpose1d(part, self.weight, self.bias, self.stride)
        return _spread(made, low * self.stride - self.left, span, self.bias)

    @cached_property
    def _longer(self) -> Longer:
        return Longer(self.weight, self.bias)


def _spread(made: Tensor, at: int, span: Span, bias: Tensor | None) -> Tensor:
    """`span` of a signal that begins at `at`; beyond it there is only the bias."""
    before, after = max(0, at - span[0]), max(0, span[1] - at - made.shape[2])
    part = made[..., max(0, span[0] - at) : span[1] - at]
    if not before and not after:
        return part
    padded = functional.pad(part, (before, after))
    if bias is not None:
        if before:
            padded[..., :before] = bias[:, None]
        if after:
            padded[..., padded.shape[2] - after :] = bias[:, None]
    return padded


class Pointwise:
    """What layers without a reach have in common."""

    def length(self, total: int) -> int:
        return total

    def needs(self, span: Span, total: int) -> Span:
        return span

    def run(self, x: Tensor, begin: int, total: int, span: Span) -> Tensor:
        return self.of(x[..., span[0] - begin : span[1] - begin])

    def of(self, x: Tensor) -> Tensor:
        """Every position by itself."""
        raise NotImplementedError


@dataclass(frozen=True)
class Snake(Pointwise):
    """x + sin²(a x) / b, the periodic activation of DAC, Oobleck and BigVGAN (Ziyin et al. 2020).

    Attributes:
        a: [C, 1].
        inverse: 1 / b, [C, 1].
    """

    a: Tensor
    inverse: Tensor

    def of(self, x: Tensor) -> Tensor:
        wave = torch.mul(x, self.a).sin_()
        return torch.addcmul(x, wave.mul_(wave), self.inverse)


@dataclass(frozen=True)
class Elu(Pointwise):
    """The activation of EnCodec."""

    def of(self, x: Tensor) -> Tensor:
        return functional.elu(x)


@dataclass(frozen=True)
class Tanh(Pointwise):
    """The last layer of DAC."""

    def of(self, x: Tensor) -> Tensor:
        return torch.tanh(x)


@dataclass(frozen=True)
class Norm:
    """A norm over all channels and the whole of time: it needs its input whole."""

    weight: Tensor
    bias: Tensor

    def length(self, total: int) -> int:
        return total

    def needs(self, span: Span, total: int) -> Span:
        return 0, total

    def run(self, x: Tensor, begin: int, total: int, span: Span) -> Tensor:
        return functional.group_norm(x, 1, self.weight, self.bias)[..., span[0] : span[1]]


@dataclass(frozen=True)
class Residual:
    """Layers beside a shortcut; their outputs are added."""

    inner: tuple[Op, ...]
    shortcut: tuple[Op, ...] = field(default=())

    def length(self, total: int) -> int:
        return total

    def needs(self, span: Span, total: int) -> Span:
        a, b = needs(self.inner, span, total)
        c, d = needs(self.shortcut, span, total)
        return min(a, c), max(b, d)

    def run(self, x: Tensor, begin: int, total: int, span: Span) -> Tensor:
        made = run(self.inner, x, begin, total, span)
        beside = (
            run(self.shortcut, x, begin, total, span) if self.shortcut else x[..., span[0] - begin : span[1] - begin]
        )
        return made + beside


def lengths(ops: Sequence[Op], total: int) -> list[int]:
    """Lengths before each layer and after the last."""
    found = [total]
    for op in ops:
        found.append(op.length(found[-1]))
    return found


def needs(ops: Sequence[Op], span: Span, total: int) -> Span:
    """What a span of the last layer's output needs of the first one's input, of length `total`."""
    for op, before in zip(reversed(ops), reversed(lengths(ops, total)[:-1]), strict=True):
        span = op.needs(span, before)
    return span


def run(ops: Sequence[Op], x: Tensor, begin: int, total: int, span: Span) -> Tensor:
    """`span` of the output of several layers, from the input x [B, C, T] that begins at `begin` of `total`."""
    sizes = lengths(ops, total)
    spans = [span]
    for op, before in zip(reversed(ops), reversed(sizes[:-1]), strict=True):
        spans.append(op.needs(spans[-1], before))
    spans.reverse()
    for op, size, (start, _), wanted in zip(ops, sizes, [(begin, 0), *spans[1:-1]], spans[1:], strict=False):
        x = op.run(x, start, size, wanted)
    return x if ops else x[..., span[0] - begin : span[1] - begin]
