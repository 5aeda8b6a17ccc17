"""The published package `okto-nexus`, installed into a folder of its own and really run, to make databases to import."""

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.serving.processes import ROOT

VERSIONS = ("0.1.10", "0.2.3", "0.3.1")
PATIENCE = 90.0


def installed(version: str) -> Path | None:
    """Return the program of a version, installed where it was not yet; None where it cannot be had."""
    home = ROOT / "build" / f"okto-nexus-{version}"
    program = home / "bin" / "okto-nexus"
    if not program.exists():
        with suppress(subprocess.SubprocessError):
            subprocess.run([sys.executable, "-m", "venv", home], check=True, capture_output=True, timeout=PATIENCE)
            package = f"okto-nexus[serve-lite]=={version}"
            pip = [home / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", package]
            subprocess.run(pip, check=True, capture_output=True, timeout=5 * PATIENCE)
    return program if program.exists() else None


class Okto:
    """A running `okto-nexus serve`, and what one asks of it."""

    def __init__(self, url: str) -> None:
        self.netloc = url.removeprefix("http://")
        self.keys: dict[str, str] = {}
        self.sessions: dict[str, str] = {}

    def post(self, path: str, body: Any, **headers: str) -> tuple[Any, http.client.HTTPMessage]:
        """Send JSON and return what is answered, in one document or as the last event of a stream."""
        with closing(http.client.HTTPConnection(self.netloc, timeout=PATIENCE)) as connection:
            sent = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream", **headers}
            connection.request("POST", path, json.dumps(body), sent)
            response = connection.getresponse()
            text = response.read().decode()
        events = [line[5:] for line in text.splitlines() if line.startswith("data:")]
        said = events[-1] if events else text
        return json.loads(said) if said.strip() else {"status": response.status}, response.headers

    def agent(self, name: str, **profile: Any) -> None:
        """Create an agent as the operator does."""
        for word in profile.get("capabilities", ()):
            self.post("/api/v1/capabilities", {"name": word})
        answer, _ = self.post("/api/v1/agents", {"agent_id": name, **profile})
        self.keys[name] = answer["data"]["api_key"]

    def call(self, who: str, tool: str, **arguments: Any) -> Any:
        """Call a tool over MCP as an agent."""
        if who not in self.sessions:
            about = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
            _, headers = self._rpc(who, "initialize", about)
            self.sessions[who] = headers["Mcp-Session-Id"] or ""
            self._rpc(who, "notifications/initialized", {})
        answer, _ = self._rpc(who, "tools/call", {"name": tool, "arguments": arguments})
        assert "result" in (answer or {}), (tool, answer)
        said = answer["result"]
        told = said.get("structuredContent") or said["content"][0]["text"]
        assert not said.get("isError"), (tool, told)
        data = json.loads(told) if isinstance(told, str) else told.get("result", told)
        assert data.get("ok"), data
        return data.get("data", data)

    def _rpc(self, who: str, method: str, params: Any) -> tuple[Any, http.client.HTTPMessage]:
        headers = {"Authorization": f"Bearer {self.keys[who]}", "X-API-Key": self.keys[who]}
        if self.sessions.get(who):
            headers["Mcp-Session-Id"] = self.sessions[who]
        request: dict[str, Any] = {"jsonrpc": "2.0", "method": method, "params": params}
        if not method.startswith("notifications/"):
            request["id"] = 1
        return self.post("/mcp/", request, **headers)


@contextmanager
def serving(program: Path, home: Path, project: Path, port: int) -> Iterator[Okto]:
    """Run a server on loopback until the end of the block."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("NEXUS_", "PYTHON"))}
    env = clean | {"OKTO_NEXUS_METRICS_MODE": "disabled", "HOME": str(home)}
    words = ["serve", "--port", str(port), "--host", "127.0.0.1", "--home", home / "data", "--project-root", project]
    with (home / "serve.log").open("ab") as log:
        process = subprocess.Popen([program, *words], cwd=project, env=env, stdout=log, stderr=log)
    try:
        okto = Okto(f"http://127.0.0.1:{port}")
        _wait(okto, process)
        yield okto
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        if process.poll() is None:
            process.kill()
            process.wait()


def _wait(okto: Okto, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + PATIENCE
    while True:
        assert process.poll() is None, "the server ended"
        assert time.monotonic() < end, "the server did not start"
        try:
            with closing(http.client.HTTPConnection(okto.netloc, timeout=1)) as connection:
                connection.request("GET", "/api/v1/workspaces")
                connection.getresponse()
                return
        except OSError:
            time.sleep(0.2)


def story(okto: Okto, project: Path) -> dict[str, str]:
    """Let three agents write, read and hand over as people would find it; return the ids of what matters."""
    root = str(project)
    okto.agent("ann", role="lead", capabilities=["python"])
    okto.agent("ben.b", role="reviewer", capabilities=["review"])
    okto.agent("carla", role="tester")
    workspace = okto.call("ann", "workspace_resolve", project_root=root)["workspace_id"]
    for name in ("ann", "ben.b", "carla"):
        okto.call(name, "session_open", agent_id=name, workspace_id=workspace)

    def send(who: str, target: Any, subject: str, body: str, **more: Any) -> str:
        sent = okto.call(
            who,
            "message_create",
            project_root=root,
            from_agent_id=who,
            target=target,
            subject=subject,
            body=body,
            **more,
        )
        return str(sent["message_id"])

    first = send("ann", {"strategy": "direct", "agent_id": "ben.b"}, "Plan", "# Plan\n\nShip **it** — ünï 🛟.")
    okto.call("ben.b", "inbox_pull", agent_id="ben.b")
    okto.call("ben.b", "inbox_ack", agent_id="ben.b", message_ids=[first])
    answer = send("ben.b", {"strategy": "direct", "agent_id": "ann"}, "Re: Plan", "Yes.", parent_message_id=first)
    everyone = send("carla", None, "To all", "Tests are green.")
    handoffs = {
        name: str(
            okto.call(
                "ann",
                "handoff_create",
                project_root=root,
                from_agent_id="ann",
                target={"strategy": "direct", "agent_id": "ben.b"},
                visibility="public",
                payload={"title": name, "step": 1},
            )["handoff_id"]
        )
        for name in ("done", "open", "held", "refused")
    }
    for name in ("done", "held"):
        claim = okto.call("ben.b", "handoff_claim", project_root=root, handoff_id=handoffs[name], agent_id="ben.b")
        if name == "done":
            more = {"claim_epoch": claim["claim_epoch"]} if claim.get("claim_epoch") else {}
            order = {"handoff_id": handoffs[name], "agent_id": "ben.b", "result": {"commit": "8c1f0de"}, **more}
            okto.call("ben.b", "handoff_complete", project_root=root, **order)
    refused = {"handoff_id": handoffs["refused"], "agent_id": "ben.b", "reason": "No time."}
    okto.call("ben.b", "handoff_reject", project_root=root, **refused)
    return {"workspace": workspace, "first": first, "answer": answer, "everyone": everyone, **handoffs}
