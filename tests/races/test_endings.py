"""Whatever ends one claim at one moment, over whichever surfaces and processes: one ending counts, the others are refused."""

import asyncio
import os
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from tests.figures import figure
from tests.live.servers import Server, play
from tests.races.histories import of_handoff, strange_handoffs, tally
from tests.races.ledger import ledger
from tests.races.ways import Clock, Ways, clocked, operator_key

pytestmark = pytest.mark.slow

ROUNDS = int(os.environ.get("ROUNDS", "20")) // 2 or 1
MOST = 10  # times as many where one contender always came first
AT_ONCE = 4
LEASE, EARLY, LATE = 30, 20, 15
REFUSALS = {"stale_epoch", "not_open", "already_claimed"}
STEP = "step"
Cast = dict[str, str]


class Move(NamedTuple):
    """What one contender tries."""

    operation: str
    who: str
    more: dict[str, Any] = {}
    event: str = ""


class Contest(NamedTuple):
    """Where the handoff stands, who moves at the same moment, and how many moves count at most."""

    state: str
    moves: tuple[Move, ...]
    counting: int | None
    time: bool = False
    order: dict[str, Any] = {}


COMPLETE = Move("handoff_complete", "holder", {"result": "done"}, "completed")
FAIL = Move("handoff_complete", "holder", {"error": "cannot"}, "failed")
RELEASE = Move("handoff_release", "holder", {}, "released")
RENEW = Move("handoff_renew", "holder", {}, "renewed")
BREAK = Move("lease_break", "operator", {}, "released")
CANCEL = Move("handoff_cancel", "boss", {}, "cancelled")
OVERRULE = Move("handoff_cancel", "operator", {}, "cancelled")
REASSIGN = Move("handoff_reassign", "boss", {"to": "other"}, "reassigned")
MINE, OTHERS = (Move("handoff_claim", who, {}, "claimed") for who in ("holder", "other"))
REJECT = Move("handoff_reject", "holder", {}, "rejected")
PASS, ALSO_PASS = (Move("handoff_verify", who, {"verdict": "pass"}, "verified") for who in ("judge", "jury"))
REFUSE = Move("handoff_verify", "boss", {"verdict": "fail", "feedback": "no"}, "failed_verification")
JUDGED = {"acceptance_criteria": ["it works"], "verify_by": {"capability": "judge"}}
CONTESTS = {
    "complete, cancel": Contest("claimed", (COMPLETE, COMPLETE, CANCEL, OVERRULE), 1),
    "complete, reassign": Contest("claimed", (COMPLETE, COMPLETE, REASSIGN), 1),
    "fail, release, break, lease end": Contest("claimed", (FAIL, RELEASE, RELEASE, BREAK), 1, time=True),
    "complete, release, lease end, cancel, claim": Contest(
        "claimed", (COMPLETE, RELEASE, OVERRULE, OTHERS, OTHERS), None, time=True
    ),
    "renew, lease end, claim": Contest("claimed", (RENEW, RENEW, OTHERS, OTHERS), None, time=True),
    "claim, claim, cancel": Contest("open", (MINE, MINE, OTHERS, OTHERS, CANCEL), None),
    "claim, reject, cancel": Contest("open", (MINE, REJECT, REJECT, CANCEL), None, order={"to": "holder"}),
    "approve, reject": Contest("verifying", (PASS, ALSO_PASS, REFUSE), 1, order=JUDGED),
    "approve, cancel": Contest("verifying", (PASS, ALSO_PASS, CANCEL, OVERRULE), 1, order=JUDGED),
}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Clock, Cast]]:
    """A server whose clock can be set, and the keys of those who are there."""
    server, clock = clocked(tmp_path_factory.mktemp("endings"))
    can = {"boss": ["judge"], "holder": ["work"], "other": ["work"], "judge": ["judge"], "jury": ["judge"]}
    cast = {name: server.agent(name, capabilities=words).key for name, words in can.items()}
    yield server, clock, cast | {"operator": operator_key(server)}
    server.close()


