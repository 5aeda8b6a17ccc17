"""The installed clients, each run in a home of its own: none of the user's settings is read, nothing else is reached."""

import json
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.live.servers import ROOT, free_port

MODULES = ROOT / "tests" / "clients" / "node_modules"
LONGEST = 240
QUIET = {
    "CI": "true",
    "NO_COLOR": "1",
    "TERM": "xterm-256color",
    "DISABLE_TELEMETRY": "1",
    "DISABLE_ERROR_REPORTING": "1",
    "DISABLE_AUTOUPDATER": "1",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "MCP_CONNECT_TIMEOUT_MS": "60000",  # else Claude Code begins without a server that is slow
    "OPENCODE_DISABLE_AUTOUPDATE": "1",
    "OPENCODE_DISABLE_MODELS_FETCH": "1",
    "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
    "COPILOT_OFFLINE": "true",
    "COPILOT_PKG_CACHE_HOME": str(
        MODULES / ".cache" / "copilot"
    ),  # it unpacks itself, 235 MB, once instead of in each home
    "npm_config_fetch_retries": "0",  # OpenCode asks for a package where it has a plugin, for a minute if nobody answers
    "GEMINI_TELEMETRY_ENABLED": "false",
    "NO_PROXY": "127.0.0.1,localhost",
}
FOLDERS = {
    "HOME": "",
    "XDG_CONFIG_HOME": ".config",
    "XDG_DATA_HOME": ".local/share",
    "XDG_CACHE_HOME": ".cache",
    "XDG_STATE_HOME": ".local/state",
    "CODEX_HOME": ".codex",
    "TMPDIR": "tmp",
}


def found(*patterns: str) -> str:
    """Return the installed file of the first pattern that has one."""
    files = [file for pattern in patterns for file in sorted(MODULES.glob(pattern))]
    assert files, f"Run `make slow` once: it installs the clients. Missing: {patterns}"
    return str(files[0])


def claude_code() -> list[str]:
    """Return the command of Claude Code."""
    return [found("@anthropic-ai/claude-code-linux-*/claude")]


def codex() -> list[str]:
    """Return the command of Codex."""
    return [found("@openai/codex-linux-*/vendor/*/bin/codex")]


def gemini_cli() -> list[str]:
    """Return the command of Gemini CLI."""
    return [found("node-linux-*/bin/node"), found("@google/gemini-cli/bundle/gemini.js")]


def opencode() -> list[str]:
    """Return the command of OpenCode: the build that runs on every processor, where there is one."""
    return [found("opencode-linux-*-baseline/bin/opencode", "opencode-linux-*/bin/opencode")]


def copilot_cli() -> list[str]:
    """Return the command of Copilot CLI."""
    return [found("@github/copilot-linux*-*/copilot")]


def inspector() -> list[str]:
    """Return the command of the MCP Inspector."""
    launcher = found("@modelcontextprotocol/inspector/clients/launcher/build/index.js")
    return [found("node-linux-*/bin/node"), launcher, "--cli"]


class Home:
    """A home directory of one client, and the environment that it runs in."""

    def __init__(self, folder: Path, **environment: str) -> None:
        """Make the folders; what is not of this machine goes to a proxy that is not there."""
        self.folder, self.repository = folder, folder / "repository"
        homes = {name: str(folder / path) for name, path in FOLDERS.items()}
        for path in (*homes.values(), self.repository):
            Path(path).mkdir(parents=True, exist_ok=True)
        nowhere = f"http://127.0.0.1:{free_port()}"
        self.environment = {"PATH": os.environ["PATH"], "HTTPS_PROXY": nowhere} | homes | QUIET | environment

    def write(self, name: str, content: Any) -> None:
        """Write a file, as JSON unless it is text."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))

    def run(self, command: list[str], *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the repository until it ends well."""
        process = self._started([*command, *words], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        with process:
            try:
                output, errors = process.communicate(timeout=LONGEST)
            finally:
                _end(process)
        assert process.returncode == 0, f"{words} ended with {process.returncode}:\n{output}\n{errors}"
        return subprocess.CompletedProcess(words, process.returncode, output, errors)

    def start(self, command: list[str], *words: str) -> "Held":
        """Start a program that stays; its errors go to a file of its home."""
        with (self.folder / "errors.log").open("a") as errors:
            return Held(self._started([*command, *words], stdin=subprocess.PIPE, stderr=errors))

    def _started(self, command: list[str], **pipes: Any) -> subprocess.Popen[str]:
        settings = {"cwd": self.repository, "env": self.environment, "start_new_session": True, "text": True}
        return subprocess.Popen(command, stdout=subprocess.PIPE, **settings, **pipes)


def _end(process: subprocess.Popen[str]) -> None:
    """End a program and whatever it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


class Held:
    """A program that stays and speaks in lines."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        """Read its lines as they come."""
        self.process = process
        self.lines: queue.Queue[str] = queue.Queue()
        self.asked = 0
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.put(line)

    def __enter__(self) -> "Held":
        return self

    def __exit__(self, *_: object) -> None:
        _end(self.process)
        self.process.wait(LONGEST)
        self._reader.join()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()

    def send(self, message: dict[str, Any]) -> None:
        """Write a message as a line of JSON."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def line(self, is_it: Callable[[str], bool]) -> str:
        """Return the next line of a kind."""
        while True:
            line = self.lines.get(timeout=LONGEST)
            if is_it(line):
                return line

    def message(self, **fields: Any) -> dict[str, Any]:
        """Return the next message, a line of JSON, that has these fields."""
        line = self.line(lambda line: line.startswith("{") and fields.items() <= json.loads(line).items())
        message: dict[str, Any] = json.loads(line)
        return message

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Ask by JSON-RPC and return the result."""
        self.asked += 1
        self.send({"jsonrpc": "2.0", "id": self.asked, "method": method, "params": params})
        answer = self.message(id=self.asked)
        assert "result" in answer, answer
        result: dict[str, Any] = answer["result"]
        return result
