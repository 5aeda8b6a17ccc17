"""A real `nexus serve` on a free port with a data directory of its own, and the clients that talk to it."""

import asyncio
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client

ROOT = Path(__file__).resolve().parents[2]
MODERN = "2026-07-28"
LOW_MINIMA = {"NEXUS_INBOX_LEASE_MIN": "1", "NEXUS_HANDOFF_LEASE_MIN": "1", "NEXUS_PAIR_LIMIT": "0"}
PATIENCE = 60
STARTS_WITHIN, LEFT_WITHIN = 180, 30
PORTS = range(12_000, 32_000)  # the kernel gives none of them to anybody who does not name it
WORKERS = 8


def free_port() -> int:
    """Return a port that nobody listens on, of those that are for this worker alone."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    for port in random.sample(PORTS[worker % WORKERS :: WORKERS], 100):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


class Server:
    """One server; it can be killed and started again on the same data and port."""

    def __init__(self, home: Path, **environment: str) -> None:
        """Choose where it lives; `start` starts it."""
        self.home, self.port = home, free_port()
        self.project = home.parent / f"{home.name}-project"
        self.project.mkdir(parents=True, exist_ok=True)
        clean = {name: value for name, value in os.environ.items() if not name.startswith("NEXUS_")}
        self.environment = clean | LOW_MINIMA | {"NEXUS_HOME": str(home)} | environment
        self.process: subprocess.Popen[bytes] | None = None
        self.clients: list[httpx2.Client] = []

    @property
    def url(self) -> str:
        """Return its base URL."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> "Server":
        """Start it and wait until it is ready."""
        command = [sys.executable, "manage.py", "serve", "--port", str(self.port), "--project-root", str(self.project)]
        log = (self.home.parent / f"{self.home.name}.log").open("ab")
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
        )
        log.close()
        self._wait()
        return self

    def _wait(self) -> None:
        assert self.process is not None
        end = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < end:
            assert self.process.poll() is None, (self.home.parent / f"{self.home.name}.log").read_text()
            try:
                if httpx2.get(f"{self.url}/healthz", timeout=5).status_code == 200:
                    return
            except httpx2.TransportError:
                time.sleep(0.05)
        raise AssertionError("the server did not become ready")

    def stop(self) -> int:
        """End it politely and return the exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        """Kill the whole process group at once, as a power cut would."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)

    def client(self, **settings: Any) -> httpx2.Client:
        """Return an HTTP client that is closed with the server."""
        self.clients.append(httpx2.Client(timeout=PATIENCE, **settings))
        return self.clients[-1]

    def close(self) -> None:
        """Close the clients, and end the server if it still runs."""
        for client in self.clients:
            client.close()
        if self.process is not None and self.process.poll() is None:
            self.stop()

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `nexus …` on its data directory."""
        program = [sys.executable, "-m", "nexus_site.cli", *words]
        return subprocess.run(program, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=120)

    def agent(self, name: str, **fields: Any) -> "Rest":
        """Add an agent of the project and return its REST client."""
        answer = self.operator().post("agents", name=name, project_root=str(self.project), **fields)
        return Rest(self, answer["key"])

    def operator(self) -> "Rest":
        """Return the REST client of whoever sits at the machine."""
        return Rest(self, "")


class Rest:
    """An HTTP client of one agent; a refusal comes back as its error shape."""

    def __init__(self, server: Server, key: str) -> None:
        """Keep the key; an empty one is the operator on this machine."""
        self.server, self.key = server, key
        self.headers = {"Authorization": f"Bearer {key}"} if key else {}
        self.http = server.client(base_url=f"{server.url}/api/v1/", headers=self.headers)

    def get(self, path: str, **query: Any) -> Any:
        """Answer a GET."""
        return self.http.get(path, params=query).json()

    def post(self, path: str, **body: Any) -> Any:
        """Answer a POST."""
        return self.http.post(path, json=body).json()


class Tools:
    """An MCP client of one agent."""

    def __init__(self, client: Client) -> None:
        """Wrap a connected client."""
        self.client = client

    async def __call__(self, tool: str, /, **arguments: Any) -> Any:
        """Call a tool; return its structured content, or the error shape it refused with."""
        result = await self.client.call_tool(tool, arguments)
        assert json.loads(result.content[0].text) == result.structured_content
        return result.structured_content


@asynccontextmanager
async def mcp_tools(server: Server, key: str, mode: str = "legacy", query: str = "") -> AsyncIterator[Tools]:
    """Connect the official client in one era: `legacy` for handshakes, a version for the modern one."""
    http = create_mcp_http_client(headers={"Authorization": f"Bearer {key}"})
    client = Client(streamable_http_client(f"{server.url}/mcp{query}", http_client=http), mode=mode)
    async with http, left_in_time(client):
        yield Tools(client)


@asynccontextmanager
async def left_in_time(client: Client) -> AsyncIterator[Client]:
    """Enter a client, and leave it within a while: one in hundreds waits for ever for a task of its own that it cancelled."""
    await client.__aenter__()
    try:
        yield client
    finally:
        with suppress(TimeoutError):
            async with asyncio.timeout(LEFT_WITHIN):
                await client.__aexit__(*sys.exc_info())


def play(scenario: Any, seconds: float = 300) -> Any:
    """Run an async scenario with a generous limit."""
    return asyncio.run(asyncio.wait_for(scenario, seconds))
