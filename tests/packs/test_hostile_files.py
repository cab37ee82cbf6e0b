"""Files from strangers that mean harm: bundles, wheels, manifests, documents, catalogues. One sentence each."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from packs_kit import MANIFEST, wheel

from nawgraph import files
from nawgraph.cli import main
from nawgraph.files import FormatError, bundle
from nawgraph.packs.catalogue import loads as catalogue
from nawgraph.packs.manifest import ManifestError, parse
from nawgraph.packs.wheels import inspect

GRAPH = b'{"nawgraph": 1, "nodes": {}}'


class Evil:
    """A pickle that would make a file."""

    def __init__(self, mark: Path) -> None:
        self.mark = str(mark)

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, (self.mark, "w")


def zipped(path: Path, *entries: tuple[str, bytes], graph: bytes = GRAPH, packing: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", packing) as archive:
        archive.writestr("graph.nawgraph", graph)
        for name, data in entries:
            archive.writestr(name, data)
    return path


def link(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("graph.nawgraph", GRAPH)
        info = zipfile.ZipInfo(f"assets/sha256/{'0' * 64}.wav")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    return path


def bomb(path: Path) -> Path:
    data = bytes(300 << 20)
    return zipped(path, (f"assets/sha256/{hashlib.sha256(data).hexdigest()}", data))


def lying(path: Path) -> Path:
    """An asset whose stated size is smaller than it is."""
    zipped(path, (f"assets/sha256/{'1' * 64}", b"x" * 5000))
    data = bytearray(path.read_bytes())
    for place in (data.rfind(b"PK\x01\x02") + 24,):
        data[place : place + 4] = (10).to_bytes(4, "little")
    path.write_bytes(bytes(data))
    return path


def garbled(path: Path) -> Path:
    """A document whose compressed data are none."""
    zipped(path)
    data = bytearray(path.read_bytes())
    data[30 + len("graph.nawgraph")] = 0xFF  # after the local header of the first entry; no block is of type 3
    path.write_bytes(bytes(data))
    return path


def twice(path: Path) -> Path:
    with pytest.warns(UserWarning, match="Duplicate"):
        return zipped(path, ("graph.nawgraph", GRAPH))


def many(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(100_001):
            archive.writestr(f"{number}", b"")
    return path


BUNDLES: dict[str, tuple[Callable[[Path], Path], str]] = {
    "a path that leads out": (lambda p: zipped(p, ("../../evil.sh", b"x")), "leads out of it"),
    "an absolute path": (lambda p: zipped(p, ("/etc/evil", b"x")), "leads out of it"),
    "a path of another system": (lambda p: zipped(p, ("..\\evil", b"x")), "leads out of it"),
    "a link": (link, "holds the link"),
    "a bomb": (bomb, "it looks like a trap"),
    "an asset that is not what its name says": (
        lambda p: zipped(p, (f"assets/sha256/{'0' * 64}", b"x")),
        "has another content than its name says",
    ),
    "an asset that is larger than it says": (lying, "not a bundle that can be read|content than its name says"),
    "compressed data that are none": (garbled, "not a bundle that can be read"),
    "a program": (lambda p: zipped(p, ("run.py", b"import os")), "has no place in a bundle"),
    "a pickle for a document": (lambda p: zipped(p, graph=pickle.dumps(Evil(p.with_name("mark")))), "is not UTF-8"),
    "two documents": (twice, "twice"),
    "too many files": (many, "100,001 files"),
    "no zip at all": (lambda p: p.write_bytes(b"PK\x03\x04 nonsense") and p, "not a bundle that can be read"),
    "no document": (lambda p: zipfile.ZipFile(p, "w").close() or p, "has no graph.nawgraph"),
}


@pytest.mark.parametrize("what", list(BUNDLES))
def test_bundles(what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make, words = BUNDLES[what]
    (tmp_path / "in").mkdir()
    path = make(tmp_path / "in" / "song.nawbundle")
    before = sorted(tmp_path.rglob("*"))
    target = tmp_path / "out" / "deep" / "song"
    with pytest.raises(FormatError, match=words) as refusal:
        bundle.unpack(path, target)
    assert str(path) in str(refusal.value)
    made = [p for p in tmp_path.rglob("*") if p not in before and p.is_file()]
    assert made == []
    assert main(["unbundle", str(path), str(target)]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith("nawgraph: ")


DOCUMENTS = {
    "deep nesting": (b'{"nawgraph": 1, "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested more than 64"),
    "doubled keys": (b'{"nawgraph": 1, "nodes": {"a": {"type": "x.y"}, "a": {"type": "x.z"}}}', "twice"),
    "bad UTF-8": (b'{"nawgraph": 1, "meta": {"title": "\xff\xfe"}}', "is not UTF-8"),
    "huge counts": (b'{"nawgraph": 1, "x": [' + b"0," * 1_500_000 + b"0]}", "values; 1,000,000 are the most"),
    "huge numbers": (b'{"nawgraph": 1, "x": ' + b"9" * 5000 + b"}", "5,000 digits"),
    "a pickle": (pickle.dumps(Evil(Path("mark"))), "is not UTF-8"),
    "not a number": (b'{"nawgraph": 1, "x": NaN}', "NaN"),
    "half a character": (b'{"nawgraph": 1, "meta": {"title": "\\ud800"}}', "surrogate|half"),
}


@pytest.mark.parametrize("what", list(DOCUMENTS))
def test_documents(what: str, tmp_path: Path) -> None:
    data, words = DOCUMENTS[what]
    with pytest.raises(FormatError, match=words):
        files.loads(data)
    with pytest.raises(FormatError, match=words):
        bundle.read(zipped(tmp_path / "b.nawbundle", graph=data, packing=zipfile.ZIP_STORED))
    assert not Path("mark").exists()


def manifest(more: str = "", **changes: str) -> bytes:
    text = MANIFEST.format(id=changes.get("id", "evil"), version=changes.get("version", "1.0"), more=more)
    return text.encode()


MANIFESTS = {
    "an id that is a path": (manifest(id="../evil"), "id must be"),
    "an example elsewhere": (manifest('examples = ["../../.ssh/id_rsa"]'), "leads out of the pack"),
    "the whole home": (manifest('[permissions.read]\nreason = "x"\npaths = ["~/"]'), "too much"),
    "the whole disk": (manifest('[permissions.write]\nreason = "x"\npaths = ["/"]'), "too much"),
    "a folder by detour": (manifest('[permissions.read]\nreason = "x"\npaths = ["~/a/../.ssh"]'), "must be absolute"),
    "a permission that is none": (manifest('[permissions.root]\nreason = "x"'), "there is no permission 'root'"),
    "no reason": (manifest('[permissions.network]\nreason = " "'), "needs a reason"),
    "another's nodes": (manifest('[renames]\n"audio.gain" = "evil.gain"'), "must begin with 'evil.'"),
    "an unknown field": (manifest('run_at_install = "evil.sh"'), "unknown field"),
    "no version": (manifest(version="latest"), "must be a version"),
    "no text": (b"\xff\xfe", "not UTF-8"),
    "no TOML": (b"id = ", "not TOML"),
    "too much": (b"#" * (2 << 20), "1 MiB are the most"),
    "deep nesting": (b"a = " + b"[" * 100_000, "not TOML"),
    "a memory that is none": (manifest('memory = "all"'), "must be a size"),
}


@pytest.mark.parametrize("what", list(MANIFESTS))
def test_manifests(what: str) -> None:
    data, words = MANIFESTS[what]
    with pytest.raises(ManifestError, match=words) as refusal:
        parse(data)
    assert "\n" not in str(refusal.value)


def test_catalogues() -> None:
    made = parse(manifest())

    def node(**changes: object) -> bytes:
        entry = {"id": "evil.a", "version": 1, "title": "A", "help": "", **changes}
        return json.dumps({"format": 1, "nodes": [entry]}).encode()

    assert catalogue(node(), made)[0].id == "evil.a"
    for data, words in {
        node(id="audio.gain"): "must begin with 'evil.'",
        node(outputs=[{"name": "x", "type": "os.system('x')"}]): "not a port type",
        node(knobs=[{"name": "x", "type": "float", "default": "x"}]): "wants a number",
        node(knobs=[{"name": "x", "type": "float", "default": 0, "hint": {"kind": "eval"}}]): "there is no hint 'eval'",
        node(needs="root"): "invalid enum value",
        node(knobs=[{"name": "x", "type": "str", "default": "/etc/passwd", "hint": {"kind": "file"}}]): "must be empty",
        json.dumps({"format": 1, "nodes": [{"id": "evil.a"}]}).encode(): "missing required field",
        json.dumps({"format": 9, "nodes": []}).encode(): "format 9",
        b"[" * 100_000: "nawgraph-nodes.json",
        b"\xff": "nawgraph-nodes.json",
    }.items():
        with pytest.raises(ManifestError, match=words):
            catalogue(data, made)
    thief = parse(manifest('[[migrations."evil.a".1]]\nset = {x = "/etc/passwd"}'))
    with pytest.raises(ManifestError, match="which reads files, sets a path"):
        catalogue(node(knobs=[{"name": "x", "type": "str", "default": "", "hint": {"kind": "file"}}]), thief)
    double = json.loads(node())["nodes"] * 2
    with pytest.raises(ManifestError, match=r"evil\.a twice"):
        catalogue(json.dumps({"format": 1, "nodes": double}).encode(), made)
    with pytest.raises(ManifestError, match="2,000 are the most"):
        catalogue(json.dumps({"format": 1, "nodes": double * 1500}).encode(), made)


def test_wheels(tmp_path: Path) -> None:
    nodes = {"evil/nawgraph-pack.toml": manifest(), "evil/nawgraph-nodes.json": b'{"format": 1, "nodes": []}'}
    assert inspect(wheel(tmp_path, "evil", "1.0", nodes, pack="evil")).manifest.id == "evil"
    for contents, words in [
        ({**nodes, "../../evil.pth": b"import os"}, "leads out of it"),
        ({**nodes, "zeros": bytes(400 << 20)}, "looks like a trap"),
        ({"evil/nawgraph-pack.toml": manifest(id="good")}, "the id is 'good'"),
        ({"evil/nawgraph-pack.toml": manifest(version="2.0"), "evil/nawgraph-nodes.json": b""}, "nawgraph-nodes.json"),
        ({"evil/nawgraph-pack.toml": manifest()}, "has no evil/nawgraph-nodes.json"),
        ({}, "has no evil/nawgraph-pack.toml"),
    ]:
        with pytest.raises(ManifestError, match=words):
            inspect(wheel(tmp_path, "evil", "1.0", contents, pack="evil"))
    with pytest.raises(ManifestError, match="no node pack"):
        inspect(wheel(tmp_path, "evil", "1.0", nodes))
    (tmp_path / "x.whl").write_bytes(io.BytesIO(b"PK nothing").getvalue())
    with pytest.raises(ManifestError, match=r"x\.whl is not a wheel that can be read"):
        inspect(tmp_path / "x.whl")
