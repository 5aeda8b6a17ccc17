"""What the agents of a big installation said and did: rows of messages, handoffs and events, in the order of the log.

The hash chain holds, checkpoints stand where the sweep puts them, and the rows are what the log adds up to.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bus.fold import State

__all__ = ["AGENTS", "DAYS", "HANDOFF_FIELDS", "Batch", "Story"]

AGENTS, DAYS, CHUNK = 40, 25, 5_000
HANDOFF_EACH, MANY_EACH, EXPIRED_EACH, ANSWER_EACH = 10, 20, 10, 20
CHECKPOINT_EACH = 5_000
BODY = "The parser now accepts trailing commas; the tests for it are in tests/parser. " * 3
TO_ONE, TO_MANY = 1, 3
CLOSINGS = ("completed", "completed", "failed", "cancelled", "rejected", "expired", "completed", "completed")
LIVING = ("open", "claimed", "verifying", "open")
HANDOFF_FIELDS = (
    *(
        "public_id",
        "workspace",
        "creator",
        "title",
        "body",
        "priority",
        "to",
        "target",
        "pool",
        "fallback",
        "visibility",
    ),
    *("lease_seconds", "max_attempts", "acceptance_criteria", "paths", "state", "epoch", "attempts", "claimant"),
    *("last_claimant", "lease_until", "note", "feedback", "reason", "created_at", "claimed_at", "closed_at"),
)

Person = tuple[int, str]


@dataclass
class Batch:
    """Rows on their way into the tables."""

    messages: list[tuple[Any, ...]] = field(default_factory=list)
    deliveries: list[tuple[Any, ...]] = field(default_factory=list)
    handoffs: list[tuple[Any, ...]] = field(default_factory=list)
    paths: list[tuple[Any, ...]] = field(default_factory=list)
    seeing: list[tuple[Any, ...]] = field(default_factory=list)
    answers: list[tuple[Any, ...]] = field(default_factory=list)
    events: list[tuple[Any, ...]] = field(default_factory=list)
    checkpoints: list[Any] = field(default_factory=list)


class Log:
    """Numbers and chains events as the writer lane does, folds them, and makes a checkpoint every 5,000."""

    def __init__(self, workspace: int, state: "State") -> None:
        """Go on from the end of the workspace's log."""
        from bus import checkpoints, events

        self.workspace, self.state = workspace, state
        self.seq, self.hash = events.HEAD.first(workspace)
        self.next_row = events.newest_id() + 1
        for entry in checkpoints.entries(workspace, 0, self.seq):
            self._fold(entry)

    def add(self, batch: Batch, at: datetime, actor: Person, type_: str, payload: Any, **about: str) -> None:
        """Append one event."""
        from bus import events, fold

        text = events.canonical(payload)
        message, handoff, agent = about.get("message"), about.get("handoff"), about.get("agent", "")
        facts = (at, type_, "agent", "", "", "mcp", "127.0.0.1", message, handoff, None, None, agent)
        self.seq, self.hash = self.seq + 1, events.chain(bytes(self.hash), self.seq + 1, actor[1], facts, text)
        batch.events.append((self.workspace, self.seq, self.hash, actor[0], False, text, *facts))
        self._fold(fold.Entry(self.seq, type_, message or "", handoff or "", agent, payload))
        if self.seq % CHECKPOINT_EACH == 0:
            batch.checkpoints.append(self._checkpoint(at))
        self.next_row += 1

    def _fold(self, entry: Any) -> None:
        from bus import fold

        fold.fold(self.state, entry)

    def _checkpoint(self, at: datetime) -> Any:
        from bus import fold
        from bus.models import Checkpoint

        text = fold.text(self.state)
        return Checkpoint(
            workspace_id=self.workspace,
            seq=self.seq,
            event_id=self.next_row,
            hash=self.hash,
            state=text,
            state_hash=fold.digest(text),
            created_at=at,
        )


