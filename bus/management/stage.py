"""The stage that `seed` plays on: a cast of seven agents in one workspace, and a clock that starts in the past."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from bus import door, presence
from bus.directory import WorkspaceEntry, directory
from bus.identity import Caller, operator

__all__ = ["CAST", "MINUTES", "PERSON", "Play"]

MINUTES = 100
PERSON = "operator"
CAST: tuple[dict[str, Any], ...] = (
    {
        "name": "ada",
        "harness": "claude-code",
        "role": "lead",
        "capabilities": ["plan", "review", "python"],
        "tags": {"team": "core"},
        "description": "Breaks features into handoffs and decides when two of us disagree.",
    },
    {
        "name": "boris",
        "harness": "codex",
        "role": "backend",
        "capabilities": ["python", "sql"],
        "tags": {"team": "core"},
        "description": "Bookings, migrations and the public API.",
    },
    {
        "name": "cleo",
        "harness": "claude-code",
        "role": "frontend",
        "capabilities": ["typescript", "css", "review"],
        "tags": {"team": "ui"},
        "description": "The calendar and everything that a harbour master clicks.",
    },
    {
        "name": "dmitri",
        "harness": "gemini-cli",
        "role": "tester",
        "capabilities": ["tests", "playwright"],
        "tags": {"team": "quality"},
        "description": "Browser tests, load tests, and the bisecting of what broke.",
    },
    {
        "name": "edda",
        "harness": "opencode",
        "role": "writer",
        "capabilities": ["docs", "writing"],
        "tags": {"team": "ui"},
        "description": "Manual, release notes and the words in the interface.",
    },
    {
        "name": "fay",
        "harness": "cursor",
        "role": "reviewer",
        "capabilities": ["review", "security"],
        "tags": {"team": "quality"},
        "description": "Reads diffs for races, leaks and missing tests.",
    },
    {
        "name": "gil",
        "harness": "codex",
        "role": "operations",
        "capabilities": ["ci", "docker"],
        "tags": {"team": "core"},
        "description": "Build images, runners and staging.",
    },
)


class Play:
    """Runs operations as the cast at chosen minutes; each has an idempotency key, so that playing on is harmless."""

    def __init__(self, workspace: WorkspaceEntry, begin: datetime) -> None:
        """Say where and when it plays."""
        self.workspace, self.begin = workspace, begin
        self.epochs: dict[str, int] = {}
        self.topics: dict[str, str] = {}
        self._steps = 0
        self._minute = 0.0

    def at(self, minute: float) -> datetime:
        """Return the instant of a minute of the story."""
        return self.begin + timedelta(minutes=minute)

    def do(self, minute: float, who: str, operation: str, **order: Any) -> Any:
        """Let one of the cast, or the person, do something; time never goes back."""
        self._steps += 1
        self._minute = minute = max(minute, self._minute)
        self.here(minute, who)
        keyed = order | {"idempotency_key": f"seed-{self._steps}"}
        return door.run(operation, self._caller(who, self.at(minute)), keyed)

    def here(self, minute: float, *names: str) -> None:
        """Let agents be heard; a person has no presence."""
        for who in names:
            if who != PERSON:
                door.run_work(partial(presence.arrive, self._caller(who, self.at(minute))))

    def _caller(self, who: str, now: datetime) -> Caller:
        agent = directory.agent_named(who)
        return Caller(agent or operator("seed").agent, self.workspace, now, "seed")

    def say(self, minute: float, who: str, to: Any, subject: str, body: str, **more: Any) -> str:
        """Send a message; return its id."""
        sent = self.do(minute, who, "message_create", to=to, subject=subject, body=body, **more)
        return str(sent.message)

    def reply(self, minute: float, who: str, to: str, body: str, subject: str) -> str:
        """Answer a message; return the answer's id."""
        sent = self.do(minute, who, "message_create", reply_to=to, subject=f"Re: {subject}", body=body)
        return str(sent.message)

    def read(self, minute: float, *readers: str) -> None:
        """Let agents pull their mail and acknowledge it."""
        for number, who in enumerate(readers):
            at = minute + number / 20
            messages = [each.message for each in self.do(at, who, "inbox_pull").messages]
            if messages:
                self.do(at + 0.02, who, "inbox_ack", messages=messages)

    def hand_over(self, minute: float, who: str, to: Any, title: str, **more: Any) -> str:
        """Create a handoff; return its id."""
        return str(self.do(minute, who, "handoff_create", to=to, title=title, **more).handoff)

    def claim(self, minute: float, who: str, handoff: str) -> None:
        """Claim a handoff and keep its epoch."""
        self.epochs[handoff] = self.do(minute, who, "handoff_claim", handoff=handoff).epoch

    def step(self, minute: float, who: str, verb: str, handoff: str, **order: Any) -> None:
        """Renew, complete, release or verify with the epoch of the last claim."""
        self.do(minute, who, f"handoff_{verb}", handoff=handoff, epoch=self.epochs[handoff], **order)

    def open_topic(self, minute: float, who: str, name: str, *others: str) -> str:
        """Open a topic and let some join it under their own names; return its id."""
        topic = self.topics[name] = str(self.do(minute, who, "topic_create", name=name).topic)
        for number, each in enumerate((who, *others)):
            self.do(minute + number / 50, each, "topic_join", topic=topic)
        return topic

    def post(self, minute: float, who: str, topic: str, body: str, *readers: str, **more: Any) -> str:
        """Post to a topic, and let some read on at once; return the post's message id."""
        outbox = [{"body": body, **more}]
        sent = self.do(minute, who, "topic_sync", topic=topic, outbox=outbox, timeout_seconds=0)
        for number, each in enumerate(readers):
            self.do(minute + number / 50, each, "topic_sync", topic=topic, timeout_seconds=0)
        return str(sent.sent[0].message)
