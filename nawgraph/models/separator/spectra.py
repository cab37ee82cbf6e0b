"""Between sound and what the network sees."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from nawgraph.models.separator.bands import BINS, GATHERED, HOP, SIZE, first_bins, position_of


def spectrum(x: Tensor) -> Tensor:
    """Sound [..., samples] to complex [..., bins, frames], frame t centred on sample t · HOP."""
    flat = x.reshape(-1, x.shape[-1])
    made = torch.stft(flat, SIZE, HOP, window=_window(x), center=True, pad_mode="constant", return_complex=True)
    return made.reshape(*x.shape[:-1], *made.shape[-2:])


def sound(spectra: Tensor, length: int) -> Tensor:
    """Complex [..., bins, frames] to sound [..., length], the inverse of `spectrum`."""
    flat = spectra.reshape(-1, *spectra.shape[-2:])
    made = torch.istft(flat, SIZE, HOP, window=_window(flat.real), center=True, length=length)
    return made.reshape(*spectra.shape[:-2], length)


def _window(like: Tensor) -> Tensor:
    return torch.hann_window(SIZE, dtype=like.dtype, device=like.device)


def gathered(power: Tensor) -> Tensor:
    """Sums over the bins of each position: real [..., bins, frames] to [..., positions, frames]."""
    parts, at = [], 0
    for count, width in GATHERED:
        part = power[..., at : at + count * width, :]
        parts.append(part.reshape(*part.shape[:-2], count, width, -1).sum(dim=-2) if width > 1 else part)
        at += count * width
    parts[-1] = torch.cat([parts[-1][..., :-1, :], parts[-1][..., -1:, :] + power[..., at:, :]], dim=-2)
    return torch.cat(parts, dim=-2)


def spread(masks: Tensor) -> Tensor:
    """The value of each bin's position: [..., positions, frames] to [..., bins, frames]."""
    return masks.index_select(-2, torch.from_numpy(position_of()).to(masks.device))


def seen(spectra: Tensor) -> Tensor:
    """What the network reads of a mixture: complex [B, 2, bins, frames] to magnitudes [B, frames, 2, positions].

    Root mean square over the bins of a position, scaled so that stationary noise of RMS 1 shows about 1.
    """
    counts = torch.from_numpy(np.diff(first_bins(), append=BINS).astype(np.float32)).to(spectra.device)
    power = gathered(spectra.real**2 + spectra.imag**2) / counts[:, None]
    return (power / (0.375 * SIZE)).sqrt().permute(0, 3, 1, 2)
