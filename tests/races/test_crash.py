"""What was acknowledged survives `kill -9`; what was not is there wholly or not at all, and can be repeated."""

import asyncio
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.figures import figure
from tests.live.servers import Server
from tests.races.crew import PATHS, Acknowledged, Writer
from tests.races.ledger import ledger

pytestmark = pytest.mark.slow

ROUNDS = int(os.environ.get("ROUNDS", "20"))
ROUNDS_OF_A_HOME = 20
WRITERS = 8
NAMES = [f"writer-{number}" for number in range(WRITERS)]


@pytest.fixture
def homes(tmp_path: Path) -> Iterator[list[Server]]:
    """The servers of a test, ended with it."""
    servers: list[Server] = []
    yield servers
    for server in servers:
        server.close()


def crew(server: Server) -> list[Writer]:
    """Return eight agents of a new installation."""
    return [Writer(server.agent(name), number, NAMES) for number, name in enumerate(NAMES)]


async def write_until_killed(server: Server, writers: list[Writer], seconds: float) -> None:
    """Let all write, then kill the server's whole process group in the middle of it."""
    ready = asyncio.Semaphore(0)
    tasks = [asyncio.create_task(writer.write(server, ready)) for writer in writers]
    async with asyncio.timeout(300):
        for _ in writers:
            await ready.acquire()
    await asyncio.sleep(seconds)
    server.kill()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def replayed(writer: Writer) -> int:
    """Repeat the write that was cut off, twice; it must be done once. Return 1 if there was one."""
    order = writer.pending
    if order is None:
        return 0
    arguments = order.arguments()
    path = PATHS[order.operation].format(handoff=arguments.get("handoff", ""))
    if "{handoff}" in PATHS[order.operation]:
        del arguments["handoff"]
    first, second = (writer.rest.post(path, **arguments) for _ in range(2))
    first.pop("duplicate", None)
    assert second.pop("duplicate") is True
    assert first == second
    writer.acknowledged.note(order, first)
    return 1


def looked_at(server: Server, writers: list[Writer], since: int) -> tuple[int, int]:
    """Compare what was acknowledged with the database; return how many writes that were and how many were repeated."""
    acknowledged = sum(writer.acknowledged.writes for writer in writers)
    with ledger(server.home, since) as found:
        assert found.torn() == []
        for writer in writers:
            assert found.lost(writer.acknowledged) == []
            assert found.reached(writer.acknowledged, set(NAMES)) == []
    pending = [writer.pending for writer in writers if writer.pending is not None]
    repeated = sum(map(replayed, writers))
    with ledger(server.home, since) as found:
        for order in pending:
            if order.operation == "message_create":
                assert found.count("bus_message", "subject", order.fields["subject"]) == 1
            if order.operation == "handoff_create":
                assert found.count("handoffs_handoff", "title", order.fields["title"]) == 1
        for writer in writers:
            assert found.lost(writer.acknowledged) == []
    return acknowledged, repeated


def test_nothing_acknowledged_is_lost_or_torn_however_often_the_server_is_killed(
    homes: list[Server], tmp_path: Path
) -> None:
    acknowledged = repeated = 0
    for number in range(ROUNDS):
        if number % ROUNDS_OF_A_HOME == 0:
            if homes:
                homes[-1].close()
            homes.append(Server(tmp_path / f"home-{number}").start())
            writers = crew(homes[-1])
        server = homes[-1]
        with ledger(server.home) as before:
            since = before.newest
        asyncio.run(write_until_killed(server, writers, random.uniform(0.05, 2)))
        server.start()
        found = looked_at(server, writers, since)
        acknowledged, repeated = acknowledged + found[0], repeated + found[1]
        verified = server.command("verify", "--json")
        assert verified.returncode == 0, verified.stdout
        for writer in writers:
            writer.acknowledged, writer.pending = Acknowledged(), None
    assert acknowledged > ROUNDS * WRITERS
    figure("G1", f"acknowledged writes lost in {ROUNDS} rounds of kill -9", f"0 of {acknowledged:,}")
    figure("G2", f"messages without all their deliveries and their event after {ROUNDS} rounds", "0")
    figure("G4", "writes cut off by kill -9 and repeated, done twice", f"0 of {repeated:,}")
    figure("G8", f"rounds of {ROUNDS} after which `nexus verify` found the log and the tables apart", "0")
