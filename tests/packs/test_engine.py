"""Nodes in a process of their own: values there and back, progress, cancel, files, and what goes wrong."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from packs_kit import Bench, Listening, Nowhere

from nawgraph.context import Cancelled, Context
from nawgraph.packs import memory, samples
from nawgraph.packs.process import PackError
from nawgraph.runtime.cache import write_file
from nawgraph.types import parse
from nawgraph.values import Audio, digest

CODE = '''
import os, sys, time
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeVar

import numpy as np
import nawgraph as ng
from nawgraph.packs import messages as MESSAGES

T = TypeVar("T")
KEPT = []

@ng.node("toy.same")
def same(x: T) -> T:
    """Give back."""
    return x

@ng.node("toy.shrink")
def shrink(audio: ng.Audio) -> int:
    """Cut off the memory that the host will use again; how often that was possible."""
    done = 0
    for fd in range(3, 64):
        try:
            if "memfd:nawgraph" in os.readlink(f"/proc/self/fd/{fd}"):
                os.ftruncate(fd, 0)
                done += 1
        except OSError:
            pass
    return done

@ng.node("toy.chatter")
def chatter(*, ctx: ng.Context) -> int:
    """Talk without end and never listen."""
    while True:
        ctx._service._channel.send(MESSAGES.Said(1, 2, "on and on"))

@ng.node("toy.greedy")
def greedy(*, ctx: ng.Context) -> int:
    """Ask for memory and for more."""
    for _ in range(2):
        ctx._service._channel.send(MESSAGES.Want(1 << 20))
    time.sleep(60)
    return 0

@ng.node("toy.louder")
def louder(audio: ng.Audio, *, by: float = 2.0) -> ng.Audio:
    """Times a number."""
    return ng.Audio(audio.samples * np.float32(by), audio.rate)

@ng.node("toy.keep")
def keep(audio: ng.Audio) -> float:
    """Keep the input, which no node should."""
    KEPT.append(audio.samples)
    return float(KEPT[0][0, 0])

class Two(NamedTuple):
    first: int
    second: str

@ng.node("toy.two")
def two(xs: list[float], *, words: list[str] = ["a"]) -> Two:
    """Two results."""
    return Two(len(xs), "".join(words))

@ng.node("toy.steps")
def steps(*, count: int = 100, ctx: ng.Context) -> int:
    """Say how far it is."""
    ctx.warn("careful")
    ctx.preview(ng.Audio(np.ones((1, 4), np.float32), 8000))
    for _ in ctx.steps(count, "work"):
        time.sleep(0.01)
    return count

@ng.node("toy.write")
def write(*, name: str = "x.txt", also: str = "", ctx: ng.Context) -> None:
    """A file."""
    path = ctx.claim(name)
    path.write_text("hello")
    ctx.wrote(path)
    if also:
        ctx.wrote(Path(also))

@ng.node("toy.link")
def link(*, to: str = "", ctx: ng.Context) -> None:
    """A link where a file was claimed."""
    path = ctx.claim("x.txt")
    path.symlink_to(to)
    ctx.wrote(path)

@ng.node("toy.read")
def read(*, file: Annotated[str, ng.File()] = "") -> str:
    """A file's text."""
    return Path(file).name + ":" + Path(file).read_text()

@ng.node("toy.wrong")
def wrong(*, how: str = "") -> float:
    """Go wrong."""
    if how == "value":
        raise ValueError("a sentence for people")
    if how == "exit":
        sys.exit(5)
    if how == "gone":
        os._exit(5)
    if how == "crash":
        import ctypes
        ctypes.string_at(0)
    while how == "loop":
        pass
    if how == "memory":
        waste = []
        while True:
            waste.append(np.ones(1 << 20))
    if how == "shared":
        import mmap
        waste = []
        while True:
            m = mmap.mmap(-1, 1 << 24)
            m[:] = bytes(1 << 24)
            waste.append(m)
    if how == "type":
        return object()
    if how == "write":
        KEPT[0][0, 0] = 1
    return 1.0
