"""The doctor for one client: whether a coding agent's program reaches the server, as whom, and what it is offered.

Only what a client does is done: its own key asks, lists and sends, and its hooks are run as its program runs them.
"""

import json
import os
import secrets
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nexus_site.cli.command import Failed
from nexus_site.cli.findings import FAIL, OK, WARN, Finding
from nexus_site.cli.offered import PATH, offered
from nexus_site.cli.wanting import query_of
from nexus_site.cli.ways import Remote, configuration, operator_key
from nexus_site.cli.written import again, connected, files
from nexus_site.connect.detect import BINARIES, program_of
from nexus_site.connect.jsonc import Unreadable
from nexus_site.connect.keys import kept
from nexus_site.serving import lock

__all__ = ["client_lines"]

WHOAMI, OPERATOR = "/api/v1/whoami", "operator"
SLOW, PATIENCE = 1.0, 10.0
OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True)
class _Client:
    """A harness as an agent: where its key is, the path it asks at, and the command that connects it again."""

    harness: str
    agent: str
    key_file: Path
    path: str
    again: str


def client_lines(harness: str, agent: str) -> list[Finding]:
    """Return what is right and wrong with a harness as this agent, each fault with the command that mends it."""
    home, first, found = configuration().home, f"nexus connect {harness} --agent {agent}", list[Finding]()
    path = PATH
    try:
        if mine := connected(home, harness, agent):
            first, path, found = again(mine[0]), f"{PATH}{query_of(mine[0])}", [*files(home, mine)]
        else:
            found = [Finding(FAIL, "files", f"{harness} is not connected as {agent}.", first)]
    except Unreadable as error:
        found = [Finding(FAIL, "files", f"{error}.", first)]
    client = _Client(harness, agent, home / "keys" / agent, path, first)
    return [*_program(harness), *found, *_answers(home, client)]


def _program(harness: str) -> Iterator[Finding]:
    names = BINARIES.get(harness, ())
    if not names:
        return
    found = program_of(harness)
    if not found:
        yield Finding(WARN, "program", f"There is no {' or '.join(names)} on the PATH of this shell.")
    else:
        yield Finding(OK, "program", found)


def _answers(home: Path, client: _Client) -> Iterator[Finding]:
    running, path = lock.running(home), client.key_file
    url = os.environ.get("NEXUS_URL") or (running.url if running else "")
    key = kept(path)
    if not url:
        yield Finding(FAIL, "endpoint", "No server runs on this data.", "nexus serve")
    else:
        yield Finding(OK, "endpoint", f"{url}/mcp")
    if not key:
        yield Finding(FAIL, "key", f"There is no key in {path}.", client.again)
    elif path.stat().st_mode & OTHERS:
        yield Finding(FAIL, "key", f"Others can read {path}.", f"chmod 600 {path}")
    yield _hook(client)  # before it sends: by its hook it joins the workspace of this folder
    if url and key:
        yield from _calls(home, Remote(url, key), client)


def _calls(home: Path, by: Remote, client: _Client) -> Iterator[Finding]:
    """Ask, list and send with the client's own key."""
    try:
        me = by.request("GET", WHOAMI, None)
    except Failed as failed:
        error = failed.shape["error"]
        is_key = error["code"] == "unauthorized"
        fix = f"rm {client.key_file}; {client.again}" if is_key else "nexus status"
        yield Finding(FAIL, "key" if is_key else "endpoint", error["message"], fix)
        return
    if me["agent"] != client.agent:
        yield Finding(FAIL, "key", f"The key is that of {me['agent']}, not of {client.agent}.", client.again)
        return
    yield Finding(OK, "key", f"that of {client.agent}, kept in {client.key_file}")
    yield _tools(by, client)
    yield _send(by, Remote(by.url, operator_key(home)))


def _tools(by: Remote, client: _Client) -> Finding:
    found = offered(by.url, kept(client.key_file), client.path)
    if found is None:
        return Finding(FAIL, "tools", f"The server does not list its tools over MCP at {client.path}.", "nexus status")
    return Finding(OK, "tools", f"{found.tools} in {found.size:,} bytes, sha256 {found.sha256}")


def _send(by: Remote, operator: Remote) -> Finding:
    """Send a message to the operator, who reads it at once: nobody else is bothered, and no agent is woken."""
    begun = time.perf_counter()
    order = {"to": OPERATOR, "subject": "A test by nexus doctor", "body": "Nothing to do.", "priority": 0}
    try:
        place = {"workspace": operator.call("workspace_resolve", {"project_root": os.getcwd()})["workspace"]}
        sent = by.call("message_create", order | place)["message"]
        operator.call("inbox_ack", {"messages": [sent]} | place)
    except Failed as failed:
        if failed.shape["error"]["code"] == "not_found":
            return Finding(WARN, "send", "It has not worked in this folder yet: then it names the folder to `whoami`.")
        return Finding(FAIL, "send", failed.shape["error"]["message"], "nexus status")
    return Finding(OK, "send", f"to the operator, who has read it, in {_ms(begun)}")


def _hook(client: _Client) -> Finding:
    """Run the hooks of a session that begins and ends at once; they fail open, and then the first says why."""
    program = Path(sys.executable).with_name("nexus-hook")
    if not program.exists():
        return Finding(WARN, "hook", f"There is no {program}, so nothing is told at the start of a session.")
    begun, said = time.perf_counter(), json.dumps({"session_id": f"doctor-{secrets.token_hex(8)}", "cwd": os.getcwd()})
    for event in ("start", "end"):
        command = [str(program), event, "--harness", client.harness, "--agent", client.agent]
        try:
            ended = subprocess.run(command, input=said, capture_output=True, text=True, timeout=PATIENCE)
        except (OSError, subprocess.TimeoutExpired) as error:
            return Finding(FAIL, "hook", f"{program} does not run: {error}.", client.again)
        if ended.returncode:
            return Finding(FAIL, "hook", f"`{event}` ended with code {ended.returncode}.", client.again)
        if why := ended.stderr.strip():
            is_away = "nexus status" in why
            state = WARN if is_away and time.perf_counter() - begun > SLOW else FAIL
            return Finding(state, "hook", why, "nexus status" if is_away else client.again)
    if time.perf_counter() - begun > 2 * SLOW:
        return Finding(WARN, "hook", f"start and end took {_ms(begun)}.", "nexus status")
    return Finding(OK, "hook", f"start and end took {_ms(begun)}")


def _ms(begun: float) -> str:
    return f"{(time.perf_counter() - begun) * 1000:.0f} ms"
