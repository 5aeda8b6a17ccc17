"""`nexus wake`: what an agent missed, or a program that is started when something comes for it.

Invariant: a wake is claimed before the program is started, and its mail counts as told only after the program ended well.
"""

import argparse
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from nexus_site.cli.calls import add_key, key_of
from nexus_site.cli.command import USAGE, Command, Failed, Json, show
from nexus_site.cli.places import add_workspace, here
from nexus_site.cli.ways import Remote, configuration, way
from nexus_site.hooks.state import State

__all__ = ["COMMANDS"]

WAIT, AGAIN, MOST_REST = 25, 2.0, 60.0
PASSING = ("busy", "rate_limited", "wakes_paused", "unavailable")


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("agent", nargs="?", default="", help="whose mail; default: that of the key")
    parser.add_argument(
        "--command", metavar="LINE", help="stay, and run this in a shell at each wake, digest on its input"
    )
    parser.add_argument("--codex-thread", metavar="ID", help="stay, and queue the digest for this thread of Codex")
    parser.add_argument("--once", action="store_true", help="end after the first wake")
    add_workspace(parser)
    add_key(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def wake(given: argparse.Namespace) -> int:
    """Show the digest, or stay and start a program for what comes."""
    if given.command and given.codex_thread:
        raise Failed.because("--command and --codex-thread do not go together.", "Choose one.", USAGE, "invalid_input")
    key = _key(given)
    by = way(key)
    me = by.call("whoami", here(by, given.workspace, given.agent))
    if given.agent and me["agent"].lower() != given.agent.lower():
        raise Failed.because(f"That key is {me['agent']}'s.", f"Give the key of {given.agent}.", USAGE, "invalid_input")
    place = {"workspace": me["workspace"]}
    if given.command or given.codex_thread:
        return Waiter(given, key, me["agent"], place).stay()
    digest = by.call("wake", place)
    show(given, digest, digest["text"].splitlines())
    return 0


def _key(given: argparse.Namespace) -> str:
    """Return the key of the agent: the one that is given, else the one that `connect` keeps for it."""
    kept = Path(configuration().home, "keys", given.agent)
    if not given.key and given.agent and kept.is_file():
        return kept.read_text().strip()
    key: str = key_of(given)
    if not key:
        hint = "Name an agent that is connected, or give its key: --key nxs_…"
        raise Failed.because("There is no key of an agent here.", hint, USAGE, "invalid_input")
    return key


@dataclass
class Waiter:
    """Waits in the place of one agent."""

    given: argparse.Namespace
    key: str
    agent: str
    place: Json
    state: State = field(default_factory=State)

    def __post_init__(self) -> None:
        """Go on where an earlier run stopped."""
        what = "\n".join([self.agent, self.place["workspace"], self.given.command or self.given.codex_thread])
        self.path = State.path(configuration().home, "wake", what)
        self.state = State.read(self.path)

    def stay(self) -> int:
        """Wait, claim and start, again and again; what is refused for now is tried later."""
        while True:
            try:
                if self._woken() and self.given.once:
                    return 0
            except Failed as failed:
                error = failed.shape["error"]
                if error["code"] not in PASSING:
                    raise
                time.sleep(min(error.get("retry_after") or AGAIN, MOST_REST))

    def _woken(self) -> bool:
        by = way(self.key)
        if not isinstance(by, Remote):
            raise Failed.because("No server runs.", "Start it: nexus serve")
        digest = self._news(by)
        if not digest["items"]:
            return False
        by.call("wake_claim", {**self.place, "waiter": "codex" if self.given.codex_thread else "command"})
        code = self._start(digest["text"])
        said = f"Woke {self.agent}: {digest['items']} new, the program ended with {code}."
        show(self.given, {"woken": self.agent, "items": digest["items"], "code": code}, [said])
        if code == 0:
            self.state = self.state._replace(cursor=digest["cursor"])
            self.state.write(self.path)
        return code == 0

    def _news(self, by: Remote) -> Json:
        """Return what is new; a position that is refused is given up, as after the data was put back."""
        after = {"after": self.state.cursor} if self.state.cursor else {}
        try:
            return by.call("wake", {**self.place, **after, "waking": True, "wait": WAIT})
        except Failed as failed:
            if not after or failed.shape["error"]["code"] != "invalid_input":
                raise
        self.state = self.state._replace(cursor="")
        return self._news(by)

    def _start(self, text: str) -> int:
        """Start the program; what others wrote goes to its input or is one whole argument, never a line of a shell."""
        queue = ["codex", "queue", "--thread", self.given.codex_thread, "--message", text, "--resume"]
        line = ["sh", "-c", self.given.command]
        command, given = (line, text) if self.given.command else (queue, "")
        try:
            return subprocess.run(command, input=given, text=True, check=False).returncode
        except OSError as error:
            raise Failed.because(f"{command[0]} cannot be started: {error}.", "", USAGE, "invalid_input") from error


COMMANDS = {
    "wake": Command(
        _arguments,
        wake,
        ("bob", "bob --command 'claude -p --continue \"Your mail is on the input.\"'", "bob --codex-thread ID"),
    )
}
