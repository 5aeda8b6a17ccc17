"""How many statements every operation runs, pinned: one more is a decision, not an accident.

Counted through the door on one connection, so a write includes its savepoint, the head of the log and its events.
"""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bus import door
from bus.models import Delivery

pytestmark = pytest.mark.django_db(databases=["default", "queue"])

COUNTS = {
    "agent_archive": 11,
    "agent_create": 17,
    "agent_get": 4,
    "agent_list": 2,
    "agent_update": 11,
    "backup_list": 0,
    "conversation_read": 9,
    "event_cursor": 1,
    "event_list": 2,
    "handoff_cancel": 8,
    "handoff_claim": 8,
    "handoff_complete": 10,
    "handoff_create": 9,
    "handoff_get": 1,
    "handoff_list": 5,
    "handoff_reassign": 12,
    "handoff_reject": 10,
    "handoff_release": 9,
    "handoff_renew": 6,
    "handoff_verify": 10,
    "help": 0,
    "inbox_ack": 6,
    "inbox_count": 3,
    "inbox_extend": 8,
    "inbox_history": 2,
    "inbox_peek": 3,
    "inbox_pull": 8,
    "inbox_release": 7,
    "inbox_requeue": 6,
    "key_mint": 10,
    "key_revoke": 8,
    "lease_break": 11,
    "message_create": 8,
    "message_get": 2,
    "message_list": 5,
    "message_status": 2,
    "paths_check": 1,
    "paths_release": 6,
    "paths_reserve": 9,
    "retention_run": 20,
    "search": 11,
    "session_close": 8,
    "session_end": 8,
    "session_heartbeat": 4,
    "session_list": 1,
    "session_open": 7,
    "setting_list": 1,
    "setting_put": 13,
    "topic_archive": 6,
    "topic_close": 6,
    "topic_create": 8,
    "topic_cursor_reset": 4,
    "topic_delete": 12,
    "topic_join": 8,
    "topic_list": 2,
    "topic_presence": 2,
    "topic_read": 2,
    "topic_release_name": 7,
    "topic_rename": 6,
    "topic_resolve": 3,
    "wake_claim": 7,
    "wake_pause": 7,
    "whoami": 15,
    "workspace_list": 1,
    "workspace_resolve": 2,
}


@pytest.fixture
def world(do, alice, bob, carol, operator, workspace):
    """Something of everything, so that every operation has something to do."""
    note = {"to": "bob", "subject": "Note", "body": "Text"}
    job = {"title": "Job", "to": {"capability": "review"}}
    world = {
        "workspace": workspace.public_id,
        "root": str(workspace.path),
        "unread": do("message_create", alice, **note).message,
        "leased": do("message_create", alice, priority=9, **note).message,
        "open": do("handoff_create", alice, **job).handoff,
        "claimed": do("handoff_create", alice, **job).handoff,
        "verifying": do("handoff_create", alice, acceptance_criteria=["done"], **job).handoff,
        "session": do("session_open", bob).session,
        "agent": do("agent_create", operator, name="dora").agent,
        "prefix": do("key_mint", operator, agent="bob").prefix,
        "directed": do("handoff_create", alice, title="Job", to="bob").handoff,
        "parked": do("message_create", alice, **note).message,
        "topic": do("topic_create", alice, name="api").topic,
        "closed": do("topic_create", alice, name="old").topic,
    }
    do("topic_close", alice, topic=world["closed"])
    for caller in (alice, bob):
        do("topic_join", caller, topic=world["topic"])
    parked = Delivery.objects.filter(message__public_id=world["parked"])
    parked.update(lane="parked", ended_at=alice.now, reason="for this test")
    do("paths_reserve", bob, globs=["lib/**"])
    do("inbox_pull", bob, limit=1)
    for name in ("claimed", "verifying"):
        do("handoff_claim", bob, handoff=world[name])
    do("handoff_complete", bob, handoff=world["verifying"], epoch=1, result="done")
    return world


