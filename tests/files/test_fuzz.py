import importlib.util
import sys
from pathlib import Path

from nawgraph.library import standard


def test_five_hundred_mutated_files_are_read_or_refused() -> None:
    path = Path(__file__).parent.parent.parent / "benchmarks" / "fuzz_files.py"
    spec = importlib.util.spec_from_file_location("fuzz_files", path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["fuzz_files"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    tally = module.fuzz(500, 2026, standard())
    assert tally.read > 50, "some mutations leave a document"
    assert tally.refused > 50, "some do not"
