"""Waiting in the place of an idle agent: over with 2, and the digest, when something comes that may wake it.

Invariant: a session has one waiter, the newest, and none outlives the program that started it. What it tells is told
once: a hook that was faster moved the cursor, and then the waiter waits on.
"""

import secrets
import sys
import time
from typing import Any

from nexus_site.hooks.asking import Away
from nexus_site.hooks.events import Run
from nexus_site.hooks.owner import Owner
from nexus_site.hooks.state import State, held

__all__ = ["Over", "wait"]

WOKEN = 2
WAIT, SLACK = 25, 10  # seconds that the server waits, and within which it answers then
AGAIN, MOST_REST, LOOK = 2.0, 60.0, 0.2
STARTING = 5.0
TURN = 15.0  # longer than a hook may hold the others up
# A refusal that passes; any other ends the waiter.
PASSING = ("", "busy", "rate_limited", "wakes_paused")


class Over(Exception):
    """Nobody needs this waiter any more."""


def wait(this: Run) -> int:
    """Wait until something may wake the agent, and return 2 with it on standard error; 0 when nobody needs it."""
    try:
        return Waiter(this).run()
    except Over:
        return 0


class Waiter:
    """One waiter of a session."""

    def __init__(self, this: Run) -> None:
        """Take the place of an older one."""
        self.this, self.owner, self.token = this, Owner(this.harness), secrets.token_hex(8)
        self.cursor = ""  # as the file had it, when news was asked for
        if not self.owner.is_there():
            raise Over
        with held(this.path, TURN) as is_ours:
            if not is_ours:
                raise Over
            this.state = State.read(this.path)
            this.remember(waiter=self.token)
        if this.asked.event == "SessionStart":
            self._let_start()

    def run(self) -> int:
        """Look again and again; what is refused for now is tried later."""
        while True:
            self.look()
            try:
                if self._wakes(self._news()):
                    return WOKEN
            except Away as away:
                if away.code not in PASSING:
                    raise Over from away
                self._rest(min(away.retry_after or AGAIN, MOST_REST))

    def look(self) -> None:
        """End where the session is over, or has a newer waiter or a turn."""
        if not self.owner.is_there() or State.read(self.this.path).waiter != self.token:
            raise Over

    def _let_start(self) -> None:
        """Let the hook of the start tell first what waits, which runs at the same time."""
        end = time.time() + STARTING
        while time.time() < end and State.read(self.this.path).begun < end - 2 * STARTING:
            time.sleep(LOOK)

    def _news(self) -> dict[str, Any]:
        self.this.state = State.read(self.this.path)
        self.cursor = self.this.state.cursor
        self.this.end = time.monotonic() + WAIT + SLACK
        return self.this.digest(meanwhile=self.look, waking=True, wait=WAIT)

    def _wakes(self, digest: dict[str, Any]) -> bool:
        """Tell a digest, if it is still news and the agent may be woken now."""
        if not digest["items"]:
            return False
        with held(self.this.path) as is_ours:
            self.look()
            if not is_ours or State.read(self.this.path).cursor != self.cursor:
                return False
            self.this.begun, self.this.end = time.monotonic(), 0.0
            self.this.server().post("wake/claim", waiter=self.this.harness)
            sys.stderr.write(digest["text"] + "\n")
            sys.stderr.flush()
            self.this.remember(cursor=digest["cursor"], session=digest.get("session") or "", waiter="")
        return True

    def _rest(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(LOOK)
            self.look()
