import os
import resource
import signal
import stat
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from immutables import Map

from nawgraph.files import FormatError, dumps, load, loads, save
from nawgraph.graph import Graph, Node
from nawgraph.shape import MAX_BYTES

FIRST = Path(__file__).parent.parent / "golden" / "first.nawgraph"


def in_child(work: Callable[[], None]) -> None:
    """Run `work` in a process of its own, as an ordinary user, and fail if it fails."""
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setuid(65534)
            work()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that any user can reach."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        yield Path(name)


def test_save_and_load(tmp_path: Path) -> None:
    path = tmp_path / "first.nawgraph"
    save(load(FIRST), path)
    assert path.read_bytes() == FIRST.read_bytes()
    assert [p.name for p in tmp_path.iterdir()] == ["first.nawgraph"]


def test_permissions_and_links_are_kept(tmp_path: Path) -> None:
    path, link = tmp_path / "real.nawgraph", tmp_path / "link.nawgraph"
    path.write_text("old")
    path.chmod(0o640)
    link.symlink_to(path)
    save(Graph(), link)
    assert link.is_symlink()
    assert path.read_text() == dumps(Graph())
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_new_file_gets_the_usual_permissions(tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    save(Graph(), tmp_path / "a.nawgraph")
    assert (tmp_path / "a.nawgraph").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_what_is_no_document_is_refused_before_it_is_read(tmp_path: Path) -> None:
    huge, pipe, loop = tmp_path / "huge.nawgraph", tmp_path / "pipe.nawgraph", tmp_path / "loop.nawgraph"
    with huge.open("wb") as file:
        file.truncate(1 << 30)
    os.mkfifo(pipe)
    loop.symlink_to(loop)
    for path, message in (
        (tmp_path / "missing.nawgraph", "does not exist"),
        (tmp_path, "is a folder"),
        (huge, "has 1,024 MiB; 64 MiB are the most"),
        (pipe, "not a regular file"),
        (loop, "link that leads to itself"),
        (FIRST / "below", "not in a folder"),
        (tmp_path / ("x" * 300), "too long a name"),
        ("nul\0byte", "not a name that a file can have"),
    ):
        with pytest.raises(FormatError, match=message) as caught:
            load(path)
        assert caught.value.path


def test_a_file_without_permission(folder: Path) -> None:
    path = folder / "private.nawgraph"
    path.write_text(dumps(Graph()))
    path.chmod(0)

    def work() -> None:
        with pytest.raises(FormatError, match="check the permissions"):
            load(path)

    in_child(work)


def test_a_read_only_folder_and_a_read_only_file(folder: Path) -> None:
    closed, path = folder / "closed", folder / "locked.nawgraph"
    closed.mkdir(mode=0o555)
    path.write_text("old")
    path.chmod(0o444)

    def work() -> None:
        for target in (closed / "new.nawgraph", path):
            with pytest.raises(FormatError, match="check the permissions"):
                save(Graph(), target)

    in_child(work)
    assert path.read_text() == "old"


def test_a_full_disk_leaves_the_old_file(folder: Path) -> None:
    path = folder / "song.nawgraph"
    path.write_text("old")
    path.chmod(0o666)
    large = Graph(nodes=Map({f"n{i}": Node("a.b") for i in range(1000)}))

    def work() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        with pytest.raises(FormatError, match="cannot be written"):
            save(large, path)

    in_child(work)
    assert path.read_text() == "old"
    assert [p.name for p in folder.iterdir()] == ["song.nawgraph"]


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    for path, message in (
        (tmp_path, "is a folder"),
        (tmp_path / "no" / "such.nawgraph", "folder .* does not exist"),
        (FIRST / "below", "folder .* does not exist"),
    ):
        with pytest.raises(FormatError, match=message):
            save(Graph(), path)


def test_what_could_not_be_opened_again_is_not_saved(tmp_path: Path) -> None:
    path = tmp_path / "a.nawgraph"
    path.write_text("old")
    for graph in (
        Graph(meta=Map(x=("a" * (MAX_BYTES // 60),) * 61)),
        Graph(meta=Map(x=(0,) * 1_000_001)),
        Graph(nodes=Map(n=Node("t", knobs=Map(k=float("nan"))))),
    ):
        with pytest.raises(FormatError) as caught:
            save(graph, path)
        assert caught.value.path == str(path)
        assert path.read_text() == "old"


def test_killed_while_saving_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "song.nawgraph"
    program = (
        "from immutables import Map; from nawgraph.files import save; from nawgraph.graph import Graph, Node\n"
        "graphs = [Graph(nodes=Map({f'n{i}': Node('a.b') for i in range(n)})) for n in (10, 2000)]\n"
        "print('ready', flush=True)\n"
        f"while True:\n    for graph in graphs: save(graph, {str(path)!r})\n"
    )
    for delay in (0.05, 0.11, 0.17):
        with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(delay)
            process.kill()
        if path.exists():
            assert len(load(path).nodes) in (10, 2000)
    assert path.exists()
    assert loads(path.read_bytes()) == load(path)
