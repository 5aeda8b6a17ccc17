"""Events as sentences: who did what to which, in the past tense, with what they speak of as links."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from bus.directory import directory
from bus.identity import SYSTEM
from bus.text import shorten
from overview.queries.happened import Happened
from overview.queries.names import Names, names

__all__ = ["Line", "Part", "colour_of", "lines"]

SAYINGS = {
    "message.created": "{actor} wrote to {whom}: {thing}",
    "message.broadcast": "{actor} told everyone: {thing}[, {count} reached]",
    "delivery.leased": "{agent} received {thing}[, attempt {again}]",
    "delivery.read": "{agent} read {thing}",
    "delivery.returned": "{thing} came back unread from {agent}[: {reason}]",
    "delivery.parked": "{thing} was parked for {agent}[ after attempt {attempt}]",
    "delivery.requeued": "{actor} queued {thing} again for {agent}",
    "delivery.expired": "{thing} expired for {agent}[: {reason}]",
    "handoff.created": "{actor} created {thing}[ for {agent}]",
    "handoff.claimed": "{actor} claimed {thing}",
    "handoff.renewed": "{actor} renewed {thing}[ and said “{note}”]",
    "handoff.lease_ended": "{agent} lost the lease of {thing}, back in the pool",
    "handoff.released": "{actor} released {thing}, back in the pool[: {reason}]",
    "handoff.rejected": "{actor} declined {thing}[: {reason}]",
    "handoff.reassigned": "{actor} gave {thing} to {agent}[: {reason}]",
    "handoff.offered": "{actor} offered {thing} to others[: {reason}]",
    "handoff.verifying": "{actor} finished {thing}, a verdict is due",
    "handoff.verified": "{actor} passed {thing}[: {feedback}]",
    "handoff.failed_verification": "{actor} sent {thing} back[: {feedback}]",
    "handoff.completed": "{thing} was completed",
    "handoff.failed": "{thing} failed[: {reason}]",
    "handoff.cancelled": "{actor} cancelled {thing}[: {reason}]",
    "handoff.expired": "{thing} was not done in time",
    "topic.created": "{actor} opened the topic {thing}",
    "topic.joined": "{actor} joined {thing}[ as {peer}]",
    "topic.posted": "{actor} posted in {thing}[ as {peer}]: {post}",
    "topic.advanced": "{actor} read {thing} up to {seq}[ as {peer}]",
    "topic.renamed": "{actor} renamed the topic {before} to {name}",
    "topic.name_released": "{actor} gave the name “{name}” in {thing} free",
    "topic.closed": "{actor} closed the topic {thing}[: {reason}]",
    "topic.archived": "{actor} archived the topic {thing}",
    "topic.unarchived": "{actor} took the topic {thing} out of the archive",
    "topic.deleted": "{actor} deleted the topic {name} with {posts} posts",
    "paths.reserved": "{actor} reserved {globs}[ for {thing}]",
    "paths.released": "{actor} gave back {globs}[ of {thing}]",
    "agent.created": "{actor} enrolled {agent}",
    "agent.updated": "{actor} changed the profile of {agent}",
    "agent.archived": "{actor} archived {agent}",
    "agent.woken": "{agent} was woken[ as {by} wrote]",
    "agent.paused": "{actor} paused the waking of {agent}",
    "agent.resumed": "{actor} let {agent} be woken again",
    "key.minted": "{actor} minted a key for {agent}[, label {label}]",
    "key.revoked": "{actor} revoked a key of {agent}[, label {label}]",
    "key.expired": "A key of {agent} expired[, label {label}]",
    "session.opened": "{agent} began to work here[, over {surface}]",
    "session.closed": "{agent} ended its work here[: {reason}]",
    "presence.present": "{agent} is here",
    "presence.stale": "{agent} went quiet",
    "presence.offline": "{agent} is gone",
    "workspace.created": "{actor} opened the workspace [{alias}]",
    "workspace.imported": "{actor} imported the workspace [{alias}][ with {events} events]",
    "workspace.joined": "{agent} joined the workspace",
    "setting.changed": "{actor} set {name}[ to {value}]",
    "backup.made": "{actor} made the backup {backup}",
    "log.pruned": "{actor} cut the log's beginning, its hash stays",
}
COLOURS = {
    "message": "blue",
    "delivery": "blue",
    "handoff": "pink",
    "paths": "pink",
    "topic": "violet",
    "presence": "ink",
    "key": "amber",
    "setting": "amber",
}
ENDS = {
    "message.broadcast": "teal",
    "delivery.read": "green",
    "delivery.parked": "red",
    "delivery.expired": "amber",
    "delivery.returned": "amber",
    "handoff.completed": "green",
    "handoff.verified": "green",
    "handoff.failed": "red",
    "handoff.failed_verification": "amber",
    "handoff.rejected": "ink",
    "handoff.cancelled": "ink",
    "handoff.expired": "amber",
    "handoff.lease_ended": "amber",
    "handoff.verifying": "violet",
    "presence.stale": "amber",
    "backup.made": "green",
}
PIECE = re.compile(r"\[([^\]]*)\]|\{(\w+)\}")
LONGEST = 120
NOWHERE = "something that is gone"


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a sentence; `opens` names what the inspector shows for it, `is_name` a person or agent."""

    text: str
    opens: str = ""
    is_name: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One event as a line of a list."""

    event: Happened
    parts: list[Part]
    colour: str
    who: Any

    @property
    def name(self) -> str:
        """Return what the inspector calls the event."""
        return f"evt_{self.event.pk}"


def lines(events: Iterable[Happened], me: str) -> list[Line]:
    """Return events as lines; `me` is the operator, who is told as You."""
    told = list(events)
    known = names(told)
    return [_line(event, known, me) for event in told]


def colour_of(event: Happened, known: Names) -> str:
    """Return the colour of an event."""
    saying = _saying(event, known)
    return ENDS.get(saying) or COLOURS.get(event.type.partition(".")[0], "ink")


def _line(event: Happened, known: Names, me: str) -> Line:
    saying = SAYINGS.get(_saying(event, known), "{actor} did “{type}”")
    parts = _joined(_parts(saying, _Values(event, known, me)))
    who = directory.agent_named(
        event.actor if event.type.startswith(("message", "handoff")) else event.agent or event.actor
    )
    return Line(event, parts, colour_of(event, known), who or directory.agent_named(event.actor))


def _saying(event: Happened, known: Names) -> str:
    """Return which saying tells an event."""
    if event.type == "message.created" and known.kinds.get(event.message or "", event.data.get("kind")) == "broadcast":
        return "message.broadcast"
    if event.type == "presence.changed":
        return f"presence.{event.data.get('presence')}"
    if event.type == "handoff.reassigned" and not event.agent:
        return "handoff.offered"
    return event.type


class _Values:
    """The values of a saying's places; None where there is none."""

    def __init__(self, event: Happened, known: Names, me: str) -> None:
        self.event, self.known, self.me = event, known, me

    def part(self, place: str) -> Part | None:
        """Return what stands at a place of the sentence."""
        found = getattr(self, f"_{place}", None)
        if found is not None:
            part: Part | None = found()
            return part
        value = self.event.data.get(place)
        return None if value in (None, "", [], {}) else Part(shorten(str(value), LONGEST)[0])

    def _type(self) -> Part:
        return Part(self.event.type)

    def _actor(self) -> Part:
        return self._named(self.event.actor)

    def _agent(self) -> Part | None:
        return self._named(self.event.agent) if self.event.agent else None

    def _named(self, name: str) -> Part:
        if name == self.me:
            return Part("You", is_name=True)
        return Part("Nexus", is_name=True) if name == SYSTEM else Part(name, f"@{name}", is_name=True)

    def _whom(self) -> Part:
        to = self.event.data.get("to", [])
        if len(to) == 1:
            return self._named(to[0])
        return Part(f"{len(to)} agents" if to else "nobody")

    def _count(self) -> Part:
        return Part(str(len(self.event.data.get("to", []))))

    def _reason(self) -> Part | None:
        reason = str(self.event.data.get("reason", ""))
        return None if reason in ("", "expired") else Part(shorten(reason, LONGEST)[0])

    def _again(self) -> Part | None:
        attempt = self.event.data.get("attempt", 1)
        return Part(str(attempt)) if attempt > 1 else None

    def _by(self) -> Part | None:
        names = self.event.data.get("by", [])
        return Part(" and ".join(names[:3])) if names else None

    def _globs(self) -> Part:
        globs = self.event.data.get("globs", [])
        return Part(", ".join(globs[:3]) + (" and more" if len(globs) > 3 else ""))

    def _thing(self) -> Part | None:
        event, known = self.event, self.known
        if event.handoff and not event.type.startswith(("message", "delivery")):
            return Part(known.handoffs.get(event.handoff, NOWHERE), event.handoff)
        if event.topic:
            return Part(known.topics.get(event.topic, NOWHERE), event.topic)
        if event.message:
            return Part(known.messages.get(event.message, NOWHERE), event.message)
        return None

    def _peer(self) -> Part | None:
        """Return the name in the topic where it is another than the agent's."""
        peer = str(self.event.data.get("peer", ""))
        return None if peer == self.event.actor else Part(peer)

    def _post(self) -> Part:
        return Part(self.known.messages.get(self.event.message or "", NOWHERE), self.event.message or "")


def _parts(saying: str, values: _Values) -> Iterator[Part]:
    """Yield the pieces of a saying; an optional piece whose places are empty is left out."""
    place = 0
    for found in PIECE.finditer(saying):
        if found.start() > place:
            yield Part(saying[place : found.start()])
        place = found.end()
        if found[1] is not None:
            yield from _optional(found[1], values)
        else:
            yield values.part(found[2]) or Part(NOWHERE)
    yield Part(saying[place:])


def _optional(saying: str, values: _Values) -> Iterator[Part]:
    wanted = [found[2] for found in PIECE.finditer(saying)]
    if all(values.part(name) is not None for name in wanted):
        yield from _parts(saying, values)


def _joined(parts: Iterable[Part]) -> list[Part]:
    """Return the parts that say something; You is lower case inside a sentence."""
    said = [part for part in parts if part.text]
    return [Part("you", is_name=True) if place and part.text == "You" else part for place, part in enumerate(said)]
