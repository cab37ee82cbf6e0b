"""Every process does the same: same order, same bits, whatever the hash seed and the number of threads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

SCRIPT = """
import json, sys
from pathlib import Path
from lab import Lab, graph, n, sub, turned
from nawgraph.library import standard
from nawgraph.runtime.events import StepEvent

lab = Lab(Path(sys.argv[1]))
tones = {f"t{i}": n("audio.tone", shape=s, seconds=0.3, seed=i) for i, s in enumerate(("sine", "noise", "click"))}
every = {
    "gain": n("audio.gain", audio="@t1.audio", db=-3.3),
    "trim": n("audio.trim", audio="@t1.audio", start=0.01, length=0.2, fade_in=0.05, fade_out=0.05),
    "concat": n("audio.concat", sounds=["@t0.audio", "@t1.audio", "@t2.audio"], crossfade=0.1),
    "mix": n("audio.mix", sounds=["@t0.audio", "@gain.audio", "@t2.audio"], gains=[-1.5, 0.5]),
    "resample": n("audio.resample", audio="@t1.audio", rate=48000),
    "info": n("audio.info", audio="@resample.audio"),
    "seeds": n("list.seeds", seed=9, count=5),
    "bad": n("t.fail", x="@num.value"), "num": n("t.num"), "below": n("t.add", b="@bad.value", a="@num.value"),
    "also": n("t.add", b="@num.value", a="@bad.value"),
    "takes": n("map.take", seed="@seeds.items", over=["seed"]),
    "take": sub({}, {"a": "t.audio"}, {"seed": "t.seed"}, t=n("audio.tone", shape="noise", seconds=0.1)),
    **{f"w{f}": n("export.mix", audio="@mix.audio", name="x", format=f, bits="16") for f in ("wav", "flac", "ogg")},
    "wmp3": n("export.mix", audio="@mix.audio", name="x", format="mp3"),
}
# plus every effect of ours with one sound input and nothing else that is required, at its defaults
for spec in standard().specs():
    wired = [p for p in spec.inputs if not p.optional]
    if [str(p.type) for p in wired] == ["Audio"] and spec.outputs and spec.id not in ("audio.gain", "audio.trim"):
        every["x_" + spec.id.replace(".", "_")] = n(spec.id, **{wired[0].name: "@t1.audio"})
document = graph(**tones, **every)
result = lab.run(document, *sorted(document.nodes))
print(json.dumps({
    "steps": list(lab.events[0].steps),
    "states": sorted((id, r.state) for id, r in result.nodes.items()),
    "errors": sorted((id, r.error) for id, r in result.nodes.items() if r.error),
    "digests": {name: digest.hex() for name, digest in result.outputs().items()},
    "problems": [str(p) for p in document.problems(lab.library)],
}, sort_keys=True))
lab.close()
"""


def begin(folder: Path, hash_seed: str, threads: str) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "PYTHONHASHSEED": hash_seed,
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "OMP_NUM_THREADS": threads,
    }
    folder.mkdir()
    command = [sys.executable, "-c", SCRIPT, str(folder)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def outcome(process: subprocess.Popen[str]) -> dict[str, Any]:
    output, errors = process.communicate(timeout=250)
    assert process.returncode == 0, errors
    return json.loads(output)  # type: ignore[no-any-return]


def test_two_processes_agree_on_order_states_sentences_and_bits(tmp_path: Path):
    one, two = map(outcome, (begin(tmp_path / "a", "1", "1"), begin(tmp_path / "b", "77", "2")))
    for part in one:
        assert one[part] == two[part], part
    assert dict(one["errors"])["bad"] == "it broke"
    assert len(one["digests"]) >= 12
    for format in ("wav", "flac", "ogg", "mp3"):
        first, second = (tmp_path / x / "out" / f"x.{format}" for x in "ab")
        assert first.read_bytes() == second.read_bytes()
