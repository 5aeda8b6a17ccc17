"""Somebody who slept past the end of a lease and wakes up when another works: nothing of what it does counts."""

import asyncio
import itertools
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from tests.figures import figure
from tests.live.servers import Server, play
from tests.races.histories import of_handoff, strange_handoffs
from tests.races.ledger import ledger
from tests.races.ways import WAYS, Clock, Ways, beside, clocked

pytestmark = pytest.mark.slow

LEASE = 60
PAIRS = list(itertools.product(WAYS, WAYS))
Stage = tuple[Server, Clock, dict[str, str]]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A server whose clock can be set, and the keys of those who are there."""
    server, clock = clocked(tmp_path_factory.mktemp("zombies"))
    cast = {name: server.agent(name, capabilities=["work"]).key for name in ("boss", "sleeper", "other")}
    yield server, clock, cast
    server.close()


class Night:
    """Jobs that one agent claims and another takes over."""

    def __init__(self, stage: Stage, ways: Ways) -> None:
        """Keep who is there."""
        (_, self.clock, self.cast), self.ways = stage, ways
        self.refused = 0

    async def given(self, way: str) -> str:
        """Hand over a job to whoever can work."""
        order = {"title": "Job", "to": {"capability": "work"}, "lease_seconds": LEASE}
        return (await self.ways.by(way, self.cast["boss"])("handoff_create", **order))["handoff"]

    async def claimed(self, who: str, way: str, job: str) -> int:
        """Claim a job; return the epoch."""
        return (await self.ways.by(way, self.cast[who])("handoff_claim", handoff=job))["epoch"]

    async def stirs(self, call: Any, job: str, epoch: int) -> None:
        """Try everything that a claimant may do."""
        named = {"handoff": job, "epoch": epoch}
        for operation, more in (
            ("handoff_renew", {"note": "still here"}),
            ("handoff_complete", {"result": "mine"}),
            ("handoff_complete", {"error": "mine"}),
            ("handoff_release", {}),
        ):
            answer = await call(operation, **named, **more)
            assert answer["error"]["code"] == "stale_epoch", answer
            self.refused += 1

    async def works(self, pair: tuple[str, str], job: str) -> None:
        """Let the other take it over by its way, the sleeper stir by its own, and the other finish."""
        first, second = pair
        assert await self.claimed("other", second, job) == 2
        await self.stirs(self.ways.by(first, self.cast["sleeper"]), job, 1)
        done = await self.ways.by(second, self.cast["other"])("handoff_complete", handoff=job, epoch=2, result="good")
        assert done["state"] == "completed"
        await self.stirs(self.ways.by(first, self.cast["sleeper"]), job, 1)


def test_who_slept_past_its_lease_changes_nothing_whatever_either_uses(stage: Stage) -> None:
    async def scenario() -> tuple[Night, list[str]]:
        async with Ways(stage[0]) as ways:
            night = Night(stage, ways)
            await ways.connect(stage[2].values())
            jobs = await asyncio.gather(*[night.given(way) for way, _ in PAIRS])
            claims = [night.claimed("sleeper", way, job) for (way, _), job in zip(PAIRS, jobs, strict=True)]
            assert set(await asyncio.gather(*claims)) == {1}
            night.clock.step(LEASE + 1)
            await asyncio.gather(*[night.works(pair, job) for pair, job in zip(PAIRS, jobs, strict=True)])
            return night, jobs

    night, jobs = play(scenario())
    judged(stage[0], jobs)
    text = f"{night.refused} of {night.refused} refused as stale, {len(PAIRS)} jobs of the second done"
    figure("G5", f"calls of a claimant who slept past its lease, {len(WAYS)} by {len(WAYS)} ways", text)


def test_a_process_that_was_stopped_in_the_middle_of_a_call_finds_its_claim_over(stage: Stage) -> None:
    async def scenario() -> str:
        async with Ways(stage[0]) as ways, beside(stage[0]) as process:
            night = Night(stage, ways)
            await ways.connect(stage[2].values(), ["rest"])
            job, sleeper = await night.given("rest"), process.acting_for(stage[2]["sleeper"])
            assert (await sleeper("handoff_claim", handoff=job))["epoch"] == 1
            process.kill(signal.SIGSTOP)
            late = asyncio.create_task(sleeper("handoff_complete", handoff=job, epoch=1, result="mine"))
            await asyncio.sleep(0)
            night.clock.step(LEASE + 1)
            assert await night.claimed("other", "rest", job) == 2
            assert not late.done()
            process.kill(signal.SIGCONT)
            assert (await late)["error"]["code"] == "stale_epoch"
            await night.stirs(sleeper, job, 1)
            done = {"handoff": job, "epoch": 2, "result": "good"}
            assert (await ways.by("rest", stage[2]["other"])("handoff_complete", **done))["state"] == "completed"
            return job

    judged(stage[0], [play(scenario())])


def judged(server: Server, jobs: list[str]) -> None:
    """See that the log tells the same story of every job, and that the tables are what it adds up to."""
    with ledger(server.home) as found:
        stories = [of_handoff(found, job) for job in jobs]
        results = {found.rows("SELECT result FROM handoffs_handoff WHERE public_id = ?", job)[0] for job in jobs}
    assert [strange_handoffs(story) for story in stories] == [[]] * len(jobs)
    told = {tuple(event.what for event in story) for story in stories}
    assert told == {("created", "claimed", "lease_ended", "claimed", "completed")}
    assert results == {('"good"',)}
    assert server.command("verify").returncode == 0
