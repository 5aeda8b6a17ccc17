"""Making and ending keys."""

from bus import people
from bus.errors import Conflict, NotFound
from bus.identity import Caller, placed
from bus.models import Agent, Workspace
from bus.schemas.operators import KeyMint, KeyMinted, KeyRevoke, KeyRevoked

__all__ = ["key_mint", "key_revoke"]

BEARERS = ("agent", "operator")


def key_mint(caller: Caller, order: KeyMint) -> KeyMinted:
    """Make another key for an agent, shown once; the agent joins every workspace that the key lists."""
    agent = people.found(order.agent, *BEARERS)
    workspaces = _listed(caller, agent, order.workspaces)
    for workspace in workspaces:
        people.join(caller, agent, workspace)
    terms = people.Terms(order.label, order.scope, order.expires_at, order.any_workspace, workspaces)
    minted = people.mint(caller, agent, terms)
    return KeyMinted(agent=agent.name, key=minted.text, prefix=minted.prefix)


def _listed(caller: Caller, agent: Agent, names: list[str] | None) -> tuple[Workspace, ...]:
    if names is None:
        return tuple(agent.workspaces.order_by("pk"))
    wanted = {placed(caller, name).workspace.id for name in names}
    return tuple(Workspace.objects.filter(pk__in=wanted).order_by("pk"))


def key_revoke(caller: Caller, order: KeyRevoke) -> KeyRevoked:
    """End a key: within a second it opens nothing any more, and its sessions close."""
    agent = people.found(order.agent, *BEARERS)
    keys = agent.keys.filter(prefix=order.key)
    if not keys:
        raise NotFound("That agent has no such key.", agent=agent.name, key=order.key)
    revoked, closed = people.revoke_keys(caller, agent, keys)
    if not revoked:
        raise Conflict("That key was revoked already.", agent=agent.name, key=order.key)
    return KeyRevoked(agent=agent.name, key=order.key, revoked_at=caller.now, sessions_closed=closed)
