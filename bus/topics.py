"""Who takes part in a topic: finding it, and the name under which a caller acts.

Invariant: a name belongs to one for the life of the topic. Only its token, the seat that holds it, or an agent of exactly
that name gets it again; presence never frees it, an operator does. A key is no seat, as any number of programs may speak
with it: without a seat it takes a name in use by the token only, and goes by one name in a topic.
"""

import hashlib
import secrets
from datetime import datetime
from itertools import count, islice
from typing import NamedTuple

from django.db.models import Q

from bus import events
from bus.errors import Conflict, InvalidInput, NotFound
from bus.identity import Caller
from bus.models import Agent, Peer, Topic
from bus.prepared import prepared
from bus.schemas.topics import TopicJoin

__all__ = [
    "AlreadyJoined",
    "Claim",
    "NameInUse",
    "NotJoined",
    "Standing",
    "TopicClosed",
    "TopicNotFound",
    "acting",
    "by_name",
    "claim",
    "found",
    "join",
    "release",
]

SUGGESTED, KEY = 9, "key:"
ACTING = prepared(
    lambda topic, workspace, sitting, own: Peer.objects.filter(
        Q(holder=sitting) | Q(holder=own), topic__public_id=topic, topic__workspace_id=workspace
    ).values_list("holder", "topic_id", "pk", "name", "seq", "moved_at", "topic__latest_seq", "topic__closed_at"),
    str,
    int,
    str,
    str,
)


class TopicNotFound(NotFound):
    """There is no such topic in this workspace."""

    code = "topic_not_found"
    hint = "Call `topic_list`, with `state` all for closed ones."


class TopicClosed(Conflict):
    """The topic is closed and takes no more posts."""

    code = "topic_closed"
    hint = "Read on without `outbox`, or open another one with `topic_create`."


class NotJoined(Conflict):
    """You do not take part in this topic."""

    code = "not_joined"
    hint = "Call `topic_join` first; with your `reclaim_token` where you had a name of your own."


class NameInUse(Conflict):
    """Somebody else has this name in the topic."""

    code = "name_in_use"
    hint = "Send the `reclaim_token` of the name, take another name, or ask the operator to release it."


class AlreadyJoined(Conflict):
    """Your key goes by another name in this topic, and without a session it has one."""

    code = "already_joined"
    hint = "Go on under that name; or join in a session of your own, which the header `Nexus-Session` names."


class Standing(NamedTuple):
    """The topic of a call and the peer as whom the caller acts."""

    topic: int
    peer: int
    name: str
    seq: int
    moved_at: datetime
    latest: int
    is_closed: bool


def found(caller: Caller, public_id: str) -> Topic:
    """Return the topic of the caller's workspace, or raise `TopicNotFound`."""
    topic = Topic.objects.filter(public_id=public_id, workspace_id=caller.workspace.id).first()
    if topic is None:
        raise TopicNotFound(topic=public_id)
    return topic


def by_name(caller: Caller, name: str | None, public_id: str | None, *, allow_closed: bool) -> Topic:
    """Return the topic of this id, or the newest open one of this name; with `allow_closed` then the newest closed one."""
    if (name is None) == (public_id is None):
        raise InvalidInput("Give exactly one of `topic` and `name`.", field="topic")
    if public_id is not None:
        return found(caller, public_id)
    named = Topic.objects.filter(workspace_id=caller.workspace.id, name=name).order_by("-pk")
    topic = named.filter(closed_at=None).first() or (named.first() if allow_closed else None)
    if topic is None:
        raise TopicNotFound(f"There is no {'' if allow_closed else 'open '}topic of that name.", name=name)
    return topic


def acting(caller: Caller, public_id: str) -> Standing:
    """Return as whom the caller acts in a topic: the name its seat took, else its agent's own unless it is alone."""
    sitting = _sitting(caller)
    holders = sitting, sitting if caller.is_alone else _own(caller)
    rows = {row[0]: row[1:] for row in ACTING.rows(public_id, caller.workspace.id, *holders)}
    row = rows.get(holders[0]) or rows.get(holders[1])
    if row is None:
        raise NotJoined(topic=found(caller, public_id).public_id)
    *facts, closed_at = row
    return Standing._make((*facts, closed_at is not None))


def _sitting(caller: Caller) -> str:
    """Return what holds a name that was taken beside the agent's own: the seat, else the key."""
    return caller.seat or (f"{KEY}{caller.key.id}" if caller.key is not None else _own(caller))


def _own(caller: Caller) -> str:
    return f"agent:{caller.agent.id}"