class Arena:
    """Contests on one stage, and what came of them."""

    def __init__(self, stage: tuple[Server, Clock, Cast], ways: Ways, contest: Contest) -> None:
        """Keep who is there."""
        self.server, self.clock, self.cast = stage
        self.ways, self.contest = ways, contest
        self.firsts: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.moves = 0

    @property
    def has_raced(self) -> bool:
        """Whether more than one came first, and somebody was too late."""
        return len(self.firsts) > 1 and bool(self.refused)

    async def call(self, who: str, operation: str, **order: Any) -> Any:
        """Call as one of the cast over any surface or process."""
        return await self.ways.any(self.cast[who])(operation, **order)

    async def given(self) -> tuple[str, int]:
        """Bring a new handoff to where the contest begins; return it and its epoch."""
        order = {"title": "Job", "to": {"capability": "work"}, "visibility": "public", "lease_seconds": LEASE}
        made = await self.call("boss", "handoff_create", **(order | self.contest.order))
        handoff = made["handoff"]
        if self.contest.state == "open":
            return handoff, 0
        epoch = (await self.call("holder", "handoff_claim", handoff=handoff))["epoch"]
        if self.contest.state == "verifying":
            await self.call("holder", "handoff_complete", handoff=handoff, epoch=epoch, result="done")
        return handoff, epoch

    async def move(self, handoff: str, epoch: int, move: Move) -> str:
        """Try one move; return its event if it counted, else nothing."""
        order = {"handoff": handoff, **move.more}
        if move.operation in ("handoff_complete", "handoff_release", "handoff_renew", "handoff_verify"):
            order["epoch"] = epoch
        answer = await self.call(move.who, move.operation, **order)
        self.moves += 1
        if "error" not in answer:
            return move.event
        assert answer["error"]["code"] in REFUSALS, answer
        self.refused[answer["error"]["code"]] += 1
        return ""

    async def step(self) -> str:
        """Let the leases end, and every other time have the process beside the server look for such at once."""
        self.clock.step(LATE)
        if random.random() < 0.5:
            await self.ways.process("sweep", kind="handoff_lease")
        return ""

    async def round(self) -> None:
        """Let everybody move on several handoffs at the same moment."""
        jobs = await asyncio.gather(*[self.given() for _ in range(AT_ONCE)])
        if self.contest.time:
            self.clock.step(EARLY)
        tries = [(job, move) for job in jobs for move in self.contest.moves]
        random.shuffle(tries)
        steps = [self.step()] if self.contest.time else []
        moves = [self.move(*job, move) for job, move in tries]
        place = random.randrange(len(moves) + 1)
        answers = await asyncio.gather(*moves[:place], *steps, *moves[place:])
        if steps:
            del answers[place]
        await self.ways.process("sweep", kind="handoff_lease")
        self.check(jobs, [(job, event) for (job, _), event in zip(tries, answers, strict=True) if event])

    def check(self, jobs: list[tuple[str, int]], counted: list[tuple[tuple[str, int], str]]) -> None:
        """Compare what was answered with the log."""
        before = {"open": 1, "claimed": 2, "verifying": 3}[self.contest.state]
        with ledger(self.server.home) as found:
            for job in jobs:
                story = of_handoff(found, job[0])
                assert strange_handoffs(story) == [], story
                events = story[before:]
                self.firsts[events[0].what] += 1
                by_calls = tally(each for each in events if each.what != "lease_ended")
                if by_calls["verified"]:
                    del by_calls["completed"]
                assert by_calls == Counter(event for mine, event in counted if mine == job), story
                if self.contest.counting is not None:
                    assert by_calls.total() + tally(events)["lease_ended"] == self.contest.counting, story


def test_of_contenders_at_the_same_moment_one_ends_it(stage: tuple[Server, Clock, Cast]) -> None:
    async def scenario() -> dict[str, Arena]:
        async with Ways(stage[0]) as ways:
            await ways.connect(stage[2].values())
            arenas = {name: Arena(stage, ways, contest) for name, contest in CONTESTS.items()}
            for number in range(MOST * ROUNDS):
                for arena in arenas.values():
                    if number < ROUNDS or not arena.has_raced:
                        await arena.round()
            return arenas

    arenas = play(scenario(), 300 + 60 * MOST * ROUNDS)
    assert stage[0].command("verify").returncode == 0
    for name, arena in arenas.items():
        assert arena.has_raced, f"nobody raced, or nobody was too late: {name}"
        won = ", ".join(f"{event} {count}" for event, count in arena.firsts.most_common())
        text = f"{won}; {arena.refused.total():,} of {arena.moves:,} calls refused"
        figure("G3", f"contests of {name}: who came first", text)
