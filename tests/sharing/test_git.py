"""The lines of docs/packs.md that make git use `nawgraph diff` and `merge`, as they are written there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from nawgraph import files

ROOT = Path(__file__).parents[2]
SONG = """{
  "nawgraph": 1,
  "meta": {"title": "Song"},
  "nodes": {"gain": {"type": "audio.gain", "version": 1, "knobs": {"db": -3.0}}}
}
"""


def test_git_merges_and_shows_documents(tmp_path: Path) -> None:
    bin = tmp_path / "bin"
    bin.mkdir()
    program = bin / "nawgraph"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m nawgraph "$@"\n')
    program.chmod(0o755)
    names = {f"GIT_{who}_{what}": "x@y" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    path = f"{bin}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, **names, "PATH": path, "PYTHONPATH": str(ROOT), "GIT_CONFIG_GLOBAL": os.devnull}
    place = tmp_path / "songs"
    place.mkdir()

    def shell(line: str) -> str:
        done = subprocess.run(["sh", "-c", line], cwd=place, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, (line, done.stdout, done.stderr)
        return done.stdout

    song = place / "song.nawgraph"

    def changed(old: str, new: str) -> None:
        song.write_text(song.read_text().replace(old, new))
        shell("git commit -qam change")

    shell("git init -q -b main .")
    page = (ROOT / "docs" / "packs.md").read_text(encoding="utf-8").partition("## Documents in git")[2]
    for line in re.findall(r"^\$ (.*)$", page, re.M):
        shell(line)
    song.write_text(SONG)
    shell("git add -A && git commit -qm first && git checkout -qb louder")
    changed("-3.0", "-1.0")
    shell("git checkout -q main")
    changed('"Song"', '"Another song"')  # the line beside it: git itself would see a conflict or not, by luck
    assert "Another song" in shell("git diff HEAD~1")
    shell("git merge -q louder -m merged")
    merged = files.load(song)
    assert (merged.meta["title"], merged.nodes["gain"].knobs["db"]) == ("Another song", -1.0)
    assert song.read_text() == files.dumps(merged)
