"""A language model as planner: it writes the symbolic plan, the composer plays it out.

Any endpoint that speaks the OpenAI chat protocol (many local servers do) or Gemini's. Only the prompt is sent. The
answer is checked against the schema of `nawgraph.music.plan_json`, asked for again once if it is nonsense, and refused.
"""

from __future__ import annotations

import json
import os
import queue
import threading
import urllib.error
import urllib.parse
import urllib.request
from http.client import HTTPMessage
from typing import IO, Annotated, Any

from nawgraph.context import Context
from nawgraph.hints import Choice, Range, Seed, Text
from nawgraph.node import node
from nawgraph.values import Prompt, Score

MAX_ANSWER = 2 << 20
HOMES = {"api.openai.com": "OPENAI_API_KEY", "generativelanguage.googleapis.com": "GEMINI_API_KEY"}
"""Hosts and the keys that belong to them. A document names its endpoint, so a key must not follow it anywhere."""

_LOCAL = ("localhost", "127.0.0.1", "::1")


@node("plan.llm", version=2, title="Ask a language model", needs="io", aliases=("gpt", "gemini", "planner"))
def llm(
    prompt: Prompt,
    *,
    provider: Annotated[str, Choice("openai", "gemini")] = "openai",
    endpoint: Annotated[str, Text(limit=500)] = "http://127.0.0.1:11434/v1",
    model: Annotated[str, Text(limit=200)] = "llama3.1",
    temperature: Annotated[float, Range(0, 2)] = 0.7,
    timeout: Annotated[float, Range(1, 600, unit="s")] = 60.0,
    seed: Annotated[int, Seed()] = 0,
    ctx: Context,
) -> Score:
    """Let a language model plan the song: key, tempo, form and chords as JSON, composed with this seed.

    `endpoint` is the base address (the default is a local server). The key is read from the environment and goes only
    where it belongs: OPENAI_API_KEY and GEMINI_API_KEY to their makers, NAWGRAPH_LLM_KEY to this machine and to the
    host that NAWGRAPH_LLM_HOST names. It is in no document and no cache.
    """
    from nawgraph.music.compose import compose
    from nawgraph.music.plan_json import parse_plan
    from nawgraph.music.prompt import read

    brief = read(prompt.text)
    question = _question(prompt)
    for attempt in range(2):
        ctx.progress(attempt, 2, "waiting for the model")
        answer = _ask(provider, endpoint, model, question, temperature, timeout, seed, ctx)
        try:
            plan = parse_plan(answer, seed, brief)
        except ValueError as error:
            if attempt:
                raise ValueError(f"the model {model!r} gave no usable plan in two attempts: {error}") from None
            question = f"{_question(prompt)}\n\nYour last answer could not be used: {error}. Answer with JSON only."
            continue
        for repair in plan.repairs:
            ctx.warn(repair)
        return compose(plan.blueprint, seed=seed, title=plan.title)
    raise AssertionError


def _question(prompt: Prompt) -> str:
    from nawgraph.music.plan_json import SCHEMA

    wishes = "\n".join(f"- from bar {frame.bar:g}: {frame.text}" for frame in prompt.keyframes)
    return (
        "Plan a song as JSON. Answer with one JSON object that follows this schema and nothing else.\n"
        f"Schema: {json.dumps(SCHEMA, ensure_ascii=False)}\nWhat is wanted:\n{wishes}"
    )


def _request(
    provider: str, endpoint: str, model: str, question: str, temperature: float, seed: int
) -> urllib.request.Request:
    """The HTTP request of either protocol."""
    base = endpoint.strip().rstrip("/")
    key = _key(_address(base))
    headers = {"Content-Type": "application/json"}
    body: dict[str, Any]
    if provider == "gemini":
        url = f"{base}/models/{urllib.parse.quote(model)}:generateContent"
        config = {"temperature": temperature, "responseMimeType": "application/json"}
        body = {"contents": [{"parts": [{"text": question}]}], "generationConfig": config}
        headers |= {"x-goog-api-key": key} if key else {}
    else:
        url = f"{base}/chat/completions"
        body = {
            "model": model,
            "messages": [{"role": "user", "content": question}],
            "temperature": temperature,
            "seed": seed & 0x7FFFFFFF,
            "response_format": {"type": "json_object"},
        }
        headers |= {"Authorization": f"Bearer {key}"} if key else {}
    return urllib.request.Request(url, json.dumps(body).encode(), headers)


