"""The renderer's network: a diffusion transformer on patches of four frames, between two stacks of convolutions.

It gets a mixture of noise and latents, the slots of the score, what is to be kept (known latents and a mask), control
curves, and says which latents it believes in (x-prediction of conditional flow matching, Lipman et al. 2023, with the
straight path of Liu et al. 2023). Convolutions at the frame rate keep onsets sharp, attention over the patches keeps
sound and level the same over time. Time and style modulate every layer (adaptive layer norm, Peebles & Xie 2023).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from nawgraph.audio.regions import REGIONS
from nawgraph.models.render.conditions import DRUM_WIDTH, TONAL_WIDTH
from nawgraph.models.render.space import LATENTS, SIDES
from nawgraph.values import STEMS

PATCH = 4
"""Frames in one token."""

CONTROLS = 2
"""Control curves a stem: level and brightness."""

KEPT = len(REGIONS) - 1
"""Regions of the spectrum a stem that can be kept one by one."""


@dataclass(frozen=True)
class Shape:
    """Sizes of the network, kept with its weights.

    Attributes:
        width: of the transformer.
        layers, heads: of the transformer.
        local: width of the convolutions at the frame rate.
        instruments, styles: how many there are; the number after the last stands for “not said”.
    """

    instruments: int
    styles: int
    width: int = 320
    layers: int = 5
    heads: int = 5
    local: int = 256
    slot: int = 128

    @property
    def latents(self) -> int:
        """Latents of all stems in one frame."""
        return sum(LATENTS[s] + SIDES for s in STEMS)


@dataclass
class Scene:
    """What a batch of B clips of T frames is conditioned on. T is a multiple of `PATCH`.

    Attributes:
        tonal: float [N, T, TONAL_WIDTH], the tonal slots of all clips.
        tonal_of: int [N, 3]: clip, stem (1–3), instrument of each.
        drums: float [M, T, DRUM_WIDTH].
        drums_of: int [M, 3].
        style: int [B].
        tempo: float [B], (bpm − 120) / 60.
        known: float [B, T, latents], of what is kept.
        keep: float [B, T, 4 · KEPT], 1 where a region of a stem is kept.
        controls: float [B, T, 4 · CONTROLS].
        controlled: float [B, 4 · CONTROLS], 1 where a control is given.
    """

    tonal: Tensor
    tonal_of: Tensor
    drums: Tensor
    drums_of: Tensor
    style: Tensor
    tempo: Tensor
    known: Tensor
    keep: Tensor
    controls: Tensor
    controlled: Tensor

    def to(self, device: torch.device) -> Scene:
        """The same, on a device."""
        return Scene(**{f.name: getattr(self, f.name).to(device) for f in fields(self)})

    def heard(self) -> Scene:
        """The same without its slots, most of its size: `Renderer.hear` has been told of them."""
        none = {name: getattr(self, name)[:0] for name in ("tonal", "tonal_of", "drums", "drums_of")}
        return replace(self, **{name: part.clone() for name, part in none.items()})


class Local(nn.Module):
    """A ConvNeXt block at the frame rate, modulated by time and style."""

    def __init__(self, width: int, cond: int) -> None:
        super().__init__()
        self.deep = nn.Conv1d(width, width, 7, padding=3, groups=width)
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.change = nn.Linear(cond, 3 * width)
        self.up, self.down = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        nn.init.zeros_(self.change.weight)
        nn.init.zeros_(self.change.bias)

    def forward(self, x: Tensor, cond: Tensor) -> Tensor:
        scale, shift, gate = self.change(cond)[:, None].chunk(3, dim=-1)
        h = self.norm(self.deep(x.mT).mT) * (1 + scale) + shift
        out: Tensor = x + (1 + gate) * self.down(functional.gelu(self.up(h)))
        return out


class Global(nn.Module):
    """A transformer layer over patches, modulated by time and style."""

    def __init__(self, width: int, heads: int, cond: int) -> None:
        super().__init__()
        self.heads = heads
        self.norms = nn.ModuleList(nn.LayerNorm(width, elementwise_affine=False) for _ in range(2))
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 3 * width), nn.Linear(3 * width, width)
        self.change = nn.Linear(cond, 6 * width)
        nn.init.zeros_(self.change.weight)
        nn.init.zeros_(self.change.bias)

    def forward(self, x: Tensor, cond: Tensor, turn: Tensor) -> Tensor:
        a, b, c, d, e, f = self.change(cond)[:, None].chunk(6, dim=-1)
        batch, count, width = x.shape
        h = self.norms[0](x) * (1 + a) + b
        q, k, v = self.qkv(h).view(batch, count, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        h = functional.scaled_dot_product_attention(turned(q, turn), turned(k, turn), v)
        x = x + (1 + c) * self.out(h.transpose(1, 2).reshape(batch, count, width))
        h = self.norms[1](x) * (1 + d) + e
        out: Tensor = x + (1 + f) * self.down(functional.gelu(self.up(h)))
        return out


def turns(count: int, size: int, device: Any = None) -> Tensor:
    """Angles of rotary positions, [count, size / 2]."""
    speeds = 1000.0 ** (-torch.arange(0, size, 2, device=device) / size)
    return torch.arange(count, device=device)[:, None] * speeds


def turned(x: Tensor, angle: Tensor) -> Tensor:
    """Vectors turned by their positions (rotary embedding)."""
    a, b = x.chunk(2, dim=-1)
    cos, sin = angle.cos(), angle.sin()
    return torch.cat([a * cos - b * sin, a * sin + b * cos], dim=-1)


class Encoder(nn.Module):
    """Slots of a clip → what is to be heard, a frame and stem."""

    def __init__(self, inputs: int, shape: Shape, size: int) -> None:
        super().__init__()
        self.player = nn.Embedding(shape.instruments + 1, 48)
        self.first = nn.Linear(inputs + 48, size)
        self.voice = nn.Linear(48, 2 * size)
        self.second = nn.Linear(size, size)

    def forward(self, frames: Tensor, player: Tensor) -> Tensor:
        who = self.player(player)[:, None]
        scale, shift = self.voice(who).chunk(2, dim=-1)
        h = self.first(torch.cat([frames, who.expand(-1, frames.shape[1], -1)], dim=-1))
        out: Tensor = self.second(functional.gelu(h * (1 + scale) + shift))
        return out


class Renderer(nn.Module):
    """The network: `forward` gives the latents it believes in."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        size, local = shape.slot, shape.local
        self.tonal = Encoder(TONAL_WIDTH, shape, size)
        self.drums = Encoder(DRUM_WIDTH, shape, size)
        self.scene = nn.Linear(4 * size, local)
        self.given = nn.Linear(2 * shape.latents + 4 * KEPT + 8 * CONTROLS, local)
        self.style = nn.Embedding(shape.styles + 1, local)
        self.time = nn.Sequential(nn.Linear(65, local), nn.SiLU(), nn.Linear(local, local))
        self.before = nn.ModuleList(Local(local, local) for _ in range(2))
        self.patch = nn.Linear(PATCH * local, shape.width)
        self.layers = nn.ModuleList(Global(shape.width, shape.heads, local) for _ in range(shape.layers))
        self.unpatch = nn.Linear(shape.width, PATCH * local)
        self.after = nn.ModuleList(Local(local, local) for _ in range(3))
        self.norm = nn.LayerNorm(local)
        self.out = nn.Linear(local, shape.latents)

    def hear(self, scene: Scene) -> Tensor:
        """The score as the network sees it, [B, T, local]; the same in every step of the sampler."""
        batch, frames = scene.known.shape[:2]
        size = self.shape.slot
        sums = torch.zeros(batch * 4, frames, size, device=scene.known.device, dtype=self.scene.weight.dtype)
        kinds = ((self.tonal, scene.tonal, scene.tonal_of), (self.drums, scene.drums, scene.drums_of))
        for encoder, slots, of in kinds:
            if len(slots):
                made = encoder(slots, of[:, 2])
                sums = sums.index_add(0, of[:, 0] * 4 + of[:, 1], made.to(sums.dtype))
        stems = sums.view(batch, 4, frames, size).transpose(1, 2).reshape(batch, frames, 4 * size)
        heard: Tensor = self.scene(stems)
        return heard

    def forward(self, noisy: Tensor, time: Tensor, scene: Scene, heard: Tensor | None = None) -> Tensor:
        """Latents [B, T, latents] at time 1, believed at `time` [B] (0 noise, 1 music) from `noisy`."""
        heard = self.hear(scene) if heard is None else heard
        batch, frames = noisy.shape[:2]
        control = scene.controls * scene.controlled[:, None]
        told = scene.controlled[:, None].expand(-1, frames, -1)
        x = heard + self.given(torch.cat([noisy, scene.known, scene.keep, control, told], dim=-1))
        cond = functional.silu(self.time(timed(time, scene.tempo)) + self.style(scene.style))
        for block in self.before:
            x = block(x, cond)
        tokens = self.patch(x.reshape(batch, frames // PATCH, -1))
        turn = turns(tokens.shape[1], self.shape.width // self.shape.heads, x.device).to(x.dtype)
        for layer in self.layers:
            tokens = layer(tokens, cond, turn)
        x = x + self.unpatch(tokens).reshape(batch, frames, -1)
        for block in self.after:
            x = block(x, cond)
        out: Tensor = self.out(self.norm(x))
        return out


def timed(time: Tensor, tempo: Tensor) -> Tensor:
    """Flow time as sines of 32 speeds, and the tempo: [B, 65]."""
    speeds = torch.exp(torch.linspace(0, math.log(1000), 32, device=time.device))
    angle = time[:, None] * speeds
    return torch.cat([angle.sin(), angle.cos(), tempo[:, None]], dim=-1)
