"""Who I am, who is here and what waits for me, in one call."""

from functools import cache
from importlib import metadata

from bus import cursors, door
from bus.audience import select
from bus.directory import AgentEntry
from bus.events import newest_id
from bus.identity import Caller
from bus.queries.events import KIND
from bus.queries.inbox import counts, unread_elsewhere
from handoffs.queries import claimable_count
from overview.schemas.views import Me, Peer, Whoami

__all__ = ["toolsets", "version", "whoami"]

MOST_PEERS = 50


def whoami(caller: Caller, order: Whoami) -> Me:
    """Call this first: who you are, your workspace, who is present, and what waits for you.

    Pass `project_root` so that you meet the agents of the same repository.
    """
    me = caller.agent
    peers = sorted((each.agent for each in select(caller, [None]).reached), key=lambda agent: agent.name.lower())
    return Me(
        agent=me.name,
        origin=me.kind,
        harness=me.harness or None,
        role=me.role or None,
        capabilities=sorted(me.capabilities),
        workspace=caller.workspace.public_id,
        alias=caller.workspace.alias or None,
        session=caller.session.public_id if caller.session else None,
        peers=[_peer(agent) for agent in peers[:MOST_PEERS]],
        inbox=counts(caller),
        unread_elsewhere=unread_elsewhere(caller),
        claimable_handoffs=claimable_count(caller),
        cursor=cursors.encode(KIND, newest_id()),
        version=version(),
        toolsets=toolsets(),
    )


def _peer(agent: AgentEntry) -> Peer:
    return Peer(
        agent=agent.name,
        harness=agent.harness or None,
        role=agent.role or None,
        capabilities=sorted(agent.capabilities) or None,
    )


@cache
def version() -> str:
    """Return the installed version of Nexus."""
    return metadata.version("nexus-bus")


def toolsets() -> dict[str, list[str]]:
    """Return the tools of each toolset that agents may use."""
    sets: dict[str, list[str]] = {}
    for entry in door.published().values():
        if entry.toolset != door.OPERATOR_TOOLSET:
            sets.setdefault(entry.toolset, []).append(entry.name)
    return sets
