"""What the clients do, and how one cell of the table is measured.

Each client is an agent of its own with one connection, and starts its next call when the last one is answered.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import astuple, dataclass, field
from itertools import chain
from typing import NamedTuple

from benchmarks.client import BenchmarkError
from benchmarks.surfaces import Surface

__all__ = ["CYCLE", "DIRECT", "PULL", "SPARE", "WHOAMI", "Cell", "Client", "Workload", "fill", "measure", "merged"]

BODY = b"The parser now accepts trailing commas; the tests for it are in tests/parser. " * 6
WARM_UP = 0.4
PATIENCE = 20.0
SPARE = "bench-spare"


@dataclass
class Client:
    """One agent at its connection; it writes to `recipient` and hands work to `peer`."""

    agent: str
    surface: Surface
    recipient: str = ""
    peer: str = ""
    offered: asyncio.Queue[str | None] = field(default_factory=asyncio.Queue)
    offers_to: "asyncio.Queue[str | None]" = field(default_factory=asyncio.Queue)
    rounds: int = 0


class Workload(NamedTuple):
    """A round of calls that each client repeats; it answers False when it cannot go on."""

    name: str
    round: Callable[[Client], Awaitable[bool]]


@dataclass(frozen=True)
class Cell:
    """One measurement."""

    seconds: float
    rounds: int
    cpu_seconds: float
    client_seconds: float
    latencies: list[float]

    @property
    def calls_per_second(self) -> float:
        """All calls that were answered, a second."""
        return len(self.latencies) / self.seconds

    @property
    def rounds_per_second(self) -> float:
        """Whole rounds a second."""
        return self.rounds / self.seconds

    @property
    def client_per_call(self) -> float:
        """Microseconds of the load client's own processor time a call."""
        return self.client_seconds / len(self.latencies) * 1e6

    @property
    def cpu_per_call(self) -> float:
        """Microseconds of the server's processor time a call."""
        return self.cpu_seconds / len(self.latencies) * 1e6

    def percentile(self, part: float) -> float:
        """Milliseconds within which this part of the calls was answered."""
        ordered = sorted(self.latencies)
        return ordered[min(int(len(ordered) * part), len(ordered) - 1)] * 1e3


def merged(cells: Iterable[Cell]) -> Cell:
    """Return several measurements of one thing as one."""
    seconds, rounds, cpu, client, latencies = zip(*map(astuple, cells), strict=True)
    return Cell(sum(seconds), sum(rounds), sum(cpu), sum(client), list(chain.from_iterable(latencies)))


async def _whoami(client: Client) -> bool:
    await client.surface.call("whoami", b"{}")
    return True


async def _direct(client: Client) -> bool:
    order = b'{"to":"%b","subject":"Trailing commas","body":"%b"}' % (client.recipient.encode(), BODY[:400])
    await client.surface.call("message_create", order)
    return True


async def _pull_and_ack(client: Client) -> bool:
    messages = (await client.surface.call("inbox_pull", b'{"limit":1}'))["messages"]
    if not messages:
        return False
    await client.surface.call("inbox_ack", b'{"messages":["%b"]}' % messages[0]["message"].encode())
    return True


async def _cycle(client: Client) -> bool:
    """Offer a handoff to the peer, and do the one that was offered to this client."""
    order = b'{"title":"Review the parser","to":{"capability":"takes-%b"}}' % client.peer.encode()
    created = await client.surface.call("handoff_create", order)
    client.offers_to.put_nowait(created["handoff"])
    handoff = await client.offered.get()
    if handoff is None:
        return False
    await _do(client.surface, handoff)
    return True


async def _do(surface: Surface, handoff: str) -> None:
    claimed = await surface.call_on("handoff_claim", handoff, b"")
    done = b'"epoch":%d,"result":"Looks good; two remarks inline."' % claimed["epoch"]
    await surface.call_on("handoff_complete", handoff, done)


WHOAMI = Workload("whoami", _whoami)
DIRECT = Workload("direct message", _direct)
PULL = Workload("pull + ack", _pull_and_ack)
CYCLE = Workload("handoff cycle", _cycle)


async def measure(workload: Workload, clients: Sequence[Client], seconds: float, cpu: Callable[[], float]) -> Cell:
    """Let the clients work for some seconds after a warm-up; a client that cannot go on ends the cell early."""
    _seat(clients)
    ending = asyncio.Event()
    tasks = [asyncio.create_task(_repeat(workload, client, ending)) for client in clients]
    try:
        await asyncio.wait(tasks, timeout=WARM_UP, return_when=asyncio.FIRST_COMPLETED)
        _forget(clients)
        before, own, started = cpu(), time.process_time(), time.perf_counter()
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        latencies = [latency for client in clients for latency in client.surface.latencies]
        elapsed, spent, own = time.perf_counter() - started, cpu() - before, time.process_time() - own
        rounds = sum(client.rounds for client in clients)
    finally:
        await _end(tasks, ending)
    if not latencies:
        raise BenchmarkError(f"{workload.name}: no call was answered within {seconds:.1f} s.")
    return Cell(elapsed, rounds, spent, own, latencies)


async def fill(senders: Sequence[Client], clients: Sequence[Client], each: int) -> None:
    """Put `each` messages into every client's inbox, all of them recipients of every message."""
    names = b",".join(b'"%b"' % client.agent.encode() for client in clients)
    order = b'{"to":[%b],"subject":"Trailing commas","body":"%b"}' % (names, BODY[:400])
    todo = iter(range(each))

    async def send(client: Client) -> None:
        for _ in todo:
            await client.surface.call("message_create", order)

    await asyncio.gather(*(send(sender) for sender in senders))


async def _repeat(workload: Workload, client: Client, ending: asyncio.Event) -> None:
    try:
        while not ending.is_set() and await workload.round(client):
            client.rounds += 1
    finally:
        client.offers_to.put_nowait(None)


async def _end(tasks: list[asyncio.Task[None]], ending: asyncio.Event) -> None:
    """Let every client finish its round; raise what one of them raised."""
    ending.set()
    done, hanging = await asyncio.wait(tasks, timeout=PATIENCE)
    for task in hanging:
        task.cancel()
    for task in done:
        if error := task.exception():
            raise error
    if hanging:
        raise BenchmarkError(f"{len(hanging)} of {len(tasks)} clients wait for an answer since {PATIENCE:.0f} s.")


def _seat(clients: Sequence[Client]) -> None:
    """Seat the clients in a ring, each beside its peer; one alone hands work to itself but writes to `SPARE`."""
    for client in clients:
        client.offered = asyncio.Queue()
    for client, neighbour in zip(clients, [*clients[1:], clients[0]], strict=True):
        client.peer, client.offers_to = neighbour.agent, neighbour.offered
        client.recipient = SPARE if neighbour is client else neighbour.agent


def _forget(clients: Sequence[Client]) -> None:
    for client in clients:
        client.surface.latencies.clear()
        client.rounds = 0
