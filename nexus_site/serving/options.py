"""The options of `nexus serve`, the same for `manage.py serve`."""

import argparse
import ipaddress
import os
from dataclasses import dataclass, replace
from pathlib import Path

from nexus_site import config
from nexus_site.serving.faults import USAGE, CannotServe

__all__ = ["Options", "add_arguments", "chosen"]

WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # nosec B104


@dataclass(frozen=True)
class Options:
    """What to serve, where and how."""

    config: config.Config
    project_root: str = ""
    as_json: bool = False

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can connect."""
        try:
            return ipaddress.ip_address(self.config.host).is_loopback
        except ValueError:
            return self.config.host == "localhost"

    def url(self, port: int) -> str:
        """Return the address to open on this machine."""
        host = self.config.host
        name = WILDCARDS.get(host) or (f"[{host}]" if ":" in host else host)
        return f"http://{name}:{port}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options to a parser."""
    parser.add_argument("--port", type=_port, help="port to listen on; 0 picks a free one (NEXUS_PORT, 8642)")
    parser.add_argument("--host", help="address to listen on (NEXUS_HOST, 127.0.0.1)")
    parser.add_argument("--server", choices=config.SERVERS, help="web server (NEXUS_SERVER, daphne)")
    parser.add_argument("--project-root", default="", help="a repository whose workspace is made, if it is new")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: give a number from 0 to 65535")
    return int(text)


def chosen(given: argparse.Namespace) -> Options:
    """Return the environment's configuration with what the command line says on top."""
    read = config.read()
    said = {name: getattr(given, name) for name in ("port", "host", "server") if getattr(given, name) is not None}
    root = os.path.abspath(given.project_root) if given.project_root else ""
    if root and not Path(root).is_dir():
        raise CannotServe(f"--project-root must be a folder; there is none at {root}.", USAGE)
    return Options(replace(read, **said), root, given.json)