def orders(world, alice, bob, operator):
    """Return who calls every operation with what."""
    mine = {"handoff": world["claimed"], "epoch": 1}
    return {
        "whoami": (bob, {}),
        "help": (bob, {"about": "inbox_pull"}),
        "agent_list": (bob, {}),
        "agent_get": (bob, {"agent": "alice"}),
        "agent_update": (bob, {"role": "builder"}),
        "agent_create": (operator, {"name": "emil"}),
        "agent_archive": (operator, {"agent": world["agent"]}),
        "key_mint": (operator, {"agent": world["agent"]}),
        "key_revoke": (operator, {"agent": "bob", "key": world["prefix"]}),
        "inbox_requeue": (operator, {"message": world["parked"]}),
        "handoff_reject": (bob, {"handoff": world["directed"]}),
        "workspace_list": (bob, {}),
        "workspace_resolve": (bob, {"project_root": world["root"]}),
        "session_open": (bob, {"harness": "codex"}),
        "session_heartbeat": (bob, {"session": world["session"]}),
        "session_close": (bob, {"session": world["session"]}),
        "session_end": (operator, {"session": world["session"]}),
        "session_list": (bob, {}),
        "message_create": (alice, {"to": "bob", "subject": "Note", "body": "Text"}),
        "message_get": (bob, {"message": world["unread"]}),
        "message_list": (bob, {}),
        "message_status": (alice, {"message": world["unread"]}),
        "conversation_read": (bob, {"peer": "alice"}),
        "inbox_pull": (bob, {"limit": 1}),
        "inbox_ack": (bob, {"messages": [world["leased"]]}),
        "inbox_extend": (bob, {"messages": [world["leased"]]}),
        "inbox_release": (bob, {"messages": [world["leased"]]}),
        "inbox_peek": (bob, {}),
        "inbox_count": (bob, {}),
        "inbox_history": (bob, {}),
        "event_list": (bob, {}),
        "event_cursor": (bob, {}),
        "handoff_create": (alice, {"title": "Job", "to": "bob"}),
        "handoff_list": (bob, {}),
        "handoff_get": (bob, {"handoff": world["open"]}),
        "handoff_claim": (bob, {"handoff": world["open"]}),
        "handoff_renew": (bob, mine),
        "handoff_complete": (bob, mine | {"result": "done"}),
        "handoff_release": (bob, mine),
        "handoff_verify": (alice, {"handoff": world["verifying"], "epoch": 1, "verdict": "pass"}),
        "handoff_cancel": (alice, {"handoff": world["open"]}),
        "handoff_reassign": (alice, {"handoff": world["open"], "to": "bob"}),
        "lease_break": (operator, {"handoff": world["claimed"]}),
        "paths_reserve": (bob, {"globs": ["src/**"]}),
        "paths_check": (bob, {"globs": ["src/**"]}),
        "paths_release": (bob, {}),
        "setting_put": (operator, {"name": "keep_mail_days", "value": 60}),
        "setting_list": (operator, {}),
        "search": (bob, {"query": "note"}),
        "wake_claim": (bob, {"waiter": "codex"}),
        "wake_pause": (operator, {"agent": "alice"}),
        "topic_create": (bob, {"name": "new"}),
        "topic_list": (bob, {}),
        "topic_resolve": (bob, {"name": "api"}),
        "topic_join": (bob, {"topic": world["topic"]}),
        "topic_read": (bob, {"topic": world["topic"]}),
        "topic_presence": (bob, {"topic": world["topic"]}),
        "topic_cursor_reset": (bob, {"topic": world["topic"]}),
        "topic_close": (bob, {"topic": world["topic"]}),
        "topic_rename": (operator, {"topic": world["topic"], "name": "other"}),
        "topic_release_name": (operator, {"topic": world["topic"], "peer": "bob"}),
        "topic_archive": (operator, {"topic": world["closed"]}),
        "topic_delete": (operator, {"topic": world["topic"], "confirm": "api"}),
        "backup_list": (operator, {}),
        "retention_run": (operator, {}),
    }


# These wait, and are counted with the tail running: tests/engine/test_statements_of_waits.py.
ELSEWHERE = {"backup_create", "inbox_wait", "event_wait", "handoff_wait", "topic_sync", "wake"}


def test_every_operation_is_counted():
    assert set(COUNTS) | ELSEWHERE == set(door.published())


@pytest.mark.parametrize("name", sorted(set(door.published()) - ELSEWHERE))
def test_statements_of(do, world, alice, bob, operator, name):
    caller, order = orders(world, alice, bob, operator)[name]
    with CaptureQueriesContext(connection) as statements:
        do(name, caller, **order)
    assert len(statements) == COUNTS.get(name), "\n".join(each["sql"][:160] for each in statements)
