"""A language model as planner, against a server on this machine: answers good and bad, and where the key goes."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lab import Lab, graph, n
from model_server import PLAN, ModelServer

from nawgraph.context import Cancelled, Context
from nawgraph.nodes.llm import llm
from nawgraph.values import Keyframe, Prompt, Score

GOOD = json.dumps(PLAN)
KEY = "sk-test-4711-never-to-be-written"
PROMPT = Prompt((Keyframe(0.0, "synthwave, 104 bpm, A minor"), Keyframe(4.0, "brighter, C major")))


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NAWGRAPH_LLM_KEY", "NAWGRAPH_LLM_HOST", "OPENAI_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def ask(server: ModelServer | str, ctx: Context | None = None, **knobs: Any) -> Score:
    url = server if isinstance(server, str) else server.url
    return llm(PROMPT, endpoint=url, ctx=ctx or Context(), **{"timeout": 20.0, "seed": 5, **knobs})


# ------------------------------------------------------------------------------------- answers


@pytest.mark.parametrize("provider", ["openai", "gemini"])
def test_the_plan_becomes_a_song(provider: str) -> None:
    with ModelServer(GOOD, provider=provider) as server:
        score = ask(server, provider=provider, model="small-1")
    assert (score.title, score.style, score.bpm, score.bars) == ("Night Drive", "synthwave", 104, 8)
    assert [(k.bar, k.tonic, k.mode) for k in score.keys] == [(0, 9, "minor"), (4, 0, "major")]
    assert [s.kind for s in score.sections] == ["verse", "chorus"]
    assert [c.numeral for c in score.chords][:4] == ["i", "VI", "III", "VII"]
    assert all(part.notes for part in score.parts) and {p.stem for p in score.parts} >= {"drums", "bass", "other"}
    path, _, body = server.asked[0]
    assert len(server.asked) == 1
    if provider == "gemini":
        assert path == "/v1/models/small-1:generateContent" and body["generationConfig"]["temperature"] == 0.7
    else:
        assert path == "/v1/chat/completions" and (body["model"], body["seed"]) == ("small-1", 5)


def test_every_keyframe_and_the_schema_are_in_the_question() -> None:
    with ModelServer(GOOD) as server:
        ask(server)
    question = server.questions[0]
    assert "from bar 0: synthwave, 104 bpm, A minor" in question and "from bar 4: brighter, C major" in question
    assert '"sections"' in question


def test_slips_are_repaired_and_reported() -> None:
    ctx = Context()
    texted = GOOD.replace("104", '"104 bpm"')
    with ModelServer(f"Here is your song!\n```json\n{texted}\n```") as server:
        assert ask(server, ctx).bpm == 104
    assert len(ctx.warnings) == 2 and any("came as text" in w for w in ctx.warnings)


@pytest.mark.parametrize(
    "nonsense", ["Sorry, I cannot do that.", '{"sections": []}', '{"sections": [{"kind": "qux"}]}', ""]
)
def test_nonsense_is_asked_again_once_with_the_reason(nonsense: str) -> None:
    with ModelServer(nonsense, GOOD) as server:
        assert ask(server).title == "Night Drive"
    assert len(server.asked) == 2
    assert "could not be used" in server.questions[1] and "could not be used" not in server.questions[0]


def test_nonsense_twice_is_refused() -> None:
    with ModelServer("la la la") as server, pytest.raises(ValueError) as error:
        ask(server, model="parrot")
    assert str(error.value) == (
        "the model 'parrot' gave no usable plan in two attempts: the plan is not JSON: there is no { … } in it"
    )
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"<html>nginx</html>", "does not speak the openai protocol"),
        (b"[]", "does not speak the openai protocol"),
        (b'{"choices": []}', "does not speak the openai protocol"),
        (b'{"choices": [{"message": {"content": null}}]}', "holds no text"),
        (b"[" * 100_000, "does not speak the openai protocol"),
        (b" " * (2 << 20) + b"{}", "more than 2 MiB"),
    ],
)
def test_what_does_not_speak_the_protocol_is_told(data: bytes, reason: str) -> None:
    with ModelServer(data) as server, pytest.raises(ValueError, match=reason) as error:
        ask(server)
    assert server.url in str(error.value) and "\n" not in str(error.value)


# ------------------------------------------------------------------------------------ no answer


@pytest.mark.parametrize(
    ("status", "reason"),
    [(401, "the key is missing or wrong"), (404, "no such model"), (429, "too many"), (500, "500")],
)
def test_refusals_are_told_with_their_reason(status: int, reason: str) -> None:
    with ModelServer(status) as server, pytest.raises(ValueError, match=reason) as error:
        ask(server)
    assert f"answered {status}" in str(error.value) and len(server.asked) == 1


def test_a_model_that_does_not_answer_in_time() -> None:
    with ModelServer("wait") as server, pytest.raises(ValueError, match=r"did not answer in 1 s: raise timeout"):
        ask(server, timeout=1.0)


def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(ValueError, match=r"127.0.0.1:\d+/v1 cannot be reached: "):
        ask(f"http://127.0.0.1:{port}/v1")


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "localhost:11434",
        "file:///etc/hostname",
        "http://",
        "http://[::1",
        "http://a b/v1",
        "http://h:x/v1",
        "http://ö/v1",
    ],
)
def test_what_is_no_address_is_refused_before_anything_is_sent(endpoint: str) -> None:
    with pytest.raises(ValueError, match="endpoint must be an address"):
        ask(endpoint)


def test_a_cancel_is_obeyed_while_the_model_thinks() -> None:
    class Impatient(Context):
        def check(self) -> None:
            if server.arrived.is_set():
                raise Cancelled

    with ModelServer("wait") as server, pytest.raises(Cancelled):
        ask(server, Impatient())


@pytest.mark.timeout(60)
def test_a_cancelled_run_ends_while_the_model_thinks(lab: Lab) -> None:
    with ModelServer("wait") as server:
        document = _song(server.url)
        results: list[Any] = []
        thread = threading.Thread(target=lambda: results.append(lab.run(document)))
        thread.start()
        assert server.arrived.wait(20)
        lab.runtime.cancel()
        thread.join(20)
        assert not thread.is_alive() and results[0].status == "cancelled"
    assert not lab.out.exists() or not list(lab.out.iterdir())


# -------------------------------------------------------------------------------------- the key


def _song(url: str) -> Any:
    return graph(
        prompt=n("prompt.text", text="synthwave"),
        plan=n("plan.llm", prompt="@prompt.prompt", endpoint=url, model="small-1"),
        midi=n("export.midi", score="@plan.score", name="Song"),
        tone=n("audio.tone", seconds=0.1),
        sound=n("export.mix", audio="@tone.audio", score="@plan.score"),
    )


@pytest.fixture
def keyed(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    monkeypatch.setenv("NAWGRAPH_LLM_KEY", KEY)
    with ModelServer(GOOD) as server:
        yield server


def test_the_key_goes_to_the_model_and_nowhere_else(keyed: ModelServer, lab: Lab, tmp_path: Path) -> None:
    result = lab.run(_song(keyed.url))
    assert result.errors() == {} and len(result.files) == 2
    assert keyed.asked[0][1]["authorization"] == f"Bearer {KEY}"
    again = lab.run(_song(keyed.url))
    assert again.nodes["plan"].state == "cached" and len(keyed.asked) == 1
    lab.close()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 3
    assert [path for path in files if KEY.encode() in path.read_bytes()] == []
    assert KEY not in repr(lab.events)


def test_gemini_takes_the_key_in_a_header(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAWGRAPH_LLM_KEY", f"  {KEY}\n")
    with ModelServer(GOOD, provider="gemini") as server:
        ask(server, provider="gemini")
    path, headers, _ = server.asked[0]
    assert headers["x-goog-api-key"] == KEY and KEY not in path and "authorization" not in headers


def test_makers_keys_do_not_follow_a_document_to_its_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("GEMINI_API_KEY", KEY)
    with ModelServer(GOOD) as server:
        ask(server)
    assert KEY not in repr(server.asked)


@pytest.mark.parametrize(
    ("endpoint", "key"),
    [
        ("https://api.openai.com/v1", "open"),
        ("http://api.openai.com/v1", ""),
        ("https://api.openai.com.evil.example/v1", ""),
        ("https://api.openai.com@evil.example/v1", ""),
        ("https://generativelanguage.googleapis.com/v1beta", "gem"),
        ("https://models.example/v1", "own"),
        ("https://other.example/v1", ""),
        ("http://localhost:11434/v1", "own"),
        ("http://[::1]:11434/v1", "own"),
    ],
)
def test_each_key_has_its_hosts(monkeypatch: pytest.MonkeyPatch, endpoint: str, key: str) -> None:
    from nawgraph.nodes.llm import _request

    for name, value in (("OPENAI_API_KEY", "open"), ("GEMINI_API_KEY", "gem"), ("NAWGRAPH_LLM_KEY", "own")):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("NAWGRAPH_LLM_HOST", "Models.Example")
    request = _request("openai", endpoint, "m", "?", 0.5, 0)
    assert request.get_header("Authorization", "Bearer ").removeprefix("Bearer ") == key


def test_a_redirect_is_not_followed_with_the_key(keyed: ModelServer) -> None:
    with ModelServer(302, location=keyed.url) as elsewhere, pytest.raises(ValueError, match="it has moved"):
        ask(elsewhere)
    assert keyed.asked == []


def test_a_broken_key_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAWGRAPH_LLM_KEY", f"{KEY}\nX-Other: 1")
    with ModelServer(GOOD) as server, pytest.raises(ValueError, match="NAWGRAPH_LLM_KEY holds signs") as error:
        ask(server)
    assert KEY not in str(error.value) and server.asked == []
