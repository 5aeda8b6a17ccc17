"""What `nexus serve` prints."""

import json
import sys
from dataclasses import asdict, dataclass

from nexus_site.connect.detect import BINARIES, program_of
from nexus_site.serving.lock import Running

__all__ = ["Found", "say", "show"]

ACCESS = {
    "open": "open: whoever reaches this machine's loopback is the operator of the dashboard and REST",
    "login": "by the link: the dashboard and REST ask who you are, also on this machine",
}


@dataclass(frozen=True)
class Found:
    """What a person needs to know of a server that runs."""

    running: Running
    home: str
    login: str
    workspace: str = ""
    is_new: bool = True

    @property
    def addresses(self) -> dict[str, str]:
        """Return where each surface is."""
        url = self.running.url
        return {"dashboard": f"{url}{self.login}", "mcp": f"{url}/mcp", "rest": f"{url}/api/v1/docs"}


def show(found: Found, *, as_json: bool) -> None:
    """Print where everything is, and what to do next."""
    if as_json:
        data = asdict(found.running) | found.addresses | {"home": found.home, "already_running": not found.is_new}
        data |= {"harnesses": _installed()}
        print_now(json.dumps(data))
        return
    print_now("\n".join(_lines(found)))


def _lines(found: Found) -> list[str]:
    running, where = found.running, found.addresses
    how = "is running." if found.is_new else f"runs already, as process {running.pid}."
    rows = [
        ("Dashboard", f"{where['dashboard']}  (this link logs in once, within an hour)"),
        ("MCP", where["mcp"]),
        ("REST", where["rest"]),
        *([("Access", ACCESS[running.loopback])] if running.loopback in ACCESS else []),
        ("Data", found.home),
        *([("Workspace", found.workspace)] if found.workspace else []),
        ("", ""),
        *_next(),
        ("Watch a demo", "nexus demo"),
        ("Follow along", "nexus tail"),
        ("Stop", "Ctrl+C" if found.is_new else f"kill {running.pid}"),
    ]
    return [
        "",
        f"Nexus {running.version} {how}",
        "",
        *(f"  {name:<22}{value}".rstrip() for name, value in rows),
        "",
    ]


def _next() -> list[tuple[str, str]]:
    """Return how to connect each program that is installed here, and any other client."""
    rows = [(f"Connect {harness}", f"nexus connect {harness}") for harness in _installed()]
    return [*rows, ("Any other client", "nexus agent add NAME    in the folder where it works")]


def _installed() -> list[str]:
    """Return the harnesses whose programs are on the PATH; none is asked for its version, so the start waits for none."""
    return [harness for harness in BINARIES if program_of(harness)]


def print_now(text: str) -> None:
    """Print to standard output at once, as others may wait for the line; a closed terminal is no error."""
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except OSError:
        return


def say(text: str) -> None:
    """Write a line for whoever reads the log."""
    try:
        sys.stderr.write(f"nexus: {text}\n")
        sys.stderr.flush()
    except OSError:
        return
