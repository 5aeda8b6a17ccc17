"""`nexus doctor`: what is wrong, each line with the command that mends it."""

import argparse
import itertools
import os
import platform
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from importlib import metadata
from pathlib import Path
from typing import Any

from bus import storage
from nexus_site.cli.checkup import client_lines
from nexus_site.cli.command import USAGE, Command, Failed
from nexus_site.cli.findings import FAIL, OK, WARN, Finding, report
from nexus_site.cli.naming import agent_name
from nexus_site.cli.offered import EVERYTHING, offered
from nexus_site.cli.status import database_bytes, readiness, size
from nexus_site.cli.ways import configuration, operator_key
from nexus_site.cli.written import agent_of
from nexus_site.connect.harnesses import HARNESSES
from nexus_site.serving import lock

__all__ = ["COMMANDS", "client_lines"]

DATABASES = ("nexus.sqlite3", "queue.sqlite3")
LEAST_FREE = 1_000_000_000


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--client", choices=HARNESSES, metavar="HARNESS", help="look at one coding agent's connection")
    parser.add_argument("--agent", help="who that is on the bus (as whom it is connected)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def doctor(given: argparse.Namespace) -> int:
    """Check the installation, or one client of it; exit code 1 when a check failed."""
    if given.client:
        agent = agent_name(given.agent) if given.agent else agent_of(configuration().home, given.client)
        return report(given, client_lines(given.client, agent))
    if given.agent:
        raise Failed.because("--agent is for --client.", "nexus doctor --client HARNESS", USAGE, "invalid_input")
    home = configuration().home
    checks = (_versions(), _directory(home), _databases(home), _disk(home), _backups(home), _server(home))
    return report(given, itertools.chain(*checks))


def _versions() -> Iterator[Finding]:
    yield Finding(OK, "versions", f"Nexus {metadata.version('nexus-bus')}, Python {platform.python_version()}")
    if storage.can_damage():
        text = (
            f"SQLite {sqlite3.sqlite_version} can, very rarely, damage a database in WAL mode; "
            f"from {storage.MENDED} on it cannot. Keep backups."
        )
        yield Finding(WARN, "sqlite", text, "nexus backup")
    else:
        yield Finding(OK, "sqlite", f"SQLite {sqlite3.sqlite_version}")


def _directory(home: Path) -> Iterator[Finding]:
    if not home.is_dir():
        yield Finding(FAIL, "data", f"There is no data directory {home} yet.", "nexus serve")
        return
    shut = [path for path in (home, *map(home.joinpath, DATABASES)) if path.exists() and not os.access(path, os.W_OK)]
    if shut:
        yield Finding(FAIL, "data", f"{shut[0]} cannot be written.", f"chmod u+w {shut[0]}")
    open_paths = [path for path in (home, *home.iterdir()) if stat.S_IMODE(path.stat().st_mode) & 0o077]
    if home in open_paths:
        yield Finding(FAIL, "data", f"Others can open {home}.", f"chmod 700 {home}")
    elif open_paths:
        yield Finding(WARN, "data", f"{open_paths[0].name} is readable for others.", f"chmod go= {open_paths[0]}")
    else:
        yield Finding(OK, "data", f"{home}, closed to others")


def _databases(home: Path) -> Iterator[Finding]:
    for name in DATABASES:
        path = home / name
        if not path.exists():
            yield Finding(FAIL, name, "It is not there yet.", "nexus serve")
            continue
        found = _integrity(path)
        if found == "ok":
            yield Finding(OK, name, f"sound, {size(path.stat().st_size)}")
        elif name == DATABASES[0]:
            yield Finding(
                FAIL, name, f"It is damaged: {found}.", f"nexus restore {storage.newest_backup(home) or 'FILE'}"
            )
        else:
            yield Finding(FAIL, name, f"It is damaged: {found}. It is made anew.", f"mv {path} {path}.damaged")


def _integrity(path: Path) -> str:
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=5)) as raw:
            return str(raw.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.Error as error:
        return str(error)


def _disk(home: Path) -> Iterator[Finding]:
    folder = next(path for path in (home, *home.parents) if path.is_dir())
    free = shutil.disk_usage(folder).free
    if free < max(LEAST_FREE, 2 * database_bytes(home)):
        yield Finding(WARN, "disk", f"Only {size(free)} are free.", "nexus prune")
    else:
        yield Finding(OK, "disk", f"{size(free)} free")


def _backups(home: Path) -> Iterator[Finding]:
    newest = storage.newest_backup(home)
    if not newest:
        yield Finding(WARN, "backups", "There is no backup yet.", "nexus backup")
    else:
        yield Finding(OK, "backups", f"the newest is {newest}")


def _server(home: Path) -> Iterator[Finding]:
    running = lock.running(home)
    if running is None:
        yield Finding(WARN, "server", "No server runs on this data.", "nexus serve")
        return
    ready = readiness(running.url)
    if not ready:
        yield Finding(FAIL, "server", f"{running.url} does not answer.", f"kill {running.pid}; nexus serve")
        return
    yield Finding(OK, "server", f"{running.url}, Nexus {running.version}, process {running.pid}")
    if running.version != metadata.version("nexus-bus"):
        text = f"The server is Nexus {running.version}, this command another version."
        yield Finding(WARN, "server", text, f"kill {running.pid}; nexus serve")
    if restarts := running.web_restarts + running.cluster_restarts:
        text = f"Its processes ended unexpectedly and were started again, {restarts} times. Its output says why."
        yield Finding(WARN, "restarts", text)
    for name, part in ready.items():
        if isinstance(part, dict) and not part["ok"]:
            yield _unwell(name, part, running.pid)
    yield _tools(running.url, operator_key(home))


def _tools(url: str, key: str) -> Finding:
    """Say what agents are offered as a hash: it stays the same until Nexus itself is another version."""
    found = offered(url, key, EVERYTHING)
    if found is None:
        return Finding(WARN, "tools", "The server does not list its tools over MCP.", "nexus status")
    return Finding(OK, "tools", f"{found.tools} over MCP, sha256 {found.sha256}")


def _unwell(name: str, part: dict[str, Any], pid: int) -> Finding:
    if name != "cluster":
        return Finding(FAIL, name, f"It is not well: {part}.", f"kill {pid}; nexus serve")
    seconds = part.get("heartbeat_seconds")
    what = "does not run" if seconds is None else f"has done nothing for {seconds:.0f} s"
    text = f"Background work {what}. `nexus serve` starts it again by itself; what is due is swept meanwhile."
    return Finding(WARN if seconds is None else FAIL, name, text, "nexus doctor")


COMMANDS = {"doctor": Command(_arguments, doctor, ("", "--client claude-code", "--json"))}
