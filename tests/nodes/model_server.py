"""A language model of a test's own: an HTTP server on this machine that answers what it is told to."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PLAN: dict[str, Any] = {
    "title": "Night Drive",
    "style": "synthwave",
    "key": "A minor",
    "bpm": 104,
    "sections": [
        {"kind": "verse", "bars": 4, "energy": 0.5, "chords": ["i", "VI", "III", "VII"]},
        {"kind": "chorus", "bars": 4, "energy": 0.9, "key": "C major", "chords": ["I", "V", "vi", "IV"]},
    ],
}


class ModelServer:
    """Answers a list of replies in turn, the last one for ever.

    A reply is the model's text, a status code, raw bytes in place of the protocol's envelope, or ``"wait"``: no answer
    until the server is closed.

    Attributes:
        asked: every request as (path, headers in lower case, body).
        arrived: set once a request is in.
    """

    def __init__(self, *replies: str | int | bytes, provider: str = "openai", location: str = "") -> None:
        self.asked: list[tuple[str, dict[str, str], Any]] = []
        self.arrived = threading.Event()
        self._replies, self._provider, self._location = replies, provider, location
        self._closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    @property
    def questions(self) -> list[str]:
        """What the model was asked, in either protocol."""
        bodies = [body for _, _, body in self.asked]
        return [
            b["messages"][0]["content"] if "messages" in b else b["contents"][0]["parts"][0]["text"] for b in bodies
        ]

    def close(self) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> ModelServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                outer.arrived.set()
                reply = outer._replies[min(len(outer.asked), len(outer._replies)) - 1]
                if reply == "wait":
                    outer._closing.wait(30)
                    return
                self.send_response(reply if isinstance(reply, int) else 200)
                if outer._location:
                    self.send_header("Location", outer._location)
                data = b"{}" if isinstance(reply, int) else outer._wrapped(reply)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def do_GET(self) -> None:
                outer.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}, None))
                self.send_response(404)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler

    def _wrapped(self, reply: str | bytes) -> bytes:
        if isinstance(reply, bytes):
            return reply
        if self._provider == "gemini":
            return json.dumps({"candidates": [{"content": {"parts": [{"text": reply}]}}]}).encode()
        return json.dumps({"choices": [{"message": {"role": "assistant", "content": reply}}]}).encode()
