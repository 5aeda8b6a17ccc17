"""The published package `agent-bus-mcp`, really run where there is a Python 3.12 for it, to make a database to import."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.serving.processes import ROOT

VERSION = "0.5.1"
PATIENCE = 90.0
# The wheel wants a newer C library for functions that an older one has under their old names.
SHIM = """
#include <stdlib.h>
long __isoc23_strtol(const char *a, char **b, int c) { return strtol(a, b, c); }
long long __isoc23_strtoll(const char *a, char **b, int c) { return strtoll(a, b, c); }
unsigned long long __isoc23_strtoull(const char *a, char **b, int c) { return strtoull(a, b, c); }
"""


def python() -> str | None:
    """Return a Python that is new enough, None where there is none."""
    if sys.version_info >= (3, 12):
        return sys.executable
    homes = sorted(Path(sys.base_prefix).parent.glob("3.1[2-9]*/bin/python3"))
    return str(homes[0]) if homes else shutil.which("python3.12") or shutil.which("python3.13")


def installed() -> tuple[Path, dict[str, str]] | None:
    """Return the program and what it needs in its environment; None where it cannot be had or does not start."""
    home, newer = ROOT / "build" / f"agent-bus-mcp-{VERSION}", python()
    program = home / "bin" / "agent-bus"
    if not program.exists() and newer:
        with suppress(subprocess.SubprocessError):
            subprocess.run([newer, "-m", "venv", home], check=True, capture_output=True, timeout=PATIENCE)
            pip = [
                home / "bin" / "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                f"agent-bus-mcp=={VERSION}",
            ]
            subprocess.run(pip, check=True, capture_output=True, timeout=5 * PATIENCE)
    if not program.exists():
        return None
    return next(((program, more) for more in ({}, _shim(home)) if _starts(program, more)), None)


def _shim(home: Path) -> dict[str, str]:
    compiler, made = shutil.which("cc"), home / "shim.so"
    if compiler and not made.exists():
        (home / "shim.c").write_text(SHIM)
        command = [compiler, "-shared", "-fPIC", "-o", made, home / "shim.c"]
        subprocess.run(command, check=False, capture_output=True, timeout=PATIENCE)
    return {"LD_PRELOAD": str(made)} if made.exists() else {}


def _starts(program: Path, more: dict[str, str]) -> bool:
    tried = subprocess.run([program, "--version"], env=_environment(more), capture_output=True, timeout=PATIENCE)
    return tried.returncode == 0


def _environment(more: dict[str, str]) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("NEXUS_", "PYTHON"))}
    return clean | {"AGENT_BUS_EMBEDDINGS_AUTOINDEX": "0"} | more


class Bus:
    """One process of it, as one client has it."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process, self._last = process, 0
        about = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
        self._ask("initialize", about)
        self._tell({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def call(self, tool: str, **arguments: Any) -> Any:
        """Call a tool and return what it answers."""
        said = self._ask("tools/call", {"name": tool, "arguments": arguments})
        assert not said.get("isError"), (tool, said)
        return said["structuredContent"]

    def _ask(self, method: str, params: Any) -> Any:
        self._last += 1
        self._tell({"jsonrpc": "2.0", "id": self._last, "method": method, "params": params})
        while True:
            assert self._process.stdout
            answer = json.loads(self._process.stdout.readline())
            if answer.get("id") == self._last:
                return answer["result"]

    def _tell(self, message: Any) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()


@contextmanager
def running(program: Path, more: dict[str, str], database: Path) -> Iterator[Bus]:
    """Run one process until the end of the block."""
    env = _environment(more | {"AGENT_BUS_DB": str(database)})
    pipe = subprocess.PIPE
    process = subprocess.Popen([program], env=env, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True)
    try:
        yield Bus(process)
    finally:
        process.kill()
        process.communicate()


def story(program: Path, more: dict[str, str], database: Path) -> None:
    """Let two clients talk in two topics; one is closed in the end, and one post is deleted."""
    with running(program, more, database) as one, running(program, more, database) as two:
        plan = one.call("topic_create", name="release 4", metadata={"goal": "ship"})["topic_id"]
        one.call("topic_join", agent_name="ann", topic_id=plan)
        two.call("topic_join", agent_name="ben the second", topic_id=plan)
        sent = one.call(
            "sync",
            topic_id=plan,
            wait_seconds=0,
            outbox=[
                {"content_markdown": "# Plan\n\nShip **it** — ünï 🛟.", "client_message_id": "plan-1"},
                {"content_markdown": "A slip.", "message_type": "message"},
                {"content_markdown": "Who reviews?", "message_type": "question"},
            ],
        )["sent"]
        question = sent[2]["message"]["message_id"]
        two.call("sync", topic_id=plan, wait_seconds=0)
        answer = {"content_markdown": "I do.", "message_type": "answer", "reply_to": question, "metadata": {"eta": 5}}
        two.call("sync", topic_id=plan, wait_seconds=0, outbox=[answer])
        done = one.call("topic_create", name="retro")["topic_id"]
        one.call("topic_join", agent_name="ann", topic_id=done)
        one.call("sync", topic_id=done, wait_seconds=0, outbox=[{"content_markdown": "All went well."}])
        one.call("topic_close", topic_id=done, reason="over")
    python3 = program.with_name("python")
    slip = sent[1]["message"]["message_id"]
    code = (
        f"from agent_bus.db import AgentBusDB; AgentBusDB(path={str(database)!r}).delete_message(message_id={slip!r})"
    )
    subprocess.run([python3, "-c", code], env=_environment(more), check=True, capture_output=True, timeout=PATIENCE)
