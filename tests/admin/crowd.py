"""Rows of every Nexus table, written straight into it: what the lists of the admin are asked about."""

from datetime import timedelta

from django.apps import apps
from django.contrib import admin

from bus import clock, events, ids
from bus.models import (
    Agent,
    AgentTag,
    Audience,
    Capability,
    Checkpoint,
    Deadline,
    Delivery,
    Event,
    Key,
    Membership,
    Message,
    Peer,
    Post,
    Session,
    Setting,
    StoredAnswer,
    Topic,
    Workspace,
)
from handoffs.models import Handoff, PathClaim

ROOMS = ("bus", "handoffs", "django_q")
MODELS = [model for model in admin.site._registry if model._meta.app_label in ROOMS]
NEXUS = [model for room in ROOMS[:2] for model in apps.get_app_config(room).get_models() if model._meta.managed]
DIGEST = b"\x01" * 32


def crowd(start: int, count: int, text: str = "plain", word: str = "word") -> None:
    """Add rows `start` to `start + count` of every table; agents control `text` (long) and `word` (short)."""
    for number in range(start, start + count):
        _one(number, text, f"{word}{number}")


def _one(number: int, text: str, word: str) -> None:
    now = clock.now()
    place = Workspace.objects.create(
        public_id=f"wsp_{number}", alias=word[:64], path=f"/{text}", git_remote=text[:300], created_at=now
    )
    agent = Agent.objects.create(
        name=word[:64],
        home=place,
        harness=text[:40],
        role=text[:64],
        description=text,
        created_at=now,
        last_seen_at=now,
        presence="present",
    )
    _of_agent(number, agent, place, text)
    message = Message.objects.create(
        public_id=ids.new("msg", now),
        workspace=place,
        kind="direct",
        sender=agent,
        to=[text],
        subject=text[:200],
        body=text,
        metadata={text: text},
        references=[{"kind": "file", "path": text}],
        handoff=f"hnd_{number}",
        sent_at=now,
    )
    delivery = {"message": message, "recipient": agent, "workspace": place, "priority": 5}
    Delivery.objects.create(**delivery, lane="parked", ended_at=now, reason=text[:100])
    topic = _topic(number, agent, message, text)
    handoff = _handoff(number, agent, place, text)
    Audience.objects.create(subject=handoff.public_id, agent=agent)
    _log(number, agent, place, (message.public_id, handoff.public_id, topic.public_id), text)
    Deadline.objects.create(kind=f"kind {number}", at=now)
    Setting.objects.create(name=f"setting {number}", value=number, changed_at=now)
    StoredAnswer.objects.create(agent=agent, key=text[:128], digest=DIGEST, answer=f"answer: {text}", created_at=now)


def _of_agent(number: int, agent: Agent, place: Workspace, text: str) -> None:
    now = clock.now()
    Membership.objects.create(agent=agent, workspace=place, joined_at=now)
    Capability.objects.create(agent=agent, name=text[:64])
    AgentTag.objects.create(agent=agent, key=text[:64], value=text[:64])
    key = Key.objects.create(agent=agent, prefix=f"p{number}", secret_hash=DIGEST, label=text[:64], created_at=now)
    key.workspaces.add(place)
    Session.objects.create(
        public_id=f"ses_{number}",
        agent=agent,
        key=key,
        workspace=place,
        surface="mcp",
        harness=text[:40],
        session_ref=text[:200],
        machine=text[:100],
        opened_at=now,
        last_seen_at=now,
    )


def _topic(number: int, agent: Agent, message: Message, text: str) -> Topic:
    now, place = clock.now(), message.workspace
    topic = Topic.objects.create(
        public_id=f"top_{number}",
        workspace=place,
        name=text[:200],
        metadata={text: text},
        created_by=agent,
        created_at=now,
        latest_seq=1,
        active_at=now,
        closed_at=now,
        close_reason=text[:200],
    )
    peer = Peer.objects.create(
        topic=topic, agent=agent, name=text[:64], holder=f"ses_{number}", moved_at=now, seen_at=now, joined_at=now
    )
    Post.objects.create(message=message, topic=topic, seq=1, peer=peer, kind=text[:32], client_id=text[:128])
    return topic


def _handoff(number: int, agent: Agent, place: Workspace, text: str) -> Handoff:
    now = clock.now()
    handoff = Handoff.objects.create(
        public_id=f"hnd_{number}",
        workspace=place,
        creator=agent,
        title=text[:200],
        body=text,
        payload={text: text},
        to=[text],
        lease_seconds=300,
        max_attempts=5,
        acceptance_criteria=[text],
        verify_by=text,
        paths=[text],
        state="claimed",
        epoch=1,
        claimant=agent,
        last_claimant=agent,
        lease_until=now + timedelta(hours=1),
        note=text[:500],
        feedback=text,
        reason=text[:500],
        result={text: text},
        created_at=now,
    )
    PathClaim.objects.create(
        workspace=place, glob=text[:300], agent=agent, handoff=handoff, reason=text[:200], created_at=now
    )
    return handoff


def _log(number: int, agent: Agent, place: Workspace, subjects: tuple[str, str, str], text: str) -> None:
    now = clock.now()
    event = Event.objects.create(
        workspace=place,
        seq=1,
        hash=events.GENESIS,
        type="handoff.claimed",
        at=now,
        actor=agent,
        origin="agent",
        person=text[:150],
        surface="mcp",
        address=text[:64],
        message=subjects[0],
        handoff=subjects[1],
        topic=subjects[2],
        agent=agent.name,
        payload={text: text},
    )
    Checkpoint.objects.create(
        workspace=place, seq=1, event_id=event.pk, hash=DIGEST, state=text, state_hash=DIGEST, created_at=now
    )
