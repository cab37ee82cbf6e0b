"""Bundles, locks, trust sheets, licences, verification, embed levels."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from packs_kit import pack_wheel

from nawgraph import files
from nawgraph.audio import files as sounds
from nawgraph.cli import main
from nawgraph.files import bundle
from nawgraph.graph import Graph, plain
from nawgraph.hints import Model
from nawgraph.library import standard
from nawgraph.packs.environment import Sources
from nawgraph.packs.index import Entry, Index, Release
from nawgraph.packs.install import Installer
from nawgraph.packs.provide import Packs, provided
from nawgraph.sharing import licences, lock, thumbnail, trust, verify
from nawgraph.values import Audio


def document(**nodes: Any) -> Graph:
    return files.loads(json.dumps({"nawgraph": 1, "nodes": nodes}))


def song(**knobs: Any) -> Graph:
    return document(
        tone={"type": "audio.tone", "knobs": {"seconds": 0.2, **knobs}},
        export={"type": "export.mix", "inputs": {"audio": "tone.audio"}, "knobs": {"name": "Song_Mix"}},
    )


def exported(place: Path, graph: Graph, *more: str) -> Path:
    files.save(graph, place / "song.nawgraph")
    assert main(["run", "song.nawgraph", *more]) == 0
    return place / "out" / "Song_Mix.wav"


# ------------------------------------------------------------------------------------ bundles


def test_a_bundle_runs_elsewhere_and_is_the_same_every_time(place: Path) -> None:
    sound = Audio(np.random.default_rng(0).uniform(-0.5, 0.5, (2, 5000)).astype(np.float32), 44_100)
    (place / "a").mkdir()
    sounds.write(place / "a" / "My Loop.wav", sound)
    graph = document(
        one={"type": "audio.load", "knobs": {"file": "My Loop.wav"}},
        two={"type": "audio.load", "knobs": {"file": "./My Loop.wav"}},
        export={"type": "export.mix", "inputs": {"audio": "one.audio"}, "knobs": {"name": "Song_Mix"}},
    )
    extras = {"thumbnail.png": thumbnail.picture(graph), "preview.ogg": thumbnail.preview(place / "a" / "My Loop.wav")}
    names = bundle.write(place / "x.nawbundle", graph, place / "a", standard(), extras)
    assert len(names) == 1
    bundle.write(place / "y.nawbundle", graph, place / "a", standard(), extras)
    assert (place / "x.nawbundle").read_bytes() == (place / "y.nawbundle").read_bytes()
    (place / "a" / "My Loop.wav").unlink()
    laid = bundle.unpack(place / "x.nawbundle", place / "b")
    assert laid == place / "b" / "graph.nawgraph"
    assert main(["run", str(laid)]) == 0
    assert sounds.read(place / "b" / "preview.ogg").frames == 5000
    assert (place / "b" / "thumbnail.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(files.FormatError, match="is not empty"):
        bundle.unpack(place / "x.nawbundle", place / "b")


def test_a_file_that_is_missing_is_named(place: Path) -> None:
    graph = document(one={"type": "audio.load", "knobs": {"file": "none.wav"}})
    with pytest.raises(files.FormatError, match=r'none.wav: node "one": the file of file cannot be read'):
        bundle.write(place / "x.nawbundle", graph, place, standard())
    assert list(place.glob("*bundle*")) == []


# --------------------------------------------------------------------------- lock and licences


@pytest.fixture
def red(place: Path) -> Packs:
    """An installed pack with a library, a permission and one node."""
    from packs_kit import wheel

    wheel(place / "links", "colour", "1.0", {"colour.py": ""})
    code = '''
import nawgraph as ng
from typing import Annotated

@ng.node("red.louder")
def louder(audio: ng.Audio, *, seed: Annotated[int, ng.Seed()] = 3) -> ng.Audio:
    """Louder."""
    return ng.Audio(audio.samples * 2, audio.rate)
'''
    more = '[permissions.network]\nreason = "Asks how loud"'
    path = pack_wheel(place, "red", code, needs=["colour"], more=more)
    Installer(sources=Sources((str(place / "links"),), True)).install(str(path), lambda proposal: ())
    return Packs()


RED = {"type": "red.louder", "inputs": {"audio": "tone.audio"}}


def with_red() -> Graph:
    return document(
        tone={"type": "audio.tone", "knobs": {"seconds": 0.1}},
        red=RED,
        export={"type": "export.mix", "inputs": {"audio": "red.audio"}, "knobs": {"name": "Song_Mix"}},
    )


def test_a_lock_names_packs_seeds_and_libraries(red: Packs) -> None:
    graph = lock.locked(with_red(), provided(standard()), red)
    found = plain(graph.lock)
    assert found["packs"]["red"]["version"] == "1.0.0"
    assert found["packs"]["red"]["licence"] == "MIT"
    assert found["packs"]["red"]["digest"] == f"sha256:{red.known['red'].pack.sha256}"
    assert found["seeds"]["red"] == 3
    assert found["libraries"]["numpy"] == np.__version__
    assert files.loads(files.dumps(graph)) == graph
    assert lock.differences(graph, provided(standard()), red) == []


def test_licences_of_all_parts(red: Packs) -> None:
    found = {(p.kind, p.name): p.licence for p in licences.parts(with_red(), provided(standard()), red)}
    assert found == {("program", "nawgraph"): "MIT", ("pack", "red"): "MIT", ("library", "colour"): "unknown"}


# -------------------------------------------------------------------------------------- trust


def test_the_trust_sheet_says_what_a_document_would_touch(red: Packs) -> None:
    graph = document(
        file={"type": "audio.load", "knobs": {"file": "../../secret.wav"}},
        llm={"type": "plan.llm", "knobs": {"endpoint": "https://example.org/v1"}},
        tone={"type": "audio.tone"},
        red=RED,
        export={"type": "export.mix", "inputs": {"audio": "red.audio"}},
        gone={"type": "blue.thing"},
    )
    found = trust.sheet(graph, provided(standard()), red)
    assert found.reads == {"file": "../../secret.wav"}
    assert found.outside == ("../../secret.wav",)
    assert found.network == {"llm": "https://example.org/v1"}
    assert list(found.writes) == ["export"]
    assert {need.pack: need.state for need in found.packs} == {"red": "installed", "blue": "missing"}
    assert found.packs[1].permissions == {"network": ("Asks how loud", False)}


def test_missing_packs_are_offered_and_nothing_is_installed(place: Path) -> None:
    graph = files.loads(
        json.dumps(
            {
                "nawgraph": 1,
                "nodes": {"a": {"type": "blue.thing"}},
                "lock": {"packs": {"blue": {"version": "1.2.0", "digest": "x"}}},
            }
        )
    )
    release = Release("x.whl", "0")
    cases = {
        None: ["exact", "placeholder"],
        ("1.2.0", "1.3.0"): ["exact", "compatible", "placeholder"],
        ("1.1.0",): ["compatible", "placeholder"],
        ("2.0.0",): ["placeholder"],
    }
    for versions, kinds in cases.items():
        index = None if versions is None else Index(1, {"blue": Entry(dict.fromkeys(versions, release))})
        (need,) = trust.sheet(graph, standard(), index=index).packs
        assert [offer.kind for offer in need.offers] == kinds
    assert not (place / "home" / "packs").exists()
    files.save(graph, place / "song.nawgraph")
    assert main(["trust", "song.nawgraph"]) == 1


# ------------------------------------------------------------------------------------- verify


def test_an_export_is_made_again_bit_for_bit(place: Path) -> None:
    path = exported(place, song())
    receipt = verify.verify(path, standard())
    assert (receipt.verdict, receipt.sentence) == ("bit-exact", "bit-exact: the same file, byte for byte")
    assert len(receipt.document) == 40
    assert receipt.lock["nawgraph"]["version"]
    renamed = path.rename(path.with_name("another name.wav"))
    assert verify.verify(renamed, standard()).verdict == "bit-exact"


@pytest.mark.parametrize(("noise", "verdict"), [(1e-5, "same to the ear"), (1e-2, "differs")])
def test_a_difference_is_told_with_its_figure(place: Path, noise: float, verdict: str) -> None:
    path = exported(place, song())
    sound = sounds.read(path)
    text = _text(path)
    rough = sound.samples + np.random.default_rng(0).standard_normal(sound.samples.shape).astype(np.float32) * noise
    sounds.write(path, Audio(rough, sound.rate), "wav", "32-float", text=text)
    receipt = verify.verify(path, standard())
    expected = 20 * np.log10(noise / np.sqrt(np.mean(sound.samples.astype(float) ** 2)))
    assert receipt.verdict == verdict
    assert receipt.difference == pytest.approx(expected, abs=0.5)


def _text(path: Path) -> str:
    from nawgraph.audio.embed import extract

    text = extract(path)
    assert text is not None
    return text


def test_a_difference_names_its_cause_if_the_document_has_a_lock(place: Path) -> None:
    graph = lock.locked(song(), standard())
    old = plain(graph.lock)
    old["libraries"]["numpy"] = "1.0"
    from dataclasses import replace

    from nawgraph import shape

    path = exported(place, replace(graph, lock=shape.lock(old)))
    text = _text(path)
    sounds.write(path, Audio(np.zeros((2, 100), np.float32)), "wav", text=text)
    receipt = verify.verify(path, standard())
    assert receipt.verdict == "differs"
    assert receipt.sentence.endswith(f"because numpy is {np.__version__} here and was 1.0")


def test_what_cannot_be_made_again_says_why(red: Packs, place: Path) -> None:
    path = exported(place, lock.locked(with_red(), provided(standard())))
    assert verify.verify(path, provided(standard())).verdict == "bit-exact"
    Installer().remove("red")
    receipt = verify.verify(path, provided(standard()))
    assert (receipt.verdict, receipt.sentence) == (
        "cannot be made",
        "cannot be made again: the pack red 1.0.0 is not installed",
    )


# -------------------------------------------------------------------------------- embed levels


def test_exports_carry_as_much_as_is_wished(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = exported(place, song())
    assert "audio.tone" in _text(path)
    exported(place, song(), "--embed", "id")
    assert "audio.tone" not in _text(path)
    assert len(files.loads(_text(path)).meta["id"]) == 40
    exported(place, song(), "--embed", "none")
    assert main(["extract", str(path)]) == 2
    assert b"audio.tone" not in path.read_bytes()
    capsys.readouterr()
    assert main(["verify", str(path)]) == 2
    assert "no nawgraph document is embedded" in capsys.readouterr().err
    exported(place, song())
    assert "audio.tone" in _text(path)


# --------------------------------------------------------------------------------------- models


def neural(**render: Any) -> Graph:
    return document(
        prompt={"type": "prompt.text"},
        plan={"type": "plan.generate", "inputs": {"prompt": "prompt.prompt"}},
        render={"type": "render.flow", "inputs": {"score": "plan.score"}, **render},
    )


def test_a_lock_names_the_models_that_nodes_load(place: Path) -> None:
    graph = lock.locked(neural(), standard())
    found = plain(graph.lock)["models"]
    assert sorted(found) == ["house-planner", "house-renderer"]
    assert all(len(m["digest"]) == 40 and m["licence"] == "MIT" for m in found.values())
    assert lock.differences(graph, standard()) == []
    parts = [p for p in licences.parts(graph, standard()) if p.kind == "model"]
    assert [(p.name, p.licence) for p in parts] == [("house-planner", "MIT"), ("house-renderer", "MIT")]

    changed = plain(graph.lock)
    changed["models"]["house-planner"]["digest"] = "0" * 40
    other = files.loads(json.dumps({**json.loads(files.dumps(graph)), "lock": changed}))
    assert lock.differences(other, standard()) == ["the model house-planner has other weights here"]
    assert [n.state for n in trust.sheet(other, standard()).models] == ["other weights", "installed"]


def test_a_wired_model_takes_the_place_of_the_own_one(place: Path) -> None:
    graph = document(
        prompt={"type": "prompt.text"},
        weights={"type": "plan.model", "knobs": {"file": "mine.safetensors"}},
        plan={"type": "plan.generate", "inputs": {"prompt": "prompt.prompt", "model": "weights.modelref"}},
    )
    assert trust.sheet(graph, standard()).models == ()


def test_models_that_are_not_here_are_told_with_their_terms(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graph = document(
        a={"type": "codec.model", "knobs": {"name": "encodec-32k"}},
        b={"type": "codec.model", "knobs": {"name": "nobody-knows-it"}},
    )
    sheet = trust.sheet(graph, standard())
    assert sheet.downloads == ("encodec-32k", "nobody-knows-it")
    assert [(n.licence, n.commercial) for n in sheet.models] == [("CC-BY-NC-4.0", False), ("unknown", False)]
    assert "models" not in lock.locked(graph, standard()).lock
    files.save(graph, place / "song.nawgraph")
    main(["trust", "song.nawgraph"])
    assert "nawgraph models add encodec-32k" in capsys.readouterr().out
    main(["licences", "song.nawgraph"])
    assert "encodec-32k: CC-BY-NC-4.0 (not commercial)" in capsys.readouterr().out


def test_every_node_that_borrows_a_model_says_which() -> None:
    silent = []
    for spec in standard().specs():
        code = inspect.getsource(spec.function) if spec.function else ""
        says = spec.models or any(isinstance(k.hint, Model) for k in spec.knobs)
        if (
            "ctx.borrow" in code
            and not says
            and not any(p.type.name.endswith("Ref") for p in spec.inputs if not p.optional)
        ):
            silent.append(spec.id)
    assert silent == []
