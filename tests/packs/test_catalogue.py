"""Node types as data and back; migrations as data; a pack's folder from `pack new` to a run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nawgraph.cli import main
from nawgraph.library import standard
from nawgraph.packs import catalogue, check, source
from nawgraph.packs.catalogue import entry
from nawgraph.packs.manifest import Manifest, ManifestError, Permission
from nawgraph.packs.provide import SANDBOX
from nawgraph.packs.rewrites import Rewrite, migration
from nawgraph.packs.store import Installed, Pack, Store
from nawgraph.packs.template import make

FIELDS = ("id", "version", "title", "help", "inputs", "knobs", "outputs", "needs", "pure", "cutoff", "aliases")
MADE = Manifest("any", "1.0", "MIT", ">=0.1", "any")


def test_all_standard_nodes_come_back_from_data_as_they_were() -> None:
    told = 0
    for spec in standard().specs():
        if spec.wants or spec.forwards or spec.lazy:
            with pytest.raises(ManifestError, match="nawgraph's own process"):
                entry(spec)
            continue
        mine = replace(spec, id=f"any.{spec.id}")
        (read,) = catalogue.loads(catalogue.dumps([entry(mine)]).encode(), MADE)
        back = catalogue.spec(read, MADE)
        told += 1
        for field in FIELDS:
            assert getattr(back, field) == getattr(mine, field), (spec.id, field)
        assert (back.function, back.pack, back.pack_version) == (None, "any", "1.0")
    assert told > 60


WORDS = st.text("abc", min_size=1, max_size=2)


@given(st.dictionaries(WORDS, st.integers() | WORDS), st.dictionaries(WORDS, WORDS), st.lists(WORDS), WORDS)
def test_rewrites_rename_drop_and_set(knobs: dict[str, Any], rename: dict[str, str], drop: list[str], new: str) -> None:
    before = dict(knobs)
    made = migration([Rewrite(rename=rename, drop=tuple(drop), set={new: "x"})])(knobs)
    assert knobs == before
    assert set(made) <= {rename.get(k, k) for k in knobs} | {new}
    assert not (set(drop) - {new}) & set(made)
    assert new in made


def test_rewrites_scale_numbers_and_translate_words() -> None:
    turn = migration([Rewrite(scale={"mix": 0.01, "on": 2.0}, words={"mode": {"soft": "gentle"}})])
    assert turn({"mix": 50, "on": True, "mode": "soft"}) == {"mix": 0.5, "on": True, "mode": "gentle"}
    assert turn({"mix": "x", "mode": "hard"}) == {"mix": "x", "mode": "hard"}


def test_a_new_pack_passes_its_own_test_and_runs(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("nawgraph.packs.process.GRACE", 10.0)  # a busy machine is no fault of the pack
    assert main(["pack", "new", "my-first"]) == 0
    assert main(["pack", "build", "my-first", "--check"]) == 0
    assert main(["pack", "test", "my-first"]) == 0
    assert "0 failed" in capsys.readouterr().out
    assert main(["pack", "install", "my-first", "--yes", "--no-index"]) == 0
    assert main(["run", "my-first/my_first/examples/first.nawgraph", "--json"]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert found["nodes"]["tremolo"]["state"] == "ran"
    assert main(["run", "my-first/my_first/examples/first.nawgraph", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["nodes"]["tremolo"]["state"] in ("cached", "skipped")
    assert main(["nodes", "--json"]) == 0
    nodes = {n["type"]: n for n in json.loads(capsys.readouterr().out)["nodes"]}
    assert nodes["my_first.tremolo"]["pack"] == "my_first"
    assert main(["pack", "list", "--json"]) == 0
    (listed,) = json.loads(capsys.readouterr().out)["packs"]
    assert (listed["id"], listed["version"], listed["licence"]) == ("my_first", "0.1.0", "MIT")
    assert main(["pack", "doctor"]) == 0
    for words in (["info", "my_first"], ["remove", "my_first"], ["rollback"], ["info", "my_first"]):
        assert main(["pack", *words]) == 0


@pytest.mark.parametrize("name", ["audio", "A", "../x", "x y", ""])
def test_names_that_no_pack_can_have(name: str, home: Path) -> None:
    with pytest.raises(ManifestError):
        make(name, home.parent)


BAD = '''
import time
import nawgraph as ng

@ng.node("bad.clock")
def clock(audio: ng.Audio) -> float:
    """Looks at the clock."""
    return time.time()

@ng.node("bad.order")
def order(x: float) -> str:
    """Depends on the order of a set."""
    return "".join({"a", "b", "c", "d", "e", "f", "g"})

@ng.node("bad.rate")
def rate(audio: ng.Audio) -> ng.Audio:
    """Forgets the rate."""
    return ng.Audio(audio.samples, 44100)

@ng.node("bad.length")
def length(audio: ng.Audio) -> ng.Audio:
    """A length that follows from nothing."""
    return ng.Audio(audio.samples[:, : (audio.frames * 7919) % 10007 + 1], audio.rate)

@ng.node("bad.short")
def short(audio: ng.Audio) -> float:
    """Fails for short sounds, and not in a sentence."""
    return float(audio.samples[0, 1])

@ng.node("bad.slow")
def slow(audio: ng.Audio) -> float:
    """Never asks whether to go on."""
    end = time.monotonic() + audio.seconds / 10
    while time.monotonic() < end:
        pass
    return 1.0

@ng.node("bad.file")
def file(x: float) -> str:
    """Wants what it did not ask for."""
    return open("/etc/passwd").read()
'''


def test_broken_promises_are_found(home: Path) -> None:
    folder = make("bad", home.parent)
    (folder / "bad" / "__init__.py").write_text(BAD)
    (folder / "bad" / "examples" / "first.nawgraph").write_text('{"nawgraph": 1, "nodes": {"x": {"type": "bad.gone"}}}')
    assert [r.name for r in check.run(folder) if not r.passed] == ["catalogue agrees with the code"]
    source.build(source.find(folder))
    failed = {r.name for r in check.run(folder) if not r.passed}
    assert failed == {
        "bad.clock: is deterministic",
        "bad.clock: depends on its key only",
        "bad.order: depends on its key only",
        "bad.rate: keeps the sample rate",
        "bad.length: length follows from the input's",
        "bad.short: short sounds",
        "bad.slow: obeys a cancel",
        "bad.file: runs",
        "example examples/first.nawgraph",
    }


def test_two_hundred_packs_are_listed_from_one_file(home: Path) -> None:
    """The time is the benchmark's business; here that nothing but the index is read."""
    store = Store()
    packs = {}
    for number in range(200):
        id = f"pack_{number}"
        folder = store.packages(Pack("1.0", id, id, "", "")) / id
        folder.mkdir(parents=True)
        (folder / "nawgraph-pack.toml").write_text(
            f'id = "{id}"\nversion = "1.0"\nlicence = "MIT"\napi = ">=0.1"\nmodule = "{id}"\n'
        )
        node = entry(replace(standard().get("audio.gain"), id=f"{id}.gain"))  # type: ignore[arg-type]
        (folder / "nawgraph-nodes.json").write_text(catalogue.dumps([node]))
        packs[id] = Pack("1.0", id, id, "", "")
    store.write(Installed(packs=packs))
    from nawgraph.packs.provide import Packs

    assert len(Packs().specs()) == 200
    for id in packs:
        (store.packages(packs[id]) / id / "nawgraph-nodes.json").unlink()
    assert len(Packs().specs()) == 200


def test_permissions_are_data(monkeypatch: pytest.MonkeyPatch) -> None:
    from nawgraph.packs import provide

    made = replace_permissions(network=Permission("x"), read=Permission("y", ("~/music",)))
    monkeypatch.setenv("HOME", "/home/me")
    held = provide.launch(made, Store(), Path("/p"), ())
    free = provide.launch(made, Store(), Path("/p"), ("network", "read", "gpu"))
    assert (held.policy.network, held.refused) == (False, ("network", "read"))
    assert "/home/me/music" not in held.policy.read
    assert (free.policy.network, free.policy.gpu, free.refused) == (True, False, ())
    assert "/home/me/music" in free.policy.read
    monkeypatch.setenv(SANDBOX, "off")
    assert not provide.launch(made, Store(), Path("/p"), ()).policy.enforce


def replace_permissions(**permissions: Permission) -> Manifest:
    import msgspec

    return msgspec.structs.replace(MADE, permissions=permissions)
