"""The shape of a planner, and where its embedding rows lie: shared by training and sampling."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from nawgraph.models.planner.conditions import CONDITIONS, FEATURES
from nawgraph.models.planner.vocabulary import SIZES

VERSION = 1
"""Raised when weights of before can no longer be read: streams, features, conditions or layers changed."""

LAGS = ("step", "bar", "4 bars", "8 bars", "echo")
"""What was written one step, one, four and eight bars ago, and at this place of the section that this one repeats."""


@dataclass(frozen=True)
class Config:
    """Sizes of a planner.

    Attributes:
        width: of the residual stream.
        layers: of the writing transformer.
        heads: of attention; width / heads is even.
        hidden: width of the feed-forward layers.
        window: steps that attention looks back on.
        reader_width: residual stream of the constraint reader.
        reader_layers: its layers.
        reader_heads: its heads.
        reader_hidden: width of its feed-forward layers.
        reader_span: steps to either side that it looks at.
        styles: names of styles, in the order of the condition's values.
    """

    width: int = 256
    layers: int = 5
    heads: int = 4
    hidden: int = 768
    window: int = 256
    reader_width: int = 128
    reader_layers: int = 2
    reader_heads: int = 4
    reader_hidden: int = 256
    reader_span: int = 128
    styles: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {"version": VERSION, **asdict(self), "styles": list(self.styles)}

    @classmethod
    def of(cls, data: dict[str, Any]) -> Config:
        """From plain data.

        Raises:
            ValueError: another version, or fields that do not belong.
        """
        data = dict(data)
        version = data.pop("version", None)
        if version != VERSION:
            raise ValueError(f"the weights are of version {version} and this nawgraph reads version {VERSION}")
        try:
            return cls(**{**data, "styles": tuple(data.get("styles", ()))})
        except TypeError:
            raise ValueError("the weights describe a planner of another shape") from None


TOKEN_OFFSETS = np.cumsum([0, *(size + 1 for _ in LAGS for size in SIZES)])
"""First row of every (lag, stream) in the token table; the last row of each stands for "nothing there"."""

READER_OFFSETS = np.cumsum([0, *(size + 1 for size in SIZES)])
"""First row of every stream in the reader's table; the last row of each stands for "not fixed"."""

FEATURE_OFFSETS = np.cumsum([0, *FEATURES.values()])
CONDITION_OFFSETS = np.cumsum([0, *CONDITIONS.values()])
LOGIT_OFFSETS = np.cumsum([0, *SIZES])


def periods(pairs: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Periods of rotary positions, in sixteenths of a bar: 2 to 1024, each a metric level. float32 [pairs]"""
    return np.array([2.0 ** (1 + i % 10) for i in range(pairs)], np.float32)