'''


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = Bench(tmp_path_factory.mktemp("toy"), "toy", CODE, more='patience = 3.0\nmemory = "600 MB"')
    yield made
    made.close()


def test_values_of_every_type_come_back_as_they_went(bench: Bench) -> None:
    kinds = ("int", "float", "bool", "str", "Audio", "Stems", "Score", "Grid", "Prompt", "Curve", "Embedding")
    for kind in kinds:
        value = samples.sample(parse(kind))
        back = bench.call("same", x=value)
        assert type(back) is type(value)
        assert digest(back) == digest(value)


def test_lists_and_several_outputs(bench: Bench) -> None:
    assert bench.call("two", xs=[1.0, 2.0], words=["b", "c"]) == (2, "bc")


def test_large_sounds_are_the_same_bits_and_read_only(bench: Bench) -> None:
    sound = samples.sound(500_000, 48_000)
    for by in (0.5, 2.0):
        made = bench.call("louder", audio=sound, by=by)
        assert made.rate == 48_000
        assert not made.samples.flags.writeable
        np.testing.assert_array_equal(made.samples, sound.samples * np.float32(by))


def test_a_value_in_the_cache_is_lent_as_its_file(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = samples.sound(100_000, 44_100)
    write_file(tmp_path / "value", sound)

    class Cache(Nowhere):
        def path(self, digest: bytes) -> Path:
            return tmp_path / "value"

    monkeypatch.setattr(memory.Scratch, "fit", _refused)
    assert bench.call("same", x=3.0) == 3.0
    with pytest.raises(AssertionError):
        bench.call("keep", audio=sound)
    assert bench.call("keep", values=Cache(), audio=sound) == float(sound.samples[0, 0])


def _refused(self: Any, size: int) -> Any:
    raise AssertionError("nothing is to be copied")


def test_a_node_that_keeps_its_input_does_not_see_it_change(bench: Bench) -> None:
    bench.engine.close()
    bench.engine = type(bench.engine)(lambda pack: bench.how)
    first, second = Audio(np.full((1, 100_000), 1.0, np.float32)), Audio(np.full((1, 100_000), 2.0, np.float32))
    assert bench.call("keep", audio=first) == 1.0
    assert bench.call("keep", audio=second) == 1.0


def test_shared_memory_is_used_again(bench: Bench) -> None:
    sound = samples.sound(100_000, 44_100)
    bench.call("louder", audio=sound)
    process = bench.engine._hosts["toy"].process
    assert process is not None
    before = (*process.inbox.view(), *process.outbox.view())
    bench.call("louder", audio=sound)
    assert (*process.inbox.view(), *process.outbox.view()) == before


def test_progress_warnings_and_previews(bench: Bench, tmp_path: Path) -> None:
    ctx = Listening(tmp_path)
    assert bench.call("steps", ctx, count=3) == 3
    assert ctx.told == [(0, 3, "work"), (1, 3, "work"), (2, 3, "work"), (3, 3, "work")]
    assert ctx.warnings == ["careful"]
    assert ctx.shown[0].rate == 8000


def test_cancel_is_obeyed_and_the_process_stays(bench: Bench, tmp_path: Path) -> None:
    bench.call("same", x=1)
    process = bench.engine._hosts["toy"].process
    with pytest.raises(Cancelled):
        bench.call("steps", Listening(tmp_path, patience=5), count=10_000)
    assert bench.engine._hosts["toy"].process is process
    assert bench.call("same", x=1) == 1
    assert bench.engine._hosts["toy"].process is process


def test_shared_memory_cannot_be_cut_off(bench: Bench) -> None:
    sound = samples.sound(100_000, 44_100)
    bench.call("louder", audio=sound)
    assert bench.call("shrink", audio=sound) == 0
    np.testing.assert_array_equal(bench.call("louder", audio=sound).samples, sound.samples * 2)


def test_memory_is_given_once_a_call(bench: Bench) -> None:
    with pytest.raises(PackError, match="asks for memory twice"):
        bench.call("greedy")


def test_cancel_of_a_node_that_talks_without_end(bench: Bench, tmp_path: Path) -> None:
    class Impatient(Context):
        def check(self) -> None:
            if time.monotonic() > end:
                raise Cancelled

    end = time.monotonic() + 0.2
    with pytest.raises(Cancelled):
        bench.call("chatter", Impatient(tmp_path))
    assert bench.call("same", x=1) == 1


def test_cancel_of_a_node_that_does_not_listen_ends_its_process(bench: Bench, tmp_path: Path) -> None:
    class Impatient(Context):
        def check(self) -> None:
            if time.monotonic() > end:
                raise Cancelled

    end = time.monotonic() + 0.2
    with pytest.raises(Cancelled):
        bench.call("wrong", Impatient(tmp_path), how="loop")
    assert bench.call("same", x=1) == 1


def test_exporters_write_through_the_host(bench: Bench, tmp_path: Path) -> None:
    ctx = Context(tmp_path / "out")
    assert bench.call("write", ctx) is None
    assert ctx.files == [tmp_path / "out" / "x.txt"]
    assert ctx.files[0].read_text() == "hello"
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["x.txt"]


@pytest.mark.parametrize("name", ["../x.txt", "/tmp/x.txt", ""])
def test_exporters_cannot_choose_the_folder(bench: Bench, name: str) -> None:
    with pytest.raises(PackError, match="not a plain file name"):
        bench.call("write", name=name)


def test_what_is_no_file_of_the_pack_is_not_taken_for_an_export(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    with pytest.raises(PackError, match="no file that it wrote"):
        bench.call("link", to=str(tmp_path / "secret"))
    with pytest.raises(PackError, match="no file that it wrote"):
        bench.call("write", also="secret")
    assert not list((tmp_path).glob("out/*"))


def test_files_are_given_under_their_own_name(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("hi")
    assert bench.call("read", file=str(tmp_path / "words.txt")) == "words.txt:hi"
    with pytest.raises(PackError, match=r"No such file|does not exist"):
        bench.call("read", file=str(tmp_path / "none.txt"))


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("value", "a sentence for people"),
        ("exit", "tried to end its process"),
        ("gone", "ended the process of its pack .exit status 5."),
        ("crash", "ended the process of its pack .segmentation fault."),
        ("loop", "said nothing for 3 s and was ended"),
        ("memory", "memory"),
        ("shared", "memory"),
        ("type", "a wire cannot carry object"),
    ],
)
def test_what_goes_wrong_is_a_sentence_and_nothing_else_is_lost(bench: Bench, how: str, words: str) -> None:
    with pytest.raises(PackError, match=words):
        bench.call("wrong", how=how)
    assert bench.call("same", x=2.5) == 2.5


def test_inputs_cannot_be_written_to(bench: Bench) -> None:
    bench.call("keep", audio=samples.sound(100_000, 44_100))
    with pytest.raises(PackError, match="read-only"):
        bench.call("wrong", how="write")


def test_no_descriptors_are_left(bench: Bench) -> None:
    sound = samples.sound(300_000, 44_100)
    bench.call("louder", audio=sound)
    before = len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else 0
    for _ in range(30):
        bench.call("louder", audio=sound)
    after = len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else 0
    assert after <= before
