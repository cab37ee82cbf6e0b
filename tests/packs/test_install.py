"""Install, update, remove, go back: from folders, wheels and an index, without a network."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from packs_kit import pack_wheel, wheel

from nawgraph import files
from nawgraph.library import standard
from nawgraph.packs.doctor import examine
from nawgraph.packs.environment import Sources
from nawgraph.packs.install import Installer
from nawgraph.packs.manifest import ManifestError
from nawgraph.packs.process import PackError
from nawgraph.packs.provide import Packs, engine, provided
from nawgraph.packs.store import Store, StoreError
from nawgraph.packs.wheels import inspect, sha256
from nawgraph.runtime.local import Runtime

NODE = '''
import nawgraph as ng

@ng.node("{id}.answer", version={version})
def answer(*, a: int = {value}) -> int:
    """A number."""
    return a
'''

USES = '''
import nawgraph as ng

@ng.node("{id}.name")
def name() -> str:
    """What the library calls itself."""
    import colour
    return colour.NAME
'''


def code(id: str = "one", value: int = 1, version: int = 1) -> str:
    return NODE.format(id=id, value=value, version=version)


def nothing(proposal: object) -> tuple[str, ...]:
    return ()


@pytest.fixture
def links(tmp_path: Path) -> Path:
    """A folder of libraries: two versions of one, which cannot be had together."""
    folder = tmp_path / "links"
    for version in ("1.0", "2.0"):
        wheel(folder, "colour", version, {"colour.py": f'NAME = "colour {version}"\n'})
    return folder


@pytest.fixture
def installer(links: Path) -> Installer:
    return Installer(sources=Sources((str(links),), offline=True))


def test_a_wheel_is_installed_listed_run_and_removed(installer: Installer, tmp_path: Path) -> None:
    path = pack_wheel(tmp_path, "one", code())
    pack = installer.install(str(path), nothing)
    assert (pack.version, pack.sha256) == ("1.0.0", sha256(path))
    assert _run({"one": "one.answer"}) == {"one.value": 1}
    installer.remove("one")
    assert Packs().specs() == []
    with pytest.raises(StoreError, match="'one' is not installed; installed are: none"):
        installer.remove("one")
    installer.rollback()
    assert _run({"one": "one.answer"}) == {"one.value": 1}


def _run(types: dict[str, str]) -> dict[str, object]:
    """Run a graph of nodes without inputs with the installed packs."""
    text = json.dumps({"nawgraph": 1, "nodes": {id: {"type": type, "version": 1} for id, type in types.items()}})
    library = provided(standard())
    with Runtime(library, None, engine=engine()) as runtime:
        result = runtime.run(files.loads(text))
        assert result.status == "ok", result.errors()
        return result.scalars()


def test_two_packs_with_incompatible_versions_of_a_library_run_in_one_graph(
    installer: Installer, links: Path, tmp_path: Path
) -> None:
    for id, version in (("red", "1.0"), ("blue", "2.0")):
        (tmp_path / version).mkdir()
        (tmp_path / version / "colour.py").write_text(f'NAME = "colour {version}"\n')
        path = pack_wheel(tmp_path, id, USES.format(id=id), needs=[f"colour=={version}"], sites=[tmp_path / version])
        pack = installer.install(str(path), nothing)
        assert pack.libraries == {"colour": version}
    assert _run({"a": "red.name", "b": "blue.name"}) == {"a.value": "colour 1.0", "b.value": "colour 2.0"}


def test_libraries_of_the_host_are_used_where_they_fit(installer: Installer, tmp_path: Path) -> None:
    path = pack_wheel(tmp_path, "one", "import numpy\n" + code(), needs=["numpy>=2", "nawgraph"])
    assert installer.install(str(path), nothing).libraries == {}


def test_what_cannot_be_resolved_is_refused_before_anything_changes(installer: Installer, tmp_path: Path) -> None:
    for needs in (["colour==3.0"], ["colour==1.0", "colour==2.0"], ["no-such-library"], ["nawgraph>=99"]):
        path = pack_wheel(tmp_path, "one", code(), needs=needs)
        with pytest.raises(StoreError, match=r"pack_one-1.0.0-py3-none-any.whl cannot be installed: ") as refusal:
            installer.install(str(path), nothing)
        assert needs[0].partition("=")[0].partition(">")[0] in str(refusal.value)
        assert "\n" not in str(refusal.value)
    store = Store()
    assert store.load().packs == {}
    assert list(store.environments.iterdir()) == []


def test_a_folder_is_built_behind_the_sandbox(installer: Installer, home: Path) -> None:
    from nawgraph.packs.template import make

    folder = make("my-own", home.parent)
    before = sorted(p.name for p in folder.rglob("*"))
    assert installer.install(str(folder), nothing).source == f"path:{folder}"
    assert sorted(p.name for p in folder.rglob("*")) == before
    assert [s.id for s in Packs().specs()] == ["my_own.tremolo"]


def test_permissions_are_granted_by_the_one_who_is_asked(installer: Installer, tmp_path: Path) -> None:
    more = '[permissions.network]\nreason = "Talks"\n[permissions.gpu]\nreason = "Computes"\n'
    path = pack_wheel(tmp_path, "one", code(), more=more)
    seen = []

    def ask(proposal: object) -> tuple[str, ...]:
        seen.append(proposal)
        return ("network", "subprocess")

    assert installer.install(str(path), ask).granted == ("network",)
    assert {n: p.reason for n, p in seen[0].manifest.permissions.items()} == {"network": "Talks", "gpu": "Computes"}
    assert installer.grant("one", ["gpu"]).granted == ("gpu", "network")
    assert installer.grant("one", ["network"], revoke=True).granted == ("gpu",)
    with pytest.raises(StoreError, match="does not ask for 'subprocess'; it asks for network, gpu"):
        installer.grant("one", ["subprocess"])
    launch = Packs().launch("one")
    assert (launch.policy.network, launch.policy.gpu, launch.refused) == (False, True, ("network",))


def test_who_says_no_changes_nothing(installer: Installer, tmp_path: Path) -> None:
    def no(proposal: object) -> tuple[str, ...]:
        raise StoreError("no")

    with pytest.raises(StoreError):
        installer.install(str(pack_wheel(tmp_path, "one", code())), no)
    assert Store().load().packs == {}


def test_a_pack_whose_code_is_not_what_it_states_is_refused(installer: Installer, tmp_path: Path) -> None:
    honest = pack_wheel(tmp_path, "one", code())
    import zipfile

    with zipfile.ZipFile(honest) as archive:
        contents = {n: archive.read(n) for n in archive.namelist() if not n.startswith("pack_one")}
    contents["one/__init__.py"] = code(version=2).encode()
    other = wheel(tmp_path / "other", "pack-one", "1.0.0", contents, pack="one")
    with pytest.raises(PackError, match=r"not what it says: the node one.answer differs from the catalogue in version"):
        installer.install(str(other), nothing)
    contents["one/__init__.py"] = b"import no_such_module"
    other = wheel(tmp_path / "other", "pack-one", "1.0.0", contents, pack="one")
    with pytest.raises(PackError, match="cannot be loaded: ModuleNotFoundError"):
        installer.install(str(other), nothing)
    assert Store().load().packs == {}


# ----------------------------------------------------------------------------------- an index

Publish = Callable[..., Path]


@pytest.fixture
def publish(tmp_path: Path) -> Publish:
    """Write an index of the given wheels: version → (wheel, changes of its entry)."""

    def write(**wheels: tuple[Path, dict[str, str]]) -> Path:
        versions = {}
        for version, (path, changes) in wheels.items():
            entry = {"url": os.path.relpath(path, tmp_path), "sha256": sha256(path), "api": ">=0.1"}
            versions[version.lstrip("v").replace("_", ".")] = entry | changes
        file = tmp_path / "index.json"
        file.write_text(json.dumps({"format": 1, "packs": {"one": {"versions": versions}}}))
        return file

    return write


def test_names_come_from_an_index(publish: Publish, links: Path, tmp_path: Path) -> None:
    old = pack_wheel(tmp_path, "one", code(value=1))
    new = pack_wheel(tmp_path, "one", code(value=2), version="1.10.0")
    later = pack_wheel(tmp_path, "one", code(value=3), version="2.0.0")
    file = publish(v1_0_0=(old, {}), v1_10_0=(new, {}), v2_0_0=(later, {"api": ">=99"}))
    installer = Installer(sources=Sources((str(links),), True), catalogue=str(file))
    assert installer.install("one==1.0.0", nothing).version == "1.0.0"
    assert installer.update("one", nothing) == ("1.0.0", "1.10.0")
    assert installer.update("one", nothing) == ("1.10.0", "1.10.0")
    assert _run({"a": "one.answer"}) == {"a.value": 2}
    installer.rollback()
    assert _run({"a": "one.answer"}) == {"a.value": 1}
    with pytest.raises(StoreError, match="has no pack 'two'"):
        installer.install("two", nothing)
    with pytest.raises(StoreError, match=r"no version 3.0 of one; it has 1.0.0, 1.10.0, 2.0.0"):
        installer.install("one==3.0", nothing)


def test_tampered_and_withdrawn_packs_are_refused(publish: Publish, tmp_path: Path) -> None:
    path = pack_wheel(tmp_path, "one", code())
    file = publish(v1_0_0=(path, {"sha256": "0" * 64}))
    with pytest.raises(StoreError, match="was tampered with, or is damaged"):
        Installer(catalogue=str(file)).install("one", nothing)
    file = publish(v1_0_0=(path, {"yanked": "it deleted files"}))
    with pytest.raises(StoreError, match=r"one 1.0.0 was withdrawn from .*: it deleted files"):
        Installer(catalogue=str(file)).install("one==1.0.0", nothing)
    with pytest.raises(StoreError, match="no version of one for nawgraph"):
        Installer(catalogue=str(file)).install("one", nothing)
    file = publish(v1_0_0=(path, {"url": "http://example.org/one.whl"}))
    with pytest.raises(StoreError, match="only https:// and files beside the index"):
        Installer(catalogue=str(file)).install("one", nothing)
    with pytest.raises(StoreError, match="an index is a file or on https"):
        Installer(catalogue="http://example.org/index.json").install("one", nothing)
    (tmp_path / "index.json").write_text('{"format": 2, "packs": {}}')
    with pytest.raises(StoreError, match="format 2"):
        Installer(catalogue=str(file)).install("one", nothing)
    assert Store().load().packs == {}


# ------------------------------------------------------------------------- history and health


def test_doctor_finds_the_change_that_broke_a_pack(installer: Installer, tmp_path: Path) -> None:
    installer.install(str(pack_wheel(tmp_path, "one", code())), nothing)
    installer.install(str(pack_wheel(tmp_path, "other", code("other"))), nothing)
    installer.install(str(pack_wheel(tmp_path, "one", code(value=2), version="1.1.0")), nothing)
    installer.install(str(pack_wheel(tmp_path, "third", code("third"))), nothing)
    assert all(f.sound for f in examine())
    store = Store()
    pack = store.load().packs["one"]
    (store.packages(pack) / "one" / "__init__.py").write_text("raise RuntimeError")
    findings = {f.id: f for f in examine()}
    assert {id for id, f in findings.items() if not f.sound} == {"one"}
    assert findings["one"].sentence == (
        "one/__init__.py was changed after it was installed; broken since 'install one 1.1.0': "
        "2 × nawgraph pack rollback returns to before"
    )
    installer.rollback()
    installer.rollback()
    assert all(f.sound for f in examine())
    assert _run({"a": "one.answer"}) == {"a.value": 1}


def test_a_damaged_state_is_a_sentence_and_can_be_rolled_back(installer: Installer, tmp_path: Path) -> None:
    installer.install(str(pack_wheel(tmp_path, "one", code())), nothing)
    installer.install(str(pack_wheel(tmp_path, "other", code("other"))), nothing)
    Store().file.write_text("{")
    with pytest.raises(StoreError, match=r"is damaged .*nawgraph pack rollback"):
        provided(standard())
    installer.rollback()
    assert [s.id for s in provided(standard()).specs() if s.pack == "one"] == ["one.answer"]


def test_a_pack_that_lost_its_files_leaves_the_others_alone(installer: Installer, tmp_path: Path) -> None:
    installer.install(str(pack_wheel(tmp_path, "one", code())), nothing)
    installer.install(str(pack_wheel(tmp_path, "other", code("other"))), nothing)
    store = Store()
    (store.packages(store.load().packs["one"]) / "one" / "nawgraph-pack.toml").unlink()
    (store.folder / "index.msgpack").unlink(missing_ok=True)
    packs = Packs()
    assert [s.id for s in packs.specs()] == ["other.answer"]
    with pytest.raises(LookupError, match="the pack 'one' is damaged"):
        packs.launch("one")
    with pytest.raises(LookupError, match="the pack 'none' is not installed: nawgraph pack install none"):
        packs.launch("none")


def test_snapshots_and_environments_are_kept_in_bounds(installer: Installer, tmp_path: Path) -> None:
    installer.install(str(pack_wheel(tmp_path, "one", code(), more='[permissions.gpu]\nreason = "x"')), nothing)
    for _ in range(8):
        installer.grant("one", ["gpu"])
        installer.grant("one", ["gpu"], revoke=True)
    store = Store()
    assert len(store.snapshots()) == 10
    assert len(list(store.environments.iterdir())) == 1


def test_two_do_not_change_packs_at_once(installer: Installer, tmp_path: Path) -> None:
    with Store().changing(), pytest.raises(StoreError, match="another nawgraph is changing packs"):
        installer.install(str(pack_wheel(tmp_path, "one", code())), nothing)


def test_ids_of_nawgraph_are_its_own(installer: Installer, tmp_path: Path) -> None:
    path = pack_wheel(tmp_path, "audio", code("audio"))
    with pytest.raises(StoreError, match="cannot be called 'audio'"):
        installer.install(str(path), nothing)
    path = pack_wheel(tmp_path, "one", code(), version="1.0.1")
    assert inspect(path).manifest.id == "one"
    with pytest.raises(ManifestError, match="not a wheel"):
        inspect(tmp_path / "links" / "none.whl")
    with pytest.raises(StoreError, match="no folder, no wheel and no name"):
        installer.install("a b c", nothing)


def test_the_index_of_catalogues_follows_the_state(installer: Installer, tmp_path: Path) -> None:
    installer.install(str(pack_wheel(tmp_path, "one", code())), nothing)
    assert [s.version for s in Packs().specs()] == [1]
    assert (Store().folder / "index.msgpack").exists()
    path = pack_wheel(tmp_path, "one", code(version=2), version="1.1.0")
    installer.install(str(path), nothing)
    assert [(s.version, s.pack_version) for s in Packs().specs()] == [(2, "1.1.0")]
    (Store().folder / "index.msgpack").write_bytes(b"\x00damaged")
    assert [s.version for s in Packs().specs()] == [2]
