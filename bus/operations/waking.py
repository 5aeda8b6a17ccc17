"""Who may start a turn of an idle agent, and the switch that lets nobody."""

from bus import events, knobs, people, wakes
from bus.errors import Conflict, NotFound, RateLimited
from bus.identity import Caller
from bus.models import Agent, Message
from bus.queries.news import waking_sender
from bus.schemas.waking import WakeClaim, WakeClaimed, WakePause, WakeSwitched
from bus.wakes import Wake

__all__ = ["TooSoon", "WakesPaused", "wake_claim", "wake_pause"]


class WakesPaused(Conflict):
    """The operator has paused the waking of this agent."""

    code = "wakes_paused"
    hint = "Start no turn. Its mail waits until it looks by itself, or the operator resumes it on the agent's page."


class TooSoon(RateLimited):
    """This agent was woken too often, or just now."""

    hint = "Start no turn now; ask again in `retry_after` seconds. Its mail waits."


def wake_claim(caller: Caller, order: WakeClaim) -> WakeClaimed:
    """Ask before you start a turn of your idle agent; each wake counts, and a refusal says when to ask again.

    For programs that wait in an agent's place, such as hooks: agents themselves need not call it.
    """
    agent = Agent.objects.get(pk=caller.agent.id)
    if agent.paused_at is not None:
        raise WakesPaused(agent=agent.name, paused_at=agent.paused_at.isoformat())
    by = _causes(caller, order.subjects)
    before = wakes.told(agent.wakes)
    if (seconds := wakes.wait(before, by, caller.now)) > 0:
        raise TooSoon(retry_after=round(seconds, 1), budget=knobs.get("wake_budget"), agent=agent.name)
    now = [Wake(caller.now, order.waiter or "", tuple(by)), *before]
    Agent.objects.filter(pk=agent.pk).update(wakes=wakes.stored(now, caller.now))
    events.record(caller, "agent.woken", {"waiter": order.waiter or "", "by": by}, agent=agent.name)
    return WakeClaimed(
        wakes_left=knobs.get("wake_budget") - len(wakes.in_the_last(wakes.HOUR, now, caller.now)),
        gap_seconds=wakes.gap(now, by, caller.now),
    )


def _causes(caller: Caller, subjects: list[str] | None) -> list[str]:
    """Return the names of those whose words are the cause of a wake."""
    if subjects is None:
        newest = waking_sender(caller)
        return [] if newest is None else [newest]
    found: dict[str, None] = {}
    for subject in subjects:
        column = "handoff" if subject.startswith("hnd_") else "public_id"
        mine = Message.objects.filter((column, subject), deliveries__recipient_id=caller.agent.id)
        sender = mine.filter(workspace_id=caller.workspace.id).values_list("sender__name", flat=True).first()
        if sender is None:
            raise NotFound("You got no such message or handoff.", subject=subject)
        found[sender] = None
    return sorted(found)


def wake_pause(caller: Caller, order: WakePause) -> WakeSwitched:
    """Pause the waking of an agent, or resume it: while it is paused nothing starts a turn of it, and its mail waits."""
    agent = people.found(order.agent)
    if (agent.paused_at is not None) != order.paused:
        agent.paused_at = caller.now if order.paused else None
        agent.save(update_fields=["paused_at"])
        people.record_everywhere(caller, agent, "agent.paused" if order.paused else "agent.resumed", {})
    return WakeSwitched(agent=agent.name, paused=order.paused, paused_at=agent.paused_at)
