"""The whole way from a prompt to stems, measured; and the page to listen to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from nawgraph.models.loaders import load
from nawgraph.training import page, repainting, timbre, whole
from nawgraph.training.whole import House, Take
from nawgraph.values import Audio, ModelRef


@pytest.fixture(scope="module")
def house() -> House:
    torch.set_num_threads(1)
    return House(*(load(ModelRef(kind, "house")) for kind in ("planner", "renderer", "vocoder")))


@pytest.fixture(scope="module")
def takes(house: House) -> list[Take]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(whole, "HEARD", ("techno", "jazz", "funk"))
        return whole.takes(house, 1, silent)


def silent(text: str) -> None:
    """Nothing is said in a test."""


def test_figures_of_networks_lie_between_chance_and_the_instruments(
    house: House, takes: list[Take], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whole, "HEARD", ("techno", "jazz", "funk"))
    monkeypatch.setattr(whole, "_speed", lambda house: iter(()))  # no wall time in a test
    rows = {row.name.split(",")[0].split(":")[0]: row for row in whole.evaluate(house, takes, 3, silent)}
    style, tempo, key = (rows[name] for name in ("style as asked", "tempo within 0.5 %", "key"))
    assert style.chance is not None and style.chance <= 1 / 3 and style.networks >= 2 / 3
    assert tempo.networks >= 2 / 3 and tempo.chance == 0
    assert key.networks > (key.chance or 0.0)
    off = rows["drum onsets off the score"]
    assert off.networks < 10 and off.instruments is not None and off.instruments < 3
    assert off.chance is not None and off.chance > 3 * off.networks


def test_the_listener_is_not_fooled_by_other_songs(takes: list[Take], monkeypatch: pytest.MonkeyPatch) -> None:
    """Its figure is no artefact: songs that were asked for in another style are not named as that one."""
    known = [whole._known(style, i) for i, style in enumerate(("techno", "jazz", "funk") * 3)]
    listener = whole.Listener(whole.np.array([whole._heard(*of) for of in known]), ("techno", "jazz", "funk") * 3)
    named = [listener.name(whole._heard(*take.played)) for take in takes]
    assert sum(name == take.style for name, take in zip(named, takes[1:] + takes[:1], strict=True)) <= 1


def test_a_listener_hears_which_instrument_was_asked_for(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timbre, "NAMED", ("piano", "brass", "warm pad", "acid bass"))
    (row,) = timbre.rows(house, 1, 2, silent)
    assert row.networks >= 0.5 > 2 * (row.chance or 0) - 0.01
    assert row.instruments is not None and row.instruments >= 0.75


def test_a_part_alone_is_told_by_its_colour_and_its_strokes_not_by_its_level() -> None:
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((1, 44_100)).astype(np.float32)
    notes = [(0.2, 60), (0.5, 67)]
    one = timbre.features(Audio(noise * 0.1, 44_100), notes)
    np.testing.assert_allclose(timbre.features(Audio(noise * 0.01, 44_100), notes), one, atol=1e-3)
    assert np.abs(timbre.features(Audio(np.cumsum(noise, axis=1) * 1e-3, 44_100), notes) - one).max() > 1
    assert np.isfinite(timbre.features(Audio(noise, 44_100), [])).all()
    assert np.isfinite(timbre.features(Audio(noise, 44_100), [(0.99, 60)])).all()


def test_painting_anew_keeps_what_is_outside(house: House, takes: list[Take]) -> None:
    changed, beside, edges = repainting.rows(house, takes[:2], silent)
    assert changed.met and changed.networks == 0
    assert beside.networks <= -40
    assert edges.networks <= 1 < (edges.chance or 0)


def test_the_page_has_sounds_and_pictures_of_both_sides(takes: list[Take], tmp_path: Path) -> None:
    made = page.write(tmp_path / "page", takes[:1])
    text = made.read_text(encoding="utf-8")
    assert takes[0].text in text
    for name in ("00_networks", "00_played"):
        for suffix in (".ogg", "_roll.png", "_spectrum.png"):
            assert f"{name}{suffix}" in text
            assert (tmp_path / "page" / f"{name}{suffix}").stat().st_size > 2000
