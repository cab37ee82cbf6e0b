"""Values and models are looked at while another thread is still importing torch."""

from __future__ import annotations

import sys
from types import ModuleType

import numpy as np
import pytest

from nawgraph.runtime.cache.device import device_bytes, host_bytes, to_host
from nawgraph.runtime.models import model_bytes
from nawgraph.values import Audio


def test_a_torch_that_is_half_imported_is_no_torch_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("torch", "torch.nn"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    audio = Audio(np.zeros((1, 100), np.float32), 44_100)
    assert host_bytes(audio) >= 400
    assert device_bytes(audio) == 0
    assert to_host(audio) is audio
    assert model_bytes({"weights": np.zeros(100, np.float32)}) == 400
