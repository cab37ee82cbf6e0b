"""Node types by id."""

from __future__ import annotations

import re
import subprocess
import sys
from types import ModuleType

import pytest

from nawgraph.library import Library, standard
from nawgraph.node import node, spec_of


@node("test.one")
def one() -> int:
    """One."""
    return 1


def test_a_library_gives_what_was_put_in():
    library = Library([spec_of(one)])
    library.add(one)  # the same one again is no conflict
    assert library.get("test.one") is spec_of(one) and library.get("test.two") is None
    assert list(library) == ["test.one"] and len(library) == 1 and library.specs() == [spec_of(one)]


def test_two_nodes_of_one_id_are_refused():
    @node("test.one")
    def other() -> int:
        """Another."""
        return 2

    with pytest.raises(ValueError, match=r"two nodes are called 'test\.one'"):
        Library([spec_of(one), spec_of(other)])


def test_all_nodes_of_a_module_are_added():
    module = ModuleType("made")
    module.one, module.number, module.function = one, 3, print  # type: ignore[attr-defined]
    library = Library()
    library.add_module(module)
    assert list(library) == ["test.one"]


def test_what_is_no_node_is_refused():
    with pytest.raises(TypeError, match="mark it with @node"):
        Library().add(print)


@pytest.mark.parametrize("spec", standard().specs(), ids=lambda spec: spec.id)
def test_every_node_of_ours_says_what_it_is(spec):
    assert spec.title and spec.help and spec.help.split("\n")[0].endswith((".", "!"))
    assert re.fullmatch(r"[a-z][a-z0-9]*(\.[a-z0-9_]+)?", spec.id) and spec.function is not None
    assert spec.pack == "nawgraph" and spec.version >= 1
    ports = [p.name for p in spec.inputs] + [k.name for k in spec.knobs]
    assert len(set(ports)) == len(ports)
    assert all(k.coerce(k.default) == k.default for k in spec.knobs)


def test_the_fixed_names_are_there():
    names = "value.float value.int value.text value.bool math.add math.mul switch audio.load audio.gain audio.trim "
    names += "audio.concat audio.mix export.mix"
    assert all(name in list(standard()) for name in names.split())
    assert all(standard().get(f"value.{kind}").knob("value") for kind in ("float", "int", "text", "bool"))  # type: ignore[union-attr]
    assert standard() is standard()


def test_listing_the_nodes_loads_nothing_heavy():
    code = "import sys; from nawgraph.library import standard; standard(); print(*sorted(sys.modules))"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert not loaded & {"scipy", "numba", "soundfile", "soxr", "torch", "mido", "PIL", "rich"}
