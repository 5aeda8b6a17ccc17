"""Eight processes look at once for what is over: each thing ends once, and is told of once."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from tests.figures import figure
from tests.live.servers import Server, play
from tests.races.ledger import ledger
from tests.races.ways import Beside, Clock, Ways, beside, clocked

pytestmark = pytest.mark.slow

SWEEPERS, LEASES, AGENTS, HANDOFFS = 8, 1000, 20, 100
LEASE = 600
KINDS = {
    "delivery_lease": ("delivery.returned", "lease ended"),
    "message_expiry": ("delivery.expired", "expired"),
    "handoff_lease": ("handoff.lease_ended", "lease ended"),
}
ENDED = """
SELECT coalesce(handoff, message), agent FROM bus_event
WHERE type = ? AND json_extract(payload, '$.reason') = ?
"""


class Stage(NamedTuple):
    """A server, its clock, who gives and who takes."""

    server: Server
    clock: Clock
    boss: str
    agents: dict[str, str]


@pytest.fixture
def stage(tmp_path: Any) -> Iterator[Stage]:
    """A server whose clock can be set, with many agents."""
    server, clock = clocked(tmp_path)
    agents = {f"agent-{number}": server.agent(f"agent-{number}").key for number in range(AGENTS)}
    yield Stage(server, clock, server.agent("boss").key, agents)
    server.close()


async def fill(stage: Stage, ways: Ways) -> None:
    """Let everybody hold mail and work under leases, and have mail that expires."""
    boss = ways.by("rest", stage.boss)
    order = {"to": list(stage.agents), "subject": "Note", "body": ""}
    until = (stage.clock.now() + timedelta(seconds=LEASE)).isoformat()
    for more in ({}, {"expires_at": until}):
        sent = await asyncio.gather(*[boss("message_create", **order, **more) for _ in range(LEASES // AGENTS)])
        assert {len(each["recipients"]) for each in sent} == {AGENTS}
        if not more:
            await asyncio.gather(*[hold(ways, stage.boss, *agent) for agent in stage.agents.items()])


async def hold(ways: Ways, boss: str, name: str, key: str) -> None:
    """Have an agent pull its mail, and claim some jobs."""
    call = ways.by("rest", key)
    assert len((await call("inbox_pull", limit=200, lease_seconds=LEASE))["messages"]) == LEASES // AGENTS
    for title in range(HANDOFFS // AGENTS):
        job = {"title": str(title), "to": name, "lease_seconds": LEASE}
        made = await ways.by("rest", boss)("handoff_create", **job)
        assert (await call("handoff_claim", handoff=made["handoff"]))["claimed"]


async def sweep(sweeper: Beside) -> Counter[str]:
    """Have a process do everything that is due; return how much of it that was."""
    return Counter({kind: await sweeper("sweep_slowly", kind=kind) for kind in KINDS})


async def filled(stage: Stage) -> None:
    """Fill, stop the server, and let everything be over."""
    async with Ways(stage.server) as ways:
        await ways.connect([stage.boss, *stage.agents.values()], ["rest"])
        await fill(stage, ways)
    stage.server.stop()
    stage.clock.step(LEASE + 1)


async def swept(stage: Stage) -> list[Counter[str]]:
    """Let all sweepers begin at once; return what each did."""
    async with AsyncExitStack() as stack:
        starting = [stack.enter_async_context(beside(stage.server)) for _ in range(SWEEPERS)]
        return await asyncio.gather(*map(sweep, await asyncio.gather(*starting)))


def test_what_is_over_ends_once_though_eight_sweepers_look_for_it_at_once(stage: Stage) -> None:
    play(filled(stage))
    done = play(swept(stage))
    with ledger(stage.server.home) as found:
        ended = {kind: Counter(found.rows(ENDED, *event)) for kind, event in KINDS.items()}
    assert [set(each.values()) for each in ended.values()] == [{1}] * len(KINDS)
    assert [each.total() for each in ended.values()] == [LEASES, LEASES, HANDOFFS]
    assert [sum(each[kind] for each in done) for kind in KINDS] == [LEASES, LEASES, HANDOFFS]
    assert stage.server.command("verify").returncode == 0
    assert sum(each.total() > 0 for each in done) > 1, "nobody raced"
    for kind, (type_, _) in KINDS.items():
        shares = ", ".join(str(each[kind]) for each in done)
        figure("G10", f"{type_} by {SWEEPERS} sweepers at once", f"{ended[kind].total():,} events of {shares}")