class Story:
    """What the agents said and did, message by message."""

    def __init__(self, workspace: int, agents: list[Person], messages: int) -> None:
        """Tell of `messages` messages over the last 25 days."""
        from bus import clock, fold

        self.workspace, self.agents, self.messages = workspace, agents, messages
        self.now = clock.now()
        self.live = max(AGENTS, messages // 200)
        self.step = timedelta(days=DAYS) / (messages + 1)
        self.log = Log(workspace, fold.empty())
        self.handoffs = 0
        self.batch = Batch()

    def tell(self) -> Iterator[Batch]:
        """Yield batches of rows."""
        for number in range(1, self.messages + 1):
            at = self.now - timedelta(days=DAYS) + self.step * number
            sender = self._agent(number)
            handoff = self._hand_over(number, at, sender) if number % HANDOFF_EACH == 0 else ""
            self._say(number, at, sender, handoff)
            if number % ANSWER_EACH == 0:
                self.batch.answers.append((sender[0], f"key-{number}", self.log.hash, "{}", at))
            if number % CHUNK == 0 or number == self.messages:
                yield self.batch
                self.batch = Batch()

    def _agent(self, number: int) -> Person:
        return self.agents[number % len(self.agents)]

    def _say(self, number: int, at: datetime, sender: Person, handoff: str) -> None:
        from bus import ids

        public_id = ids.new("msg", at)
        many = TO_MANY if number % MANY_EACH == 0 else TO_ONE
        recipients = [self._agent(number + 1 + (number // AGENTS + each) % (AGENTS - 1)) for each in range(many)]
        names = [name for _, name in recipients]
        kind = "handoff" if handoff else "broadcast" if many > 1 else "direct"
        payload = {"kind": kind, "to": names, "priority": 5}
        row = (
            public_id,
            self.workspace,
            kind,
            sender[0],
            json.dumps(names),
            f"Message number {number} about the build",
        )
        self.batch.messages.append((*row, BODY, 5, "{}", "[]", None, handoff, at, None))
        about = {"message": public_id, **({"handoff": handoff} if handoff else {})}
        self.log.add(self.batch, at, sender, "message.created", payload, **about)
        for place, recipient in enumerate(recipients):
            self._deliver(number, at, recipient, (public_id, number + place))

    def _deliver(self, number: int, at: datetime, recipient: Person, message: tuple[str, int]) -> None:
        """Add a delivery and what became of it: read long ago, or one of all lanes while it is new."""
        public_id, dice = message
        lane = "expired" if dice % EXPIRED_EACH == 3 else "read"
        if number > self.messages - self.live:
            lane = ("unread", "delivered", "parked", "unread", "unread")[dice % 5]
        attempt = {"unread": 0, "expired": 0, "parked": 5}.get(lane, 1)
        until = self.now + timedelta(hours=1) if lane == "delivered" else None
        ended = at if lane in ("read", "parked", "expired") else None
        taken = at if attempt else None
        reason = {"expired": "expired", "parked": "no ack after 5 attempts"}.get(lane, "")
        row = (number, recipient[0], self.workspace, lane, 5, attempt, until, None, taken, ended, reason)
        self.batch.deliveries.append(row)
        about = {"message": public_id, "agent": recipient[1]}
        if attempt:
            self.log.add(self.batch, at, recipient, "delivery.leased", {"attempt": attempt}, **about)
        if ended:
            payload = {"attempt": attempt, "reason": reason} if reason else {}
            self.log.add(self.batch, at, recipient, f"delivery.{lane}", payload, **about)

    def _hand_over(self, number: int, at: datetime, creator: Person) -> str:
        """Add a handoff and what became of it; the newest are still live."""
        from bus import ids

        self.handoffs += 1
        public_id, taker = ids.new("hnd", at), self._agent(number + 1 + self.handoffs % (AGENTS - 1))
        is_live = number > self.messages - self.live
        state = (LIVING if is_live else CLOSINGS)[self.handoffs % (len(LIVING) if is_live else len(CLOSINGS))]
        is_claimed = state not in ("open", "cancelled", "expired")
        holder = taker[0] if state in ("claimed", "verifying") else None
        until = self.now + timedelta(hours=1) if state == "claimed" else None
        self.batch.handoffs.append(
            (
                *(public_id, self.workspace, creator[0], f"Handoff number {self.handoffs}", BODY, 5),
                *(json.dumps(taker[1]), taker[0], "[]", "", "eligible", 300, 5, "[]", "[]", state, int(is_claimed), 0),
                *(holder, taker[0] if is_claimed else None, until, "", "", ""),
                *(at, at if is_claimed else None, None if is_live else at),
            )
        )
        self.batch.seeing += [(public_id, creator[0]), (public_id, taker[0])]
        if is_claimed:
            path = (self.workspace, f"src/part-{self.handoffs}/**", taker[0], self.handoffs, until or at, "", at)
            self.batch.paths.append((*path, None if state == "claimed" else at))
        self._record(at, public_id, (creator, taker), state)
        return public_id

    def _record(self, at: datetime, handoff: str, people: tuple[Person, Person], state: str) -> None:
        creator, taker = people
        steps = ["open"] if state in ("open", "cancelled", "expired") else ["open", "claimed"]
        steps += ["verifying"] if state == "rejected" else []
        for step in dict.fromkeys([*steps, state]):
            holder = taker[1] if step in ("claimed", "verifying") else ""
            epoch = int("claimed" in steps and step != "open")
            payload = {"state": step, "epoch": epoch, "claimant": holder, "attempts": 0}
            actor = taker if step in ("claimed", "verifying", "completed", "failed") else creator
            type_ = "handoff.created" if step == "open" else f"handoff.{step}"
            self.log.add(self.batch, at, actor, type_, payload, handoff=handoff, agent=holder or taker[1])
