"""The melody as MusicGen hears it: the strongest pitch class a frame, as MusicgenMelodyFeatureExtractor has it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

SIZE, HOP = 16_384, 4_096


def features(samples: npt.NDArray[np.float32], rate: int, classes: int = 12) -> npt.NDArray[np.float32]:
    """One row a frame of 4,096 samples, 1 at the strongest pitch class, float32 [frames, classes].

    Args:
        samples: float32 [n].
        rate: Hz.
        classes: pitch classes.
    """
    import torch
    from transformers.audio_utils import chroma_filter_bank

    filters = chroma_filter_bank(sampling_rate=rate, num_frequency_bins=SIZE, tuning=0, num_chroma=classes)
    short = max(0, SIZE - len(samples))
    padded = np.pad(samples, (short // 2, short - short // 2))
    window = torch.hann_window(SIZE)
    spectra: Any = torch.stft(torch.from_numpy(padded), SIZE, HOP, window=window, center=True, return_complex=True)
    strongest = (torch.from_numpy(filters).float() @ spectra.abs().square()).argmax(dim=0)
    return np.asarray(torch.nn.functional.one_hot(strongest, classes).float().numpy())
