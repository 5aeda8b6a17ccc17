"""The agents that work: made by the operator over REST, each with a key and a capability of its own."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.client import Connection, connect
from benchmarks.server import Served
from benchmarks.surfaces import SURFACES, post_as_operator
from benchmarks.workloads import SPARE, Client

__all__ = ["Cast", "Member", "gather", "on", "recruit"]


@dataclass(frozen=True)
class Member:
    """One agent and its key."""

    agent: str
    key: str


@dataclass(frozen=True)
class Cast:
    """The agents of a benchmark in one project, and a spare one that writes to the others."""

    project: Path
    members: list[Member]
    spare: Member


async def gather(served: Served, count: int, project: Path) -> Cast:
    """Make the project's folder and its agents."""
    project.mkdir(exist_ok=True)
    names = [f"bench-{number:02}" for number in range(1, count + 1)]
    *members, spare = await recruit(served, project, [*names, SPARE])
    return Cast(project, members, spare)


async def recruit(served: Served, project: Path, names: Sequence[str]) -> list[Member]:
    """Make agents."""
    connection = await connect(served.port)
    try:
        return [await _made(connection, served.port, project, name) for name in names]
    finally:
        connection.close()


async def _made(connection: Connection, port: int, project: Path, name: str) -> Member:
    order = {"name": name, "project_root": str(project), "capabilities": [f"takes-{name}"]}
    return Member(name, (await post_as_operator(connection, port, "/api/v1/agents", order))["key"])


@asynccontextmanager
async def on(
    surface: str, served: Served, members: Sequence[Member], *, floor: bool = False
) -> AsyncIterator[list[Client]]:
    """Connect each agent to a server; the floor is not asked for a session."""
    async with AsyncExitStack() as stack:
        clients = [Client(member.agent, SURFACES[surface](member.key)) for member in members]
        for client in clients:
            await (client.surface.open_floor(served.port) if floor else client.surface.open(served.port))
            stack.callback(client.surface.close)
        yield clients
