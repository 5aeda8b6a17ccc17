"""`nexus open`: the dashboard in the browser, by a link that logs in once."""

import argparse
import os
import sys
import webbrowser

from nexus_site.cli.command import Command, Failed, show
from nexus_site.cli.ways import configuration
from nexus_site.serving import lock, logins

__all__ = ["COMMANDS"]

ONCE = "This link logs in once, within an hour."


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--print", action="store_true", help="print the link and open nothing")
    parser.add_argument("--json", action="store_true", help="print JSON and open nothing")


def open_dashboard(given: argparse.Namespace) -> int:
    """Open the dashboard, or print its link where there is no browser."""
    home = configuration().home
    running = lock.running(home)
    if running is None:
        raise Failed.because(f"No server runs on {home}.", "Start one: nexus serve")
    url = f"{running.url}{logins.create(home)}"
    is_opened = not (given.print or given.json) and _has_screen() and webbrowser.open(url)
    lines = [f"Opened {running.url} in the browser."] if is_opened else [url, ONCE]
    show(given, {"url": url, "opened": is_opened}, lines)
    return 0


def _has_screen() -> bool:
    """Say whether a browser would have a window of its own; one in the terminal would take it over."""
    return sys.platform in ("darwin", "win32") or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))


COMMANDS = {"open": Command(_arguments, open_dashboard, ("", "--print"))}
