"""`nexus demo`: a scripted team at work, to look at on the Live page."""

import argparse
from pathlib import Path

from nexus_site.cli.command import USAGE, Command, Failed, show
from nexus_site.cli.ways import configuration, operator_key
from nexus_site.demo.client import Client, Refused
from nexus_site.demo.repository import look
from nexus_site.demo.scenes import play
from nexus_site.demo.team import Over, Team
from nexus_site.serving import lock

__all__ = ["COMMANDS"]

MOST_MINUTES, MOST_SPEED = 120.0, 200.0


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--minutes", type=float, default=7.0, help="how long it lasts (7); after 5 one agent turns stale"
    )
    parser.add_argument("--speed", type=float, default=1.0, help="how much faster than people work (1)")
    parser.add_argument("--keep", action="store_true", help="archive none of its agents at the end")
    parser.add_argument("--json", action="store_true", help="print JSON at the end and nothing before")


def demo(given: argparse.Namespace) -> int:
    """Play the story against the running server until its time is over, or until Ctrl+C."""
    if not (0 < given.minutes <= MOST_MINUTES and 0 < given.speed <= MOST_SPEED):
        hint = f"--minutes takes up to {MOST_MINUTES:.0f}, --speed up to {MOST_SPEED:.0f}."
        raise Failed.because("There is no such time.", hint, USAGE, "invalid_input")
    home = configuration().home
    running = lock.running(home)
    if running is None:
        raise Failed.because("The demo is for a running server.", "Start one in another terminal: nexus serve")
    said: list[str] = []
    team = Team(running.url, Client(running.url, operator_key(home)), look(Path.cwd()), Saying(given, said))
    team.say(f"A demo of {given.minutes:g} minutes: look at {running.url}, and end it with Ctrl+C")
    try:
        team.start(given.minutes, given.speed)
        team.enrol()
        play(team)
    except Refused as refused:
        raise Failed({"error": refused.error}) from refused
    except (Over, KeyboardInterrupt):
        pass
    finally:
        archived = team.dismiss(keep=given.keep)
    show(given, {"said": said, "archived": archived}, [_farewell(archived)])
    return 0


class Saying:
    """Keeps what happens, and prints it as it happens unless JSON is wanted."""

    def __init__(self, given: argparse.Namespace, said: list[str]) -> None:
        """Keep where it goes."""
        self._given, self._said = given, said

    def __call__(self, text: str) -> None:
        """Take one line."""
        self._said.append(text)
        if not self._given.json:
            show(self._given, {}, [text])


def _farewell(archived: int) -> str:
    return f"The demo is over; its {archived} agents are archived." if archived else "The demo is over."


COMMANDS = {"demo": Command(_arguments, demo, ("", "--minutes 2 --speed 2", "--keep"))}
