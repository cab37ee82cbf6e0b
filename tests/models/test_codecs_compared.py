"""`nawgraph eval codecs`: every codec that is there, on the same clips, beside Opus."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

pytest.importorskip("torch")

from nawgraph.cli import main
from nawgraph.models import installed

UPSTREAM = Path(__file__).parent / "upstream"


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAWGRAPH_HOME", str(tmp_path / "home"))


@pytest.fixture
def clip(tmp_path: Path) -> str:
    """A second of a stereo chord over noise."""
    t = np.arange(44_100) / 44_100
    chord = sum(0.15 * np.sin(2 * np.pi * f * t) for f in (220, 277.2, 329.6))
    noise = np.random.default_rng(1).normal(0, 0.01, (2, t.size))
    path = tmp_path / "clip.wav"
    soundfile.write(path, (chord + noise).T, 44_100)
    return str(path)


def rows(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> dict[str, dict]:
    capsys.readouterr()
    assert main(["eval", "codecs", "--json", *words]) == status
    return {row["name"]: row for row in json.loads(capsys.readouterr().out)["rows"]}


def test_the_house_codec_alone(clip: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = rows(capsys, "--clips", clip)
    assert list(found) == ["house"]
    ours, opus = found["house"]["codec"], found["house"]["opus"]
    assert 14 < ours["kbps"] < 17.5, "two channels of 7.75 kbit/s, and a last frame that is not full"
    assert opus["kbps"] >= ours["kbps"] and opus["sdr"] > 5
    assert 0 < ours["mel"] < 3 and ours["stft"] > 0


def test_every_installed_codec_at_its_true_rate(clip: str, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("dac-hub", "encodec-48k", "oobleck"):
        installed.add(UPSTREAM / name, name)
    found = rows(capsys, "--clips", clip)
    assert list(found) == ["house", "dac-hub", "encodec-48k", "oobleck"]
    assert found["oobleck"]["what"] == "latents"
    model = installed.load(installed.find("codec", "dac-hub").ref, "codec")
    frames = -(-44_100 // model.hop)
    bits = 2 * frames * model.books * np.log2(model.size)
    assert found["dac-hub"]["codec"]["kbps"] == pytest.approx(bits / 1000)
    # random networks make noise: they must be told from a codec that was trained
    assert all(found[n]["codec"]["mel"] > found["house"]["codec"]["mel"] for n in ("dac-hub", "encodec-48k", "oobleck"))
    assert rows(capsys, "--clips", clip, "--codec", "dac-hub").keys() == {"dac-hub"}


def test_a_damaged_codec_loses_no_other(clip: str, capsys: pytest.CaptureFixture[str]) -> None:
    weights = installed.add(UPSTREAM / "dac-hub", "broken").path
    weights.write_bytes(weights.read_bytes()[:-100])
    found = rows(capsys, "--clips", clip, status=1)
    assert found["broken"]["codec"] is None and found["broken"]["fault"]
    assert found["house"]["codec"]["mel"] > 0


def test_bad_input_is_one_sentence(tmp_path: Path, clip: str, capsys: pytest.CaptureFixture[str]) -> None:
    soundfile.write(tmp_path / "four.wav", np.zeros((100, 4)), 44_100)
    for words, said in (
        (["--clips", str(tmp_path / "none.wav")], "none.wav"),
        (["--clips", str(tmp_path / "four.wav")], "mono or stereo"),
        (["--clips", clip, "--codec", "other"], "no codec called 'other'"),
        (["--sounds", "0"], "--sounds must be 1 or more"),
    ):
        assert main(["eval", "codecs", *words]) == 2
        told = capsys.readouterr().err
        assert said in told and "Traceback" not in told


def test_the_table(clip: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "codecs", "--clips", clip]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3 and len({line.count("|") for line in lines}) == 1
