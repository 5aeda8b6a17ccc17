"""The official suite, run against a process of ours, and what it found."""

import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from tests.live.servers import PATIENCE, ROOT, free_port

MODULES = ROOT / "tests" / "clients" / "node_modules"
SUITE = MODULES / "@modelcontextprotocol" / "conformance" / "dist" / "index.js"
FOLDER = re.compile(r"server-(.+)-\d{4}-\d\d-\d\dT[\d-]+Z")
FINE = frozenset({"SUCCESS", "INFO"})
LONGEST = 300
HASTY = {
    "sep-2575-http-server-no-independent-requests-on-stream",
    "sep-2575-server-no-log-without-loglevel",
    "sep-2575-server-sends-subscription-ack",
    "sep-2575-server-tags-subscription-id",
    "sep-2575-server-honors-notification-filter",
}


@dataclass
class Findings:
    """The checks of every scenario that ran, and the scenarios that count."""

    checks: dict[str, list[dict[str, Any]]]
    scored: list[str]
    output: str
    code: int

    def wanting(self, *scenarios: str, fine: frozenset[str] = FINE) -> dict[str, str]:
        """Return the checks of these scenarios that did not pass, with what the suite says."""
        return {
            f"{scenario}: {check['id']}": f"{check['status']}: {check.get('errorMessage')}"
            for scenario in scenarios
            for check in self.checks[scenario]
            if check["status"] not in fine
        }

    def passed(self, scenario: str) -> int:
        """Return how many checks of a scenario passed."""
        return sum(check["status"] == "SUCCESS" for check in self.checks[scenario])

    def summary(self, *scenarios: str) -> str:
        """Return the counts of these scenarios in one line."""
        counts = Counter(check["status"] for scenario in scenarios for check in self.checks[scenario])
        parts = [
            f"{counts[status]} {status.lower()}" for status in ("SUCCESS", "FAILURE", "WARNING", "SKIPPED", "INFO")
        ]
        return f"{len(scenarios)} scenarios: {', '.join(parts)}"


def _suite(*words: str) -> subprocess.CompletedProcess[str]:
    nodes = list(MODULES.glob("node-linux-*/bin/node"))
    assert nodes, "Run `make slow` once: it installs Node and the suite under tests/clients."
    command = [nodes[0], SUITE, *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=LONGEST, stdin=subprocess.DEVNULL)


def scored(requirements: str) -> list[str]:
    """Return the server scenarios that a requirement set scores, as the suite lists them."""
    listed = _suite("list", "--server", "--requirements", requirements).stdout
    section = listed.partition("Server scenarios")[2].partition("\n\n")[0]
    return re.findall(r"^  - (\S+)$", section, re.MULTILINE)


def run(url: str, requirements: str, output: Path) -> Findings:
    """Run a requirement set against a server; once more where the suite gave up what it waits half a second for."""
    found = _run(url, requirements, output / "first")
    if any(name.rpartition(": ")[2] in HASTY for name in found.wanting(*found.scored)):
        found = _run(url, requirements, output / "second")
    return found


def _run(url: str, requirements: str, output: Path) -> Findings:
    output.mkdir(parents=True)
    done = _suite("server", "--url", url, "--requirements", requirements, "-o", str(output))
    checks = {}
    for folder in output.iterdir():
        match = FOLDER.fullmatch(folder.name)
        assert match, folder.name
        checks[match[1]] = json.loads((folder / "checks.json").read_text())
    return Findings(checks, scored(requirements), done.stdout + done.stderr, done.returncode)


@contextmanager
def serving(which: str, folder: Path) -> Iterator[str]:
    """Run the fixture or Nexus itself in a process of its own; yield its MCP URL."""
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NEXUS_")}
    environment["NEXUS_HOME"] = str(folder / "home")
    command = [sys.executable, "-m", "tests.conformance.app", which, str(port)]
    with (folder / "app.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        _wait(process, f"http://127.0.0.1:{port}/mcp", folder / "app.log")
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        process.kill()
        process.wait(PATIENCE)


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()
        try:
            httpx2.get(url, timeout=5)
        except httpx2.TransportError:
            continue
        return
    raise AssertionError(log.read_text())
