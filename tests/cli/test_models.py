"""`nawgraph models`: what is known, what may be installed, and what is refused with a sentence."""

from __future__ import annotations

import builtins
import json
import pickle
import shutil
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

UPSTREAM = Path(__file__).parents[1] / "models" / "upstream"


def test_every_family_is_listed_with_its_licence(cli: Any) -> None:
    models = {
        m["name"]: m for m in json.loads(cli("models", "list", "--json")[1])["models"] if m["source"] != "nawgraph"
    }
    assert {"dac-44k", "encodec-32k", "oobleck-44k", "musicgen-small", "ace-step", "vocos-mel-24k"} <= models.keys()
    assert all(m["licence"] and m["kind"] and m["bytes"] for m in models.values())
    assert not models["encodec-32k"]["commercial"] and not models["musicgen-small"]["commercial"]
    assert models["dac-44k"]["state"] == "available"
    assert models["musicgen-small"]["state"] == "available" and models["htdemucs-ft"]["state"] == "available"
    assert models["ace-step-1.5-xl-turbo"]["state"] == models["stable-audio-3"]["state"] == "available"
    assert "convert them" in models["stable-audio-3"]["note"]
    assert models["ace-step"]["state"] == "known, not runnable" and models["ace-step"]["note"]
    assert "encodec-32k" in cli("models", "list")[1]


def test_add_use_verify_remove(cli: Any, place: Path) -> None:
    status, out, _ = cli("models", "add", str(UPSTREAM / "dac-hub"), "--name", "small", "--family", "dac-44k", "--json")
    note = json.loads(out)["model"]
    assert (status, note["name"], note["licence"], note["commercial"]) == (0, "small", "MIT", True)
    entry = next(m for m in json.loads(cli("models", "list", "--json")[1])["models"] if m["name"] == "small")
    assert (entry["state"], entry["digest"]) == ("installed", note["digest"])
    assert "installed already" in cli("models", "add", str(UPSTREAM / "dac-hub"), "--name", "small")[2]
    assert cli("models", "verify") == (0, "1 models are as they were installed\n", "")
    weights = place / "home" / "models" / "small" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    status, out, _ = cli("models", "verify", "small", "--json")
    assert status == 1 and "have changed" in json.loads(out)["faults"][0]
    assert cli("models", "remove", "small")[0] == 0
    assert cli("models", "remove", "small")[0] == 2
    assert cli("models", "verify", "small")[0] == 2


def test_a_pickle_is_converted_only_on_request(cli: Any, place: Path) -> None:
    status, _, err = cli("models", "add", str(UPSTREAM / "dac.pth"))
    assert status == 2 and "is a pickle" in err
    assert cli("models", "add", str(UPSTREAM / "dac.pth"), "--convert", "--family", "dac-16k")[0] == 0
    assert sorted(p.name for p in (place / "home" / "models" / "dac-16k").iterdir()) == [
        "config.json", "model.safetensors", "nawgraph-model.json",
    ]  # fmt: skip


class _Harm:
    def __reduce__(self) -> tuple[Any, ...]:
        return builtins.open, ("harm.txt", "w")


def test_a_pickle_that_runs_code_is_refused(cli: Any, place: Path) -> None:
    (place / "bad.pth").write_bytes(pickle.dumps({"state_dict": _Harm()}))
    status, _, err = cli("models", "add", "bad.pth", "--convert")
    assert status == 2 and "was refused" in err
    assert not (place / "harm.txt").exists()
    assert not [p for p in (place / "home" / "models").iterdir() if p.name != ".hub"]


def test_what_is_refused(cli: Any, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    (place / "empty").mkdir()
    bare = place / "bare"
    shutil.copytree(UPSTREAM / "dac-hub", bare)
    (bare / "config.json").unlink()
    for words, sentence in (
        ([str(UPSTREAM / "dac-hub"), "--family", "encodec-24k"], "is a checkpoint of dac, not of encodec-24k"),
        ([str(UPSTREAM / "dac-hub"), "--family", "dac-24k"], "is of 44,100 Hz, and dac-24k of 24,000 Hz"),
        ([str(UPSTREAM / "dac-hub"), "--family", "nobody"], "known are dac-44k"),
        ([str(UPSTREAM / "encodec-32k"), "--family", "encodec-32k"], "forbids or restricts commercial use"),
        ([str(UPSTREAM / "dac-hub"), "--name", "../out"], "cannot be a name"),
        ([str(bare)], "the config says nothing of"),
        (["empty"], "holds no file of weights"),
        (["nowhere"], "is no file, no folder, no name"),
        (["ace-step"], "known and cannot be run"),
        (["dac-44k-16kbps"], "not on the hub"),
        (["encodec-32k"], "forbids or restricts commercial use"),
        (["stable-audio-3", "--yes"], "stable-audio-3 cannot be fetched as it is: its files are not in the form"),
        (["ACE-Step/Ace-Step1.5"], "ace-step-1.5 cannot be fetched as it is: its files are not in the form"),
    ):
        status, _, err = cli("models", "add", *words)
        assert status == 2 and sentence in err, (words, err)
    status, _, err = cli("models", "add", "dac-44k", "--offline")
    assert status == 2 and ("was not fetched before" in err or "needs huggingface_hub" in err)


def test_agreeing_notes_the_licence(cli: Any) -> None:
    source = str(UPSTREAM / "encodec-32k")
    status, out, _ = cli("models", "add", source, "--family", "encodec-32k", "--yes", "--json")
    assert status == 0 and json.loads(out)["model"]["commercial"] is False


def test_a_document_uses_an_installed_codec(cli: Any, document: Any) -> None:
    source = str(UPSTREAM / "encodec-32k")
    cli("models", "add", source, "--family", "encodec-32k", "--yes")
    song = document(
        {
            "tone": ("audio.tone", {"seconds": 0.2}),
            "model": ("codec.model", {"name": "encodec-32k"}),
            "encode": ("codec.encode", {}, {"audio": "tone.audio", "codec": "model.codecref"}),
            "decode": ("codec.decode", {}, {"tokens": "encode.tokens", "codec": "model.codecref"}),
            "view": ("codec.tokens", {}, {"tokens": "encode.tokens"}),
        }
    )
    status, out, err = cli("run", song, "--target", "decode", "--target", "view", "--json")
    found = json.loads(out)
    assert status == 0, err
    assert found["values"]["view.kbps"] > 0
    again = json.loads(cli("run", song, "--target", "decode", "--json")[1])
    assert again["nodes"]["decode"]["state"] == "cached"
    cli("models", "remove", "encodec-32k")
    status, out, _ = cli("run", song, "--target", "decode", "--json")
    assert status == 1 and "is installed" in json.loads(out)["nodes"]["model"]["error"]
