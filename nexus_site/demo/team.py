"""The team of the demo: who is in it, how it is enrolled and dismissed, and its sense of time.

Whatever an agent of it does goes through its own key and MCP; only to enrol and dismiss them the operator's key is used.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from nexus_site.cli.command import Failed
from nexus_site.demo.client import Client, Refused
from nexus_site.demo.repository import Repository

__all__ = ["CAST", "LEAD", "SILENT", "Over", "Team"]

LEAD, SILENT = "ada", "gil"
# Name, program, part and what it can do; the words are the demo's own, so that no other agent is asked for anything.
CAST: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "ada": ("claude-code", "lead", ("demo-plan",)),
    "bo": ("codex", "builder", ("demo-code",)),
    "cy": ("gemini", "builder", ("demo-code",)),
    "dee": ("opencode", "reviewer", ("demo-review",)),
    "gil": ("copilot", "builder", ("demo-docs",)),
}
TAGS = {"team": "nexus-demo"}
MOST_RUNS = 1000
LEASE, PAUSE = 30, 0.05
TAKEN, LATER = "conflict", ("busy", "rate_limited")


class Over(Exception):
    """The time of the demo is over."""


class Team:
    """The agents, the clock that they go by, and what they have begun."""

    def __init__(self, url: str, operator: Client, repository: Repository, say: Callable[[str], None]) -> None:
        """Keep where and on what they work; nobody is enrolled yet."""
        self.url, self.repository, self.say = url, repository, say
        self._operator, self._clients, self._names = operator, dict[str, Client](), dict[str, str]()
        self._begun: dict[str, str] = {}
        self._speed, self._end = 1.0, 0.0
        self._stop = threading.Event()
        self.everybody: Any = "broadcast"
        self.silent_job = ""

    def start(self, minutes: float, speed: float) -> None:
        """Let the clock run."""
        self._speed, self._end = speed, time.monotonic() + minutes * 60

    def enrol(self) -> None:
        """Add the agents under the first number of which all names are free: those of an earlier run stay taken."""
        if not any(self._is_added("" if number == 1 else f"-{number}") for number in range(1, MOST_RUNS)):
            raise Failed.because("The names of all demos are taken.", "Play it on other data: NEXUS_HOME=/tmp/demo.")
        for who, (harness, *_) in CAST.items():
            self.do(who, "whoami", project_root=str(self.repository.root), harness=harness)
        self.everybody = "broadcast" if self._are_alone() else {"tag": TAGS}

    def _is_added(self, ending: str) -> bool:
        """Add all of them, or none where one of the names is taken; who was added before it is archived again."""
        try:
            for who in CAST:
                self._add(who, ending)
        except Refused as refused:
            if refused.code != TAKEN:
                raise
            self._archive()
            return False
        return True

    def _archive(self) -> int:
        for name in self._names.values():
            self._operator.call("agent_archive", agent=name)
        archived = len(self._names)
        self._names.clear()
        return archived

    def _add(self, who: str, ending: str) -> None:
        harness, role, capabilities = CAST[who]
        profile = {"harness": harness, "role": role, "capabilities": list(capabilities), "tags": TAGS}
        name, root = f"demo-{who}{ending}", str(self.repository.root)
        made = self._operator.call("agent_create", name=name, project_root=root, label="nexus demo", **profile)
        self._names[who], self._clients[who] = made["agent"], Client(self.url, made["key"])

    def _are_alone(self) -> bool:
        """Say whether a broadcast would reach the team only; real agents are not to be bothered."""
        present = self.do(LEAD, "agent_list", presence="present", limit=200)["agents"]
        return {each["agent"] for each in present if each.get("kind", "agent") == "agent"} <= set(self._names.values())

    def name(self, who: str) -> str:
        """Return under which name somebody is enrolled."""
        return self._names[who]

    def do(self, who: str, tool: str, /, **arguments: Any) -> Any:
        """Let somebody call a tool, again and later where there is too much to do at the moment."""
        while True:
            try:
                return self._clients[who].call(tool, **arguments)
            except Refused as refused:
                if refused.code not in LATER:
                    raise
                self.pause(refused.error.get("retry_after", 1) * self._speed)

    def hand_over(self, who: str, **order: Any) -> str:
        """Let somebody create a handoff, which is taken back in the end if nobody has finished it."""
        handoff = str(self.do(who, "handoff_create", **order)["handoff"])
        self._begun[handoff] = who
        return handoff

    def done(self, handoff: str) -> None:
        """Note that a handoff is closed."""
        self._begun.pop(handoff, None)

    def shortest_lease(self) -> int:
        """Return how long a claim of the one who falls silent lasts, which is the story's time as far as may be."""
        return max(1, round(LEASE / self._speed))

    def pause(self, seconds: float) -> None:
        """Let some of the story's time pass."""
        left = self._end - time.monotonic()
        self._stop.wait(max(0.0, min(seconds / self._speed, left)))
        if self._stop.is_set() or time.monotonic() >= self._end:
            raise Over

    def until(self, is_so: Callable[[], bool], seconds: float) -> bool:
        """Look until something is so; false when it is not in so many real seconds."""
        end = time.monotonic() + seconds
        while not is_so():
            if time.monotonic() >= end:
                return False
            self.pause(PAUSE * self._speed)
        return True

    def dismiss(self, *, keep: bool) -> int:
        """Take back what is unfinished, and archive the agents unless they are kept; return how many were archived."""
        for handoff, who in self._begun.items():
            with contextlib.suppress(Refused, Failed):
                self._clients[who].call("handoff_cancel", handoff=handoff, reason="The demo is over.")
        return 0 if keep else self._archive()
