"""Who is here: one notion for broadcast, discovery and the graph.

An agent is present when it was heard in the last five minutes or holds a connection, stale up to thirty, then offline.
Any authenticated call is activity. It is stamped in memory and flushed every ten seconds; only an agent that comes back
is written at once, so that the next broadcast reaches it.
"""

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from bus import clock, events, knobs
from bus.errors import Refusal
from bus.identity import Caller
from bus.models import Agent, Key, Membership, Session
from bus.prepared import prepared
from bus.writer import lane

__all__ = ["arrive", "connected", "flush", "next_change", "of", "present_after", "record_change", "sweep", "touch"]

FRESH = timedelta(seconds=60)
HOLD = timedelta(seconds=30)
PRESENT, STALE, OFFLINE = Agent.Presence.PRESENT, Agent.Presence.STALE, Agent.Presence.OFFLINE

SEEN = prepared(lambda now, agent: (Agent.objects.filter(pk=agent), {"last_seen_at": now}), datetime, int)
BACK = prepared(
    lambda agent: (
        Agent.objects.filter(pk=agent, archived_at=None).exclude(presence=PRESENT),
        {"presence": PRESENT.value},
    ),
    int,
)

_lock = threading.Lock()
_written: dict[int, datetime] = {}
_seen: dict[int, Caller] = {}
_held: Counter[int] = Counter()


def of(last_seen: datetime | None, connected_until: datetime | None, now: datetime) -> str:
    """Return present, stale or offline for two stamps."""
    if connected_until is not None and connected_until > now:
        return PRESENT.value
    if last_seen is None:
        return OFFLINE.value
    age = (now - last_seen).total_seconds()
    if age < knobs.get("presence_stale_after"):
        return PRESENT.value
    return STALE.value if age < knobs.get("presence_offline_after") else OFFLINE.value


def present_after(now: datetime) -> datetime:
    """Return the instant since which an agent must have been heard to be present."""
    return now - timedelta(seconds=knobs.get("presence_stale_after"))


async def touch(caller: Caller) -> None:
    """Note that the caller is active; one that was not heard for a minute is present in the tables when this returns."""
    agent = caller.agent.id
    if caller.is_operator:
        return
    _seen[agent] = caller
    written = _written.get(agent)
    if written is None or caller.now - written > FRESH:
        with contextlib.suppress(Refusal):
            await lane.submit(None, partial(arrive, caller))
            _written[agent] = caller.now


def arrive(caller: Caller) -> None:
    """Write that the caller is here; runs inside the lane."""
    SEEN.run(caller.now, caller.agent.id)
    _return(caller)


def _return(caller: Caller) -> None:
    if BACK.run(caller.agent.id):
        record_change(caller, caller.agent.id, caller.agent.name, PRESENT.value)


def record_change(caller: Caller, agent_id: int, name: str, presence: str) -> None:
    """Record `presence.changed` in every workspace of the agent."""
    for workspace in caller.agent.memberships if caller.agent.id == agent_id else _workspaces(agent_id):
        events.record(caller, "presence.changed", {"presence": presence}, agent=name, workspace=workspace, public=True)


def _workspaces(agent_id: int) -> list[int]:
    return list(Membership.objects.filter(agent_id=agent_id).values_list("workspace_id", flat=True))


@contextlib.contextmanager
def connected(caller: Caller) -> Iterator[None]:
    """Count the caller as connected while the block runs."""
    agent = caller.agent.id
    _held[agent] += 1
    _seen[agent] = caller
    try:
        yield
    finally:
        _held[agent] -= 1
        if _held[agent] <= 0:
            del _held[agent]


def flush() -> bool:
    """Queue what was stamped since the last flush; return whether there was anything."""
    with _lock:
        seen = dict(_seen)
        _seen.clear()
    held = set(_held)
    if not seen and not held:
        return False
    now = clock.now()
    _written.update(dict.fromkeys(seen, now))
    lane.post(lambda: _write(now, seen, held))
    return True


def _write(now: datetime, seen: dict[int, Caller], held: set[int]) -> None:
    Agent.objects.filter(pk__in=[*seen, *held]).update(last_seen_at=now)
    for caller in seen.values():
        _return(replace(caller, now=now))
    if held:
        Agent.objects.filter(pk__in=held).update(connected_until=now + HOLD)
    Key.objects.filter(pk__in={caller.key.id for caller in seen.values() if caller.key}).update(last_used_at=now)
    sessions = {caller.session.id for caller in seen.values() if caller.session}
    Session.objects.filter(pk__in=sessions).update(last_seen_at=now)


def sweep(caller: Caller) -> int:
    """Record that agents became stale or offline; each change once, whoever looks first."""
    changed = 0
    for state, limit in ((OFFLINE, "presence_offline_after"), (STALE, "presence_stale_after")):
        since = caller.now - timedelta(seconds=knobs.get(limit))
        quiet = Agent.objects.filter(kind=Agent.Kind.AGENT, last_seen_at__lte=since).exclude(
            connected_until__gt=caller.now
        )
        before = [PRESENT] if state == STALE else [PRESENT, STALE]
        for pk, name in list(quiet.filter(presence__in=before).values_list("pk", "name")):
            if Agent.objects.filter(pk=pk, presence__in=before).update(presence=state):
                record_change(caller, pk, name, state.value)
                changed += 1
    return changed


def next_change() -> datetime | None:
    """Return when the next agent will have been quiet for too long, or None."""
    oldest = Agent.objects.filter(kind=Agent.Kind.AGENT, presence=PRESENT).order_by("last_seen_at").first()
    if oldest is None or oldest.last_seen_at is None:
        return None
    return oldest.last_seen_at + timedelta(seconds=knobs.get("presence_stale_after"))
