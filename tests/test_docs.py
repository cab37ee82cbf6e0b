"""The Python of the documentation runs as it is written, block after block."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("page", ["python", "node-authors"])
def test_code_blocks_run_as_written(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAWGRAPH_HOME", str(tmp_path / "home"))
    shutil.copytree(ROOT / "graphs", tmp_path / "graphs")
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    blocks = [(m.start(), m[1]) for m in re.finditer(r"^```python\n(.*?)^```", text, re.M | re.S)]
    assert len(blocks) >= 4
    names: dict[str, object] = {"__name__": f"docs_{page}"}
    for start, block in blocks:
        line = text.count("\n", 0, start) + 1
        exec(compile("\n" * line + block, f"{page}.md", "exec", dont_inherit=True), names)
