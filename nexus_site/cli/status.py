"""`nexus status`: whether it runs, where, and how it is."""

import argparse
import json
from pathlib import Path

from nexus_site.cli.command import DATA, Command, Failed, Json, aligned, show
from nexus_site.cli.ways import Remote, configuration, way
from nexus_site.serving import lock
from nexus_site.serving.lock import Running

__all__ = ["COMMANDS", "database_bytes", "readiness", "size"]


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")


def status(given: argparse.Namespace) -> int:
    """Show the server of the data directory."""
    home = configuration().home
    running = lock.running(home)
    stored = database_bytes(home)
    if running is None:
        absent = {"running": False, "home": str(home), "database_bytes": stored}
        show(given, absent, [f"No server runs on {home} ({size(stored)} of data).", "Start one: nexus serve"])
        return DATA
    ready = readiness(running.url)
    agents = way().call("agent_list", {"presence": "present", "limit": 200})["agents"]
    present = [each["agent"] for each in agents]
    data: Json = {"running": True, **vars(running), "home": str(home), "database_bytes": stored}
    data |= {"present": present, "ready": ready}
    show(given, data, _lines(running, home, data))
    return 0 if ready.get("status") == "ready" else DATA


def _lines(running: Running, home: Path, data: Json) -> list[str]:
    ready, present = data["ready"], data["present"]
    checks = {name: part["ok"] for name, part in ready.items() if isinstance(part, dict)}
    parts = ", ".join(f"{name} {'ok' if is_ok else 'NOT OK'}" for name, is_ok in checks.items())
    rows = [
        ("Nexus", f"{running.version}, process {running.pid} ({running.server}), since {running.started_at}"),
        ("Address", running.url),
        ("Data", f"{home}, {size(data['database_bytes'])}"),
        ("Health", f"{ready.get('status', 'no answer')}{f' ({parts})' if parts else ''}"),
        ("Restarts", f"web server {running.web_restarts}, cluster {running.cluster_restarts}, since the start"),
        ("Queue", f"{ready.get('lane', {}).get('depth', '?')} writes wait"),
        ("Present", ", ".join(present) or "nobody"),
    ]
    return aligned(rows)


def readiness(url: str) -> Json:
    """Return what `/readyz` says, also when it says no; empty where nothing answers."""
    try:
        with Remote(url, "").open("GET", "/readyz", None) as response:
            return dict(json.loads(response.read()))
    except (Failed, ValueError):
        return {}


def database_bytes(home: Path) -> int:
    """Return the size of the database with its write-ahead log."""
    return sum(path.stat().st_size for path in home.glob("nexus.sqlite3*"))


def size(count: int) -> str:
    """Return a number of bytes for people."""
    return f"{count / 1_000_000:.1f} MB"


COMMANDS = {"status": Command(_arguments, status, ("", "--json"))}
