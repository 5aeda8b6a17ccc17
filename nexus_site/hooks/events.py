"""The events: what is asked of the server at each, and what is printed.

Invariant: the cursor of a digest is kept only after it was printed, so a hook that is killed half-way loses nothing, and
what was printed is not printed again. A session or a cursor that the server refuses is given up at once, never kept. Of two
hooks that run at once, the one whose turn does not come in time tells nothing.
"""

import _thread
import os
import sys
import time
from collections.abc import Callable
from typing import Any

from nexus_site.hooks import place
from nexus_site.hooks.asking import Away, Server, patience
from nexus_site.hooks.forms import Asked, answer, asked, goes_on, is_borrowed, takes
from nexus_site.hooks.hearing import heard
from nexus_site.hooks.state import State, held, tidy

__all__ = ["Run", "run"]

PAUSE = 5.0  # seconds between two looks after tools
# By the code of a refusal: what is remembered wrongly, as when an operator ended the session.
WRONG = {"not_found": "session", "invalid_input": "cursor"}


class Run:
    """One run of the hook: for which harness and agent, what it was told, and what is remembered of its session."""

    def __init__(self, event: str, harness: str, agent: str, asked: Asked) -> None:
        """Say where it is remembered; nothing is read yet."""
        self.event, self.harness, self.agent, self.asked = event, harness, agent, asked
        self.path = State.path(place.data(), harness, asked.session or asked.folder)
        self.state = State()
        self.begun, self.end = time.monotonic(), 0.0

    def server(self) -> Server:
        """Return the server, to be asked until `end` or as long as usual; raise `Away` where this agent has no key here."""
        key = place.key(self.harness, self.agent)
        if not key:
            raise Away(f"Nexus has no key of {self.agent} here. Run: nexus connect {self.harness} --agent {self.agent}")
        return Server(place.url(), key, self.state.session, self.end or self.begun + patience())

    def digest(self, **narrowed: Any) -> dict[str, Any]:
        """Ask for the digest of what is new; asking shows that the agent is there."""
        while True:
            try:
                return self._asks(narrowed)
            except Away as away:
                if not self._gives_up(WRONG.get(away.code, "")):
                    raise

    def _gives_up(self, name: str) -> bool:
        """Forget what is remembered by this name; say whether there was something, so that asking again is of use."""
        if not name or not getattr(self.state, name):
            return False
        empty: Any = {name: ""}
        self.state = self.state._replace(**empty)
        return True

    def _asks(self, narrowed: dict[str, Any]) -> dict[str, Any]:
        return self.server().get(
            "wake",
            after=self.state.cursor,
            project_root=self.asked.folder,
            harness=self.harness,
            session_ref=self.asked.session,
            **narrowed,
        )

    def show(self, digest: dict[str, Any]) -> None:
        """Print a digest in the harness's form, and then remember that it was shown."""
        if digest["text"] and takes(self.harness, self.event):
            sys.stdout.write(answer(self.harness, self.event, digest["text"]) + "\n")
            sys.stdout.flush()
        elif digest["text"]:
            return
        self.remember(cursor=digest["cursor"], session=digest.get("session", ""))

    def remember(self, **changed: Any) -> None:
        """Change what is remembered."""
        self.state = self.state._replace(**changed)
        self.state.write(self.path)


def run(event: str, harness: str, agent: str, *, wakes: bool = False) -> int:
    """Run one event of a harness for an agent and return the exit code; without `wakes` nothing begins a turn."""
    if is_borrowed(harness) or (event in ("stop", "wait") and not wakes):
        return 0
    begun = time.monotonic()
    told = heard(begun + _hearing())
    if told is None:
        return 0
    this = Run(event, harness, agent, asked(told))
    this.begun = begun
    if event == "wait":
        from nexus_site.hooks.waiting import wait

        return wait(this)
    _thread.start_new_thread(_end_by, (begun + 4 * _hearing() + 1,))
    with held(this.path) as is_ours:
        this.state = State.read(this.path)
        if is_ours or event == "end":
            _does(this)
    return 0


def _end_by(at: float) -> None:
    """End well then, whatever still runs: to look a name up takes as long as it likes."""
    time.sleep(max(0.0, at - time.monotonic()))
    os._exit(0)


def _hearing() -> float:
    """Return for how many seconds a harness is heard: half of what the whole may take."""
    try:
        return patience() / 2
    except Away:
        return 0.5  # what is wrong is told when the server is asked


def _does(this: Run) -> None:
    try:
        DOES[this.event](this)
    except Away as away:
        if this.event == "start" and not this.state.warned:
            sys.stderr.write(f"{away}\n")
            this.remember(warned=True)


def _start(this: Run) -> None:
    """Tell everything that waits; a session that is resumed is told once more, as its model may have forgotten."""
    tidy(place.data())
    this.state = State(warned=this.state.warned, begun=time.time(), waiter=this.state.waiter)
    this.show(this.digest())


def _prompt(this: Run) -> None:
    """Tell what is new; whoever waits for an idle agent need not any more."""
    this.state = this.state._replace(waiter="")
    this.show(this.digest())


def _tool(this: Run) -> None:
    """Tell what is urgent, looking at most every few seconds."""
    if 0 <= time.time() - this.state.looked < PAUSE:
        return
    this.remember(looked=time.time())
    digest = this.digest(urgent=True)
    if digest["items"]:
        this.show(digest)


def _stop(this: Run) -> None:
    """Begin one more turn where mail came that may wake; never twice in a row."""
    if this.asked.is_again:
        return
    digest = this.digest(waking=True)
    if digest["items"]:
        this.show(digest)


def _end(this: Run) -> None:
    """Close the session, so that the agent is shown as gone, and forget it unless it may go on."""
    try:
        if this.state.session:
            this.server().post(f"sessions/{this.state.session}/close")
    finally:
        if goes_on(this.harness):
            this.remember(session="")
            tidy(place.data())
        else:
            for path in (this.path, this.path.with_suffix(".lock")):
                path.unlink(missing_ok=True)


DOES: dict[str, Callable[[Run], None]] = {
    "start": _start,
    "prompt": _prompt,
    "tool": _tool,
    "stop": _stop,
    "end": _end,
}
