"""A database file, a lane and readers of its own for tests with threads, commits and a loop."""

import asyncio
import sqlite3
from contextlib import closing

import pytest
from django.db import connections

from bus import clock, door, presence
from bus import tail as tails
from bus.directory import directory
from bus.identity import Caller
from bus.models import Agent, Membership, Workspace
from bus.readers import Readers
from bus.tail import Tail
from bus.waits import events as event_waits
from bus.waits import keeping, until
from bus.waits import topics as topic_waits
from bus.writer import WriterLane


@pytest.fixture
def own_file(django_db_setup, django_db_blocker, tmp_path):
    """Point every new connection at a fresh copy of the migrated test database."""
    with django_db_blocker.unblock():
        settings = connections["default"].settings_dict
        template, path = settings["NAME"], tmp_path / "nexus.sqlite3"
        with closing(sqlite3.connect(template)) as source, closing(sqlite3.connect(path)) as target:
            source.backup(target)
        connections["default"].close()
        settings["NAME"] = path
        directory.forget_all()
        yield path
        connections["default"].close()
        settings["NAME"] = template
        directory.forget_all()


@pytest.fixture
def lane(own_file):
    """A lane that is closed, with all it queued, at the end."""
    lane = WriterLane()
    yield lane
    lane.close()


@pytest.fixture
def play(own_file, lane, monkeypatch):
    """Return a function that runs a scenario on a loop, with a tail, readers and a lane of its own."""
    readers, tail = Readers(), Tail()
    for module in (door, presence, tails, keeping, topic_waits):
        monkeypatch.setattr(module, "lane", lane)
    for module in (door, tails, event_waits, keeping, topic_waits, until):
        monkeypatch.setattr(module, "readers", readers)
    monkeypatch.setattr(until, "tail", tail)

    async def follow(scenario):
        tail.start()
        try:
            await asyncio.wait_for(scenario(), 60)
        finally:
            await tail.stop()

    return lambda scenario: asyncio.run(follow(scenario))


@pytest.fixture
def pair(own_file):
    """Two present agents of one workspace, as callers."""
    now = clock.now()
    workspace = Workspace.objects.create(public_id="wsp_engine", created_at=now)
    callers = []
    for name in ("ann", "ben"):
        agent = Agent.objects.create(name=name, home=workspace, created_at=now, last_seen_at=now, presence="present")
        Membership.objects.create(agent=agent, workspace=workspace, joined_at=now)
        callers.append(Caller(directory.agent(agent.pk), directory.workspace_by_id(workspace.pk), now, "test"))
    return callers