def _address(endpoint: str) -> urllib.parse.SplitResult:
    """The endpoint, taken apart."""
    try:
        parts = urllib.parse.urlsplit(endpoint)
        fits = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        fits = False
    if not fits or not endpoint.isascii() or not endpoint.isprintable() or " " in endpoint:
        raise ValueError(f"endpoint must be an address that begins with http:// or https://, got {endpoint[:80]!r}")
    return parts


def _key(address: urllib.parse.SplitResult) -> str:
    """The key that may be sent to an address, empty where none is set for it."""
    host = address.hostname or ""
    home = HOMES.get(host) if address.scheme == "https" else None
    trusted = host in (*_LOCAL, os.environ.get("NAWGRAPH_LLM_HOST", "").strip().lower())
    names = [name for name in (home, "NAWGRAPH_LLM_KEY" if trusted else None) if name and os.environ.get(name)]
    if not names:
        return ""
    key = os.environ[names[0]].strip()
    if not key.isascii() or not key.isprintable():  # the library's own message would show the key
        raise ValueError(f"the key in {names[0]} holds signs that no key has: copy it again")
    return key


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: it would take the key along to another host."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        return None


def _opener(request: urllib.request.Request) -> urllib.request.OpenerDirector:
    """What sends a request: through the system's proxy, unless the address is this machine's own."""
    local = urllib.parse.urlsplit(request.full_url).hostname in _LOCAL
    return urllib.request.build_opener(_Stay, *([urllib.request.ProxyHandler({})] if local else []))


def _ask(
    provider: str, endpoint: str, model: str, question: str, temperature: float, timeout: float, seed: int, ctx: Context
) -> str:
    """The model's answer. Waits on a thread of its own, so that a cancel is obeyed at once."""
    request = _request(provider, endpoint, model, question, temperature, seed)
    answers: queue.SimpleQueue[str | Exception] = queue.SimpleQueue()

    def fetch() -> None:
        try:
            with _opener(request).open(request, timeout=timeout) as response:
                data = response.read(MAX_ANSWER + 1)
            answers.put(_text(provider, data))
        except Exception as error:
            answers.put(error)

    threading.Thread(target=fetch, daemon=True).start()
    waited = 0.0
    while waited <= timeout + 1:
        ctx.check()
        try:
            answer = answers.get(timeout=0.1)
        except queue.Empty:
            waited += 0.1
            continue
        if isinstance(answer, Exception):
            raise ValueError(_reason(answer, endpoint, timeout)) from None
        return answer
    raise ValueError(f"{endpoint} did not answer in {timeout:g} s: raise timeout, or ask another model")


def _text(provider: str, data: bytes) -> str:
    """The answer's text out of the protocol's envelope."""
    if len(data) > MAX_ANSWER:
        raise ValueError("it sent more than 2 MiB")
    try:
        envelope = json.loads(data)
        if provider == "gemini":
            return "".join(part["text"] for part in envelope["candidates"][0]["content"]["parts"])
        text = envelope["choices"][0]["message"]["content"]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        raise ValueError(f"it does not speak the {provider} protocol") from None
    if not isinstance(text, str):
        raise ValueError("its answer holds no text")
    return text


def _reason(error: Exception, endpoint: str, timeout: float) -> str:
    if isinstance(error, urllib.error.HTTPError):
        hint = {
            401: "the key is missing or wrong (see the node's help)",
            404: "no such model or address",
            429: "too many requests",
        } | dict.fromkeys((301, 302, 303, 307, 308), "it has moved; write the new address into endpoint")
        return f"{endpoint} answered {error.code}: {hint.get(error.code, error.reason)}"
    if isinstance(error, TimeoutError) or isinstance(getattr(error, "reason", None), TimeoutError):
        return f"{endpoint} did not answer in {timeout:g} s: raise timeout, or ask another model"
    if isinstance(error, urllib.error.URLError):
        return f"{endpoint} cannot be reached: {getattr(error.reason, 'strerror', None) or error.reason}"
    return f"{endpoint} gave no usable answer: {error}"
