"""Array types of the kernels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array32 = npt.NDArray[np.float32]
Array64 = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
