"""Who may say that a result is good: never the one who made it."""

from bus import audience
from bus.directory import AgentEntry, directory
from bus.identity import Caller
from bus.models import Agent
from bus.schemas.address import Selector
from handoffs.models import Handoff

__all__ = ["HUMAN", "asked", "asked_agents", "described", "may_verify"]

HUMAN = "human"


def asked(handoff: Handoff) -> AgentEntry | Selector | None:
    """Return who is to verify: an agent, any that fit a selector, or None for a person.

    Without `verify_by` it is the creator. One who executed it is replaced by a person.
    """
    wanted = handoff.verify_by
    if isinstance(wanted, dict):
        return Selector.model_validate(wanted)
    if wanted == HUMAN:
        return None
    agent = directory.agent(handoff.creator_id) if wanted is None else directory.agent_named(wanted)
    return None if agent is None or agent.id == handoff.last_claimant_id else agent


def may_verify(caller: Caller, handoff: Handoff) -> bool:
    """Say whether the caller may give the verdict; operators always may, the executor never."""
    if caller.agent.id == handoff.last_claimant_id:
        return False
    verifier = asked(handoff)
    if isinstance(verifier, Selector):
        return caller.is_operator or audience.matches(caller.agent, verifier)
    return caller.is_operator or (verifier is not None and verifier.id == caller.agent.id)


def asked_agents(caller: Caller, handoff: Handoff) -> list[int]:
    """Return the agents to ask now: the one named, those present that fit, or where there is none the operators."""
    verifier = asked(handoff)
    if isinstance(verifier, AgentEntry):
        return [verifier.id]
    reached = audience.select(caller, [verifier]).reached if verifier is not None else []
    fitting = [each.agent.id for each in reached if each.agent.id != handoff.last_claimant_id]
    operators = Agent.objects.filter(kind=Agent.Kind.OPERATOR, archived_at=None)
    return fitting or list(operators.values_list("pk", flat=True))


def described(handoff: Handoff) -> object:
    """Return who is asked to verify, as an answer says it."""
    verifier = asked(handoff)
    if isinstance(verifier, Selector):
        return verifier.model_dump(exclude_none=True)
    return HUMAN if verifier is None else verifier.name
