"""A stand-in for the models' APIs on this machine: an obedient model that calls the tool which a prompt names."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from tests.clients import anthropic, google, openai
from tests.clients.said import Call, Request

ORDER = re.compile(r"call ([\w-]+) (\{.*\})")
# The tools by which a model searches for others: of Claude Code, and of Copilot CLI.
SEARCHES: dict[str, Callable[[str], dict[str, Any]]] = {
    "ToolSearch": lambda tool: {"query": f"select:{tool}"},
    "tool_search_tool": lambda tool: {"pattern": f"^{tool}$"},
}


def order(tool: str, **arguments: Any) -> str:
    """Return the prompt on which the model calls a tool."""
    return f"call {tool} {json.dumps(arguments)}"


class Ordered(NamedTuple):
    """The newest order of a conversation, and the tools that were called since."""

    tool: str
    arguments: dict[str, Any]
    called: list[str]


class Model:
    """What it was asked, and what it answers."""

    def __init__(self) -> None:
        """Start with nothing asked."""
        self.asked: list[Request] = []
        self.url = ""

    def answer(self, request: Request) -> Call | None:
        """Return the call that the newest order asks for, until it was made; then nothing more.

        A tool whose schema is withheld until somebody asks for it is searched for first.
        """
        self.asked.append(request)
        tool, arguments, called = _ordered(request)
        if not tool or tool in called:
            return None
        if tool in request.offered - request.withheld or SEARCHES.keys() & set(called):
            return Call(tool, arguments)
        return next((Call(name, SEARCHES[name](tool)) for name in SEARCHES if name in request.offered), None)

    @property
    def results(self) -> list[str]:
        """Return what tools answered, in the conversation that went on last."""
        return next(request.results for request in reversed(self.asked) if request.results)

    @property
    def texts(self) -> str:
        """Return every text that reached it."""
        return "\n".join(request.texts for request in self.asked)

    @property
    def offered(self) -> set[str]:
        """Return every tool that it was offered."""
        return set().union(*(request.offered for request in self.asked))


def _ordered(request: Request) -> Ordered:
    newest = Ordered("", {}, [])
    for kind, text in request.said:
        if kind == "call":
            newest.called.append(text)
        elif kind == "text" and (found := ORDER.search(text)):
            newest = Ordered(found[1], json.loads(found[2]), [])
    return newest


class _Api(BaseHTTPRequestHandler):
    """One request to the stand-in, in the words of either API."""

    model: Model

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        path = self.path.partition("?")[0]
        if path.endswith(("/count_tokens", ":countTokens")):
            self._send("application/json", json.dumps({"input_tokens": 1, "totalTokens": 1}))
        elif path.endswith("/messages"):
            self._stream(anthropic.events(self.model.answer(anthropic.request(body))))
        elif path.endswith("/responses"):
            self._stream(openai.events(self.model.answer(openai.request(body))))
        elif path.endswith(("GenerateContent", ":generateContent")):
            answer = json.dumps(google.answer(self.model.answer(google.request(body))))
            streams = path.endswith(":streamGenerateContent")
            self._send(
                "text/event-stream" if streams else "application/json", f"data: {answer}\n\n" if streams else answer
            )
        else:
            self.send_error(404)

    def do_GET(self) -> None:
        self.send_error(404)

    def _stream(self, events: Iterator[dict[str, Any]]) -> None:
        text = "".join(f"event: {each['type']}\ndata: {json.dumps(each)}\n\n" for each in events)
        self._send("text/event-stream", text)

    def _send(self, kind: str, text: str) -> None:
        body = text.encode()
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def standing_in() -> Iterator[Model]:
    """Serve a model on a free port of this machine."""
    model = Model()
    api = ThreadingHTTPServer(("127.0.0.1", 0), type("Api", (_Api,), {"model": model}))
    model.url = f"http://127.0.0.1:{api.server_port}"
    thread = threading.Thread(target=api.serve_forever, daemon=True)
    thread.start()
    try:
        yield model
    finally:
        api.shutdown()
        api.server_close()
        thread.join()