class Claim(NamedTuple):
    """The name that somebody wants to act under, who would hold it, and the token that proves it."""

    name: str
    holder: str
    token: str | None


def claim(caller: Caller, order: TopicJoin) -> Claim:
    """Return what an order claims: the agent's own name for the agent, unless it is to be the seat's alone."""
    name = order.peer or caller.agent.name
    is_own = name.casefold() == caller.agent.name.casefold() and not (order.session_only or caller.is_alone)
    return Claim(name, _own(caller) if is_own else _sitting(caller), order.reclaim_token)


def join(caller: Caller, topic: Topic, claim: Claim) -> tuple[Peer, str | None]:
    """Take part under a name, new or one's own from before; return the peer and its token, None where it has one already.

    Raises `NameInUse` for a name that is somebody else's, and `AlreadyJoined` for a second one of a key without a seat.
    """
    name, _, token = claim
    peer = topic.peers.filter(name__iexact=name).first()
    if not (
        _may_begin(caller, peer, name) if peer is None or peer.token_hash is None else _may_go_on(caller, peer, claim)
    ):
        raise NameInUse(topic=topic.public_id, requested=name, suggested=_free_names(topic, name))
    peer = peer or Peer(topic=topic, name=name, moved_at=caller.now, joined_at=caller.now)
    kept = _token(caller, peer, token)
    _leave(caller, topic, claim.holder, peer.name)
    peer.agent_id, peer.holder, peer.seen_at = caller.agent.id, claim.holder, caller.now
    peer.token_hash = peer.token_hash if kept is None else _hash(kept)
    peer.save()
    about = {"peer": peer.name, "seq": peer.seq}
    events.record(caller, "topic.joined", about, topic=topic.public_id, agent=caller.agent.name, public=True)
    return peer, kept


def _token(caller: Caller, peer: Peer, proven: str | None) -> str | None:
    """Return the token to answer: the one that was sent, or a new one for a name without one.

    Who is alone has always kept its token; where it sent none it has forgotten it, and gets another.
    """
    if proven is not None and peer.token_hash is not None:
        return proven
    return secrets.token_hex(16) if peer.token_hash is None or caller.is_alone else None


def _leave(caller: Caller, topic: Topic, holder: str, name: str) -> None:
    """Give up the other name that the caller acts under."""
    sitting = _sitting(caller)
    for other in topic.peers.filter(holder__in={holder, sitting}).exclude(name=name):
        if other.holder == sitting and sitting.startswith(KEY):
            said = f"Your key goes by {other.name!r} in this topic, and without a session it has one name."
            raise AlreadyJoined(said, topic=topic.public_id, peer=other.name)
        other.holder = None
        other.save(update_fields=["holder"])


def _may_begin(caller: Caller, peer: Peer | None, name: str) -> bool:
    """Say whether a name that nobody holds may be taken: never that of another agent here, or of a person."""
    here = Q(memberships__workspace_id=caller.workspace.id) | ~Q(kind=Agent.Kind.AGENT)
    others = Agent.objects.filter(here, name__iexact=name).exclude(pk=caller.agent.id)
    return (peer is not None and peer.agent_id == caller.agent.id) or not others.exists()


def _may_go_on(caller: Caller, peer: Peer, claim: Claim) -> bool:
    """Say whether a name in use is the caller's; where a token is sent, that decides."""
    if claim.token is not None:
        return _proves(peer, claim.token)
    if claim.holder == _own(caller):
        is_free = peer.holder in (None, claim.holder, caller.seat)
        return is_free and peer.agent_id == caller.agent.id
    return peer.holder == claim.holder and not claim.holder.startswith(KEY)


def _free_names(topic: Topic, name: str) -> list[str]:
    """Return some names like the wanted one that nobody has."""
    stem = name[:58]
    taken = {each.casefold() for each in topic.peers.values_list("name", flat=True)}
    candidates = (f"{stem}-{number}" for number in count(2))
    return list(islice((each for each in candidates if each.casefold() not in taken), SUGGESTED))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _proves(peer: Peer, token: str) -> bool:
    return peer.token_hash is not None and secrets.compare_digest(peer.token_hash, _hash(token))


def release(topic: Topic, name: str) -> Peer:
    """Give a name free: the next who joins under it has it, with its cursor."""
    peer = topic.peers.filter(name__iexact=name).first()
    if peer is None:
        raise NotFound("Nobody has that name in the topic.", peer=name)
    peer.holder = peer.token_hash = None
    peer.save(update_fields=["holder", "token_hash"])
    return peer
