"""An open session of each program, to which a person says one thing after the other."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

import httpx2

from tests.clients.programs import LONGEST, Home, claude_code, codex, copilot_cli, gemini_cli, opencode

__all__ = ["TALKS", "Say", "acp"]

Say = Callable[[str], None]
STREAM = ("--input-format", "stream-json", "--output-format", "stream-json", "--verbose")


@contextmanager
def claude_code_talk(home: Home) -> Iterator[Say]:
    """Claude Code, which takes prompts as a stream."""
    with home.start(claude_code(), "-p", *STREAM) as held:

        def say(words: str) -> None:
            held.send({"type": "user", "message": {"role": "user", "content": words}})
            held.message(type="result")

        yield say


@contextmanager
def codex_talk(home: Home) -> Iterator[Say]:
    """Codex, one thread of its app server."""
    with home.start(codex(), "app-server") as held:
        held.ask("initialize", clientInfo={"name": "test", "version": "1"})
        held.send({"jsonrpc": "2.0", "method": "initialized"})
        thread = held.ask("thread/start", cwd=str(home.repository), config={"bypass_hook_trust": True})["thread"]["id"]

        def say(words: str) -> None:
            held.ask("turn/start", threadId=thread, input=[{"type": "text", "text": words}])
            held.message(method="turn/completed")

        yield say


@contextmanager
def opencode_talk(home: Home) -> Iterator[Say]:
    """OpenCode, one session of its server."""
    with home.start(opencode(), "serve", "--port", "0") as held:
        url = held.line(lambda line: "listening on" in line).split()[-1]
        with httpx2.Client(base_url=url, timeout=LONGEST) as http:
            session = http.post("/session", json={}).json()["id"]

            def say(words: str) -> None:
                parts = [{"type": "text", "text": words}]
                http.post(f"/session/{session}/message", json={"parts": parts}).raise_for_status()

            yield say


@contextmanager
def acp(home: Home, command: list[str], *words: str) -> Iterator[Say]:
    """Whatever speaks the Agent Client Protocol, one session."""
    with home.start(command, "--acp", *words) as held:
        held.ask("initialize", protocolVersion=1, clientCapabilities={})
        session = held.ask("session/new", cwd=str(home.repository), mcpServers=[])["sessionId"]

        def say(words: str) -> None:
            held.ask("session/prompt", sessionId=session, prompt=[{"type": "text", "text": words}])

        yield say


TALKS: Mapping[str, Callable[[Home], AbstractContextManager[Say]]] = {
    "claude-code": claude_code_talk,
    "codex": codex_talk,
    "gemini": lambda home: acp(home, gemini_cli(), "--approval-mode", "yolo", "-m", "gemini-2.5-pro"),
    "opencode": opencode_talk,
    "copilot": lambda home: acp(home, copilot_cli(), "--allow-all-tools"),
}
