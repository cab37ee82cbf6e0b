"""Action keys: what is in them, and what is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lab import Lab, graph, n

from nawgraph.graph import Graph
from nawgraph.hints import File
from nawgraph.library import Library, standard
from nawgraph.node import node, spec_of
from nawgraph.runtime.keys import FileDigests, Keys
from nawgraph.runtime.plan import Plan, Step
from nawgraph.values import Audio, digest


@node("k.any")
def any_(x: Any, *, i: int = 1, f: float = 1.0, b: bool = True, s: str = "1", fs: list[float] = [1.0]) -> int:  # noqa: B006
    """Takes anything."""
    return 0


@node("k.gpu", needs="gpu")
def gpu(x: Any) -> int:
    """Heavy."""
    return 0


@node("k.sink")
def sink(x: Any) -> None:
    """Writes."""


@node("k.file")
def file(*, file: Annotated[str, File()] = "") -> int:
    """Reads."""
    return 0


@node("k.items")
def items(xs: list[Any]) -> int:
    """Takes a list."""
    return 0


LIBRARY = Library([*standard().specs(), *map(spec_of, (any_, gpu, sink, file, items))])
HERE = Path("/somewhere")


def step(document: Graph, id: str = "k", library: Library = LIBRARY) -> Step:
    plan = Plan(document, library)
    plan.demand([id])
    return plan.steps[id]


def key(found: Step, base: Path = HERE, out: Path = HERE, device: str = "cpu", **inputs: Any) -> bytes:
    digests = {
        name: [digest(v) for v in (value if isinstance(value, list) else [value])] for name, value in inputs.items()
    }
    return Keys(base, out, device, FileDigests()).key(found, digests)


def knobs(**values: Any) -> bytes:
    return key(step(graph(k=n("k.any", **values))))


def test_one_and_true_and_one_point_nothing_have_three_keys():
    source = {"a": n("value.int")}
    found = step(graph(k=n("k.any", x="@a.value"), **source))
    assert len({key(found, x=value) for value in (1, True, 1.0, "1", (1,))}) == 5


def test_an_omitted_default_is_the_explicit_default():
    assert knobs() == knobs(i=1, f=1.0, b=True, s="1", fs=[1.0])
    assert knobs() == knobs(i=1.0, f=1, fs=[1])  # coerced to what the knob declares
    assert (
        len({knobs(), knobs(i=2), knobs(f=2.0), knobs(b=False), knobs(s="2"), knobs(fs=[]), knobs(fs=[1.0, 1.0])}) == 7
    )


@given(st.text(max_size=4), st.text(max_size=4))
def test_different_texts_have_different_keys(a: str, b: str):
    assert (knobs(s=a) == knobs(s=b)) == (a == b)


def changed(**fields: Any) -> bytes:
    library = Library([replace(spec_of(any_), **fields), *standard().specs()])
    return key(step(graph(k=n("k.any")), library=library))


def test_version_and_pack_are_in_the_key_and_words_are_not():
    assert changed(version=2) != knobs() != changed(pack="other") != changed(pack_version="2")
    assert len({changed(version=2), changed(pack="other"), changed(pack_version="2"), knobs()}) == 4
    assert changed(title="Other", help="Other", aliases=("other",)) == knobs()


def test_names_titles_and_places_are_not():
    document = graph(other=n("k.any", title="My favourite"))
    assert key(step(document, "other")) == knobs()


def test_the_port_that_a_value_comes_in_by_counts():
    a, b = {"a": n("value.float", value=2.0)}, n("value.float", value=3.0)
    one = step(graph(k=n("math.sub", a="@a.value", b="@b.value"), b=b, **a))
    assert key(one, a=2.0, b=3.0) != key(one, a=3.0, b=2.0)
    only_a, only_b = step(graph(k=n("math.sub", a="@a.value"), **a)), step(graph(k=n("math.sub", b="@a.value"), **a))
    assert key(only_a, a=2.0) != key(only_b, b=2.0)


def test_a_wired_number_has_the_key_of_a_typed_one():
    wired = step(graph(k=n("k.any", f="@a.value"), a=n("value.float", value=2.0)))
    assert key(wired, f=2.0) == knobs(f=2.0)


def test_a_list_and_a_list_of_that_list_differ():
    plain = step(graph(k=n("k.items", xs="@l.items"), l=n("list.numbers")))
    nested = step(graph(k=n("k.items", xs=["@l.items"]), l=n("list.numbers")))
    assert key(plain, xs=(1.0, 2.0)) != key(nested, xs=(1.0, 2.0))


def test_order_and_number_of_wires_count():
    found = step(graph(k=n("k.items", xs=["@a.value", "@b.value"]), a=n("value.int"), b=n("value.int")))
    assert len({key(found, xs=xs) for xs in ([1, 2], [2, 1], [1], [1, 2, 2])}) == 4


def test_the_execution_class_counts_for_gpu_nodes_alone():
    heavy, light = step(graph(k=n("k.gpu"))), step(graph(k=n("k.any")))
    assert key(heavy, device="cpu") != key(heavy, device="cuda") and key(light, device="cpu") == key(
        light, device="cuda"
    )


def test_where_it_writes_counts_for_sinks_alone():
    writes, light = step(graph(k=n("k.sink"))), step(graph(k=n("k.any")))
    assert key(writes, out=HERE) != key(writes, out=HERE / "x") and key(light, out=HERE) == key(light, out=HERE / "x")


def test_a_file_counts_by_its_content(tmp_path: Path):
    found = step(graph(k=n("k.file", file="a.txt")))
    (tmp_path / "a.txt").write_text("one")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.txt").write_text("one")
    first = key(found, tmp_path)
    assert key(found, tmp_path / "sub") == first  # the folder does not count, what the file holds does
    (tmp_path / "a.txt").write_text("two")
    assert key(found, tmp_path) != first
    (tmp_path / "a.txt").unlink()
    assert key(found, tmp_path) not in (first, key(found, tmp_path / "sub"))


@pytest.mark.parametrize("path", ["", "missing", ".", "a\0b", "x" * 5000])
def test_a_file_that_cannot_be_read_has_a_digest_too(tmp_path: Path, path: str):
    assert FileDigests().of(str(tmp_path / path)) == b"\0" * 20


def test_file_digests_are_remembered_until_the_file_changes(tmp_path: Path):
    files, path = FileDigests(), tmp_path / "a"
    path.write_bytes(b"")
    empty = files.of(path)
    path.write_bytes(b"x" * 100_000)
    assert files.of(path) == files.of(str(path)) != empty
    path.write_bytes(b"y" * 100_000)
    assert files.of(path) == FileDigests().of(path)


def test_keys_take_no_more_memory_in_a_longer_chain(lab: Lab):
    """A key is 20 bytes however long its ancestry is."""
    nodes = {"n0": n("t.num")} | {f"n{i}": n("t.next", x=f"@n{i - 1}.value") for i in range(1, 300)}
    lab.run(graph(**nodes), document="doc")
    recalled = lab.runtime.cache.recall("doc")
    assert len(recalled) == 300 and {len(key) for key, _, _ in recalled.values()} == {20}
    sizes = [len(recalled[f"n{i}"][1]) for i in range(1, 300)]
    assert max(sizes) <= min(sizes) + 8


def test_audio_counts_by_every_sample():
    import numpy as np

    found = step(graph(k=n("k.any", x="@a.audio"), a=n("audio.tone")))
    samples = np.zeros((1, 100_000), np.float32)
    keys = {key(found, x=Audio(samples.copy(), 44_100)), key(found, x=Audio(samples.copy(), 48_000))}
    samples[0, 77_777] = 1e-30
    assert len(keys | {key(found, x=Audio(samples, 44_100))}) == 3
