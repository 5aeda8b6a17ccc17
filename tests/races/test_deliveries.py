"""Pull, ack, extend, release and time race for the same deliveries: what is read stays read, and no lease counts twice."""

import asyncio
import os
import random
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from tests.figures import figure
from tests.live.servers import Server, play
from tests.races.histories import of_delivery, strange_deliveries
from tests.races.ledger import ledger
from tests.races.ways import Clock, Ways, clocked

pytestmark = pytest.mark.slow

ROUNDS = int(os.environ.get("ROUNDS", "20")) // 2 or 1
MOST = 10  # times as many where one contender always came first
MESSAGES = 6
LEASE, EARLY, LATE = 30, 20, 15
ATTEMPTS = 5
ENDS = ("delivery_lease", "message_expiry")
ACK, EXTEND, RELEASE, PULL = "inbox_ack", "inbox_extend", "inbox_release", "inbox_pull"


class Contest(NamedTuple):
    """How often the messages were given back before, what is tried with each, and how long they are of use."""

    attempts: int
    moves: tuple[str, ...]
    mortal: bool = False


CONTESTS = {
    "ack, extend, release, pull, lease end": Contest(1, (ACK, ACK, EXTEND, RELEASE)),
    "extend, release, pull, lease end": Contest(1, (EXTEND, EXTEND, RELEASE, RELEASE)),
    "ack, release, pull, end of the last lease": Contest(ATTEMPTS, (ACK, RELEASE, EXTEND)),
    "ack, pull, expiry": Contest(0, (ACK,), mortal=True),
}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Clock]]:
    """A server whose clock can be set."""
    server, clock = clocked(tmp_path_factory.mktemp("deliveries"))
    yield server, clock
    server.close()


class Arena:
    """Contests for the mail of bob, and what came of them."""

    def __init__(self, clock: Clock, ways: Ways, cast: dict[str, str]) -> None:
        """Keep who is there."""
        self.clock, self.ways, self.cast = clock, ways, cast
        self.pulled: Counter[tuple[str, int]] = Counter()
        self.counted: Counter[tuple[str, str]] = Counter()
        self.ends: Counter[str] = Counter()
        self.acked: set[str] = set()
        self.too_late: set[str] = set()
        self.refused = self.moves = 0

    @property
    def has_raced(self) -> bool:
        """Whether it came to more than two things."""
        return len(self.ends) > 2

    async def bob(self, operation: str, **order: Any) -> Any:
        """Call as bob over any surface or process."""
        return await self.ways.any(self.cast["bob"])(operation, **order)

    async def sent(self, contest: Contest) -> list[str]:
        """Send bob some messages and bring them to where the contest begins."""
        until = {"expires_at": (self.clock.now() + timedelta(seconds=LEASE)).isoformat()} if contest.mortal else {}
        order = {"to": "bob", "subject": "Note", "body": "", **until}
        send = self.ways.any(self.cast["alice"])
        made = await asyncio.gather(*[send("message_create", **order) for _ in range(MESSAGES)])
        messages = [each["message"] for each in made]
        for attempt in range(1, contest.attempts + 1):
            assert len(await self.pull()) == MESSAGES
            if attempt < contest.attempts:
                await self.move(RELEASE, *messages)
        return messages

    async def pull(self) -> list[str]:
        """Pull, and count each lease that is given."""
        answer = await self.bob(PULL, limit=MESSAGES, lease_seconds=LEASE)
        self.moves += 1
        self.pulled.update((each["message"], each["attempt"]) for each in answer["messages"])
        return [each["message"] for each in answer["messages"]]

    async def move(self, operation: str, *messages: str) -> None:
        """Try something with messages, and note what counted."""
        answer = await self.bob(
            operation, messages=list(messages), **({"seconds": LEASE} if operation == EXTEND else {})
        )
        self.moves += 1
        if operation == ACK:
            self.acked.update(answer["acked"])
            self.too_late.update(each["message"] for each in answer.get("not_acked", ()))
        elif "error" in answer:
            assert answer["error"]["code"] == "conflict", answer
            self.refused += 1
        else:
            self.counted.update((operation, message) for message in messages)

    async def step(self) -> None:
        """Let time be over, and every other time have the process beside the server look at once for what ended."""
        self.clock.step(LATE)
        if random.random() < 0.5:
            await self.sweep()

    async def sweep(self) -> None:
        """Have the process beside the server look for what ended."""
        for kind in ENDS:
            await self.ways.process("sweep", kind=kind)

    async def round(self, contest: Contest) -> None:
        """Let everybody move at the same moment, then look and clear away what is left."""
        messages = await self.sent(contest)
        self.clock.step(EARLY)
        moves = [self.move(operation, message) for operation in contest.moves for message in messages]
        moves += [self.pull() for _ in range(MESSAGES)] + [self.step()]
        random.shuffle(moves)
        await asyncio.gather(*moves)
        self.clock.step(2 * LEASE)
        await self.sweep()
        self.check(messages)
        await self.move(ACK, *messages)
        assert await self.pull() == []
        self.check(messages, over=True)

    def check(self, messages: list[str], *, over: bool = False) -> None:
        """Compare what was answered with the log."""
        with ledger(self.ways.server.home) as found:
            for message in messages:
                story = of_delivery(found, message, "bob")
                assert strange_deliveries(story) == [], story
                names = Counter(each.what for each in story)
                released = sum(each.payload.get("reason") == "released" for each in story)
                assert self.pulled_as(message) == [each.payload["attempt"] for each in story if each.what == "leased"]
                assert (self.counted[EXTEND, message], self.counted[RELEASE, message]) == (names["extended"], released)
                assert names["read"] == (message in self.acked), story
                assert names["expired"] >= (message in self.too_late), story
                assert not over or names["read"] + names["expired"] == 1, story
                self.ends.update({name: count for name, count in names.items() if over and name != "created"})

    def pulled_as(self, message: str) -> list[int]:
        """Return the attempts at which a message was handed out, each as often as it was."""
        return sorted(attempt for name, attempt in self.pulled.elements() if name == message)


def test_of_what_happens_to_a_delivery_at_the_same_moment_each_lease_and_receipt_counts_once(
    stage: tuple[Server, Clock],
) -> None:
    server, clock = stage
    cast = {name: server.agent(name).key for name in ("alice", "bob")}

    async def scenario() -> dict[str, Arena]:
        async with Ways(server) as ways:
            await ways.connect(cast.values())
            arenas = {name: Arena(clock, ways, cast) for name in CONTESTS}
            for number in range(MOST * ROUNDS):
                for name, arena in arenas.items():
                    if number < ROUNDS or not arena.has_raced:
                        await arena.round(CONTESTS[name])
            return arenas

    arenas = play(scenario(), 300 + 60 * MOST * ROUNDS)
    assert server.command("verify").returncode == 0
    for name, arena in arenas.items():
        assert arena.has_raced, f"nobody raced: {name}"
        what = ", ".join(f"{event} {count:,}" for event, count in arena.ends.most_common())
        figure("G5", f"contests of {name}", f"{what}; none twice, {arena.moves:,} calls")
