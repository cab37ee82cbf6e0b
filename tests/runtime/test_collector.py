"""The collector rests while a run is planned, and is afterwards as the program had it."""

from __future__ import annotations

import gc

import pytest

from nawgraph.runtime.collector import collector_paused


def test_it_is_as_before_after_a_pause_in_a_pause_and_after_an_error() -> None:
    with pytest.raises(ValueError, match="broke"), collector_paused():
        with collector_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
        raise ValueError("it broke")
    assert gc.isenabled()


def test_a_program_that_has_none_gets_none() -> None:
    gc.disable()
    try:
        with collector_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()
