"""How many statements a wait runs that finds what it waits for, and a backup: pinned, as for every other operation."""

import threading

import pytest
from django.db.backends.signals import connection_created

from bus import door
from bus.identity import operator

ORDER = {"to": "ben", "subject": "Hello", "body": "There"}
# The tail's own reading of the log is not the operation's; its first look at the newest event is in the numbers.
OF_THE_TAIL = '"bus_event"."workspace_id" AS "workspace_id"'
OF_A_TRIGGER = "--"  # what SQLite runs by itself, such as the writes of the search index
CONTROL = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "PRAGMA")
COUNTS = {"inbox_wait": 3, "event_wait": 3, "handoff_wait": 3, "backup_create": 3, "topic_sync": 9, "wake": 9}


@pytest.fixture
def statements():
    """Collect what every connection that is opened from now on runs, while `recording` is set."""
    seen, recording = [], threading.Event()

    def note(statement):
        is_ours = OF_THE_TAIL not in statement and not statement.startswith((*CONTROL, OF_A_TRIGGER))
        if recording.is_set() and is_ours and statement not in seen[-1:]:  # told again for its triggers
            seen.append(statement)

    def trace(connection, **_):
        connection.connection.set_trace_callback(note)

    connection_created.connect(trace)
    yield seen, recording
    connection_created.disconnect(trace)


@pytest.mark.parametrize("name", COUNTS)
def test_statements_of(pair, play, statements, name):
    ann, ben = pair
    seen, recording = statements

    async def scenario():
        cursor = (await door.call("event_cursor", ben, {})).cursor
        await door.call("message_create", ann, ORDER)
        await door.call("handoff_create", ann, {"title": "Job", "to": "ben"})
        topic = (await door.call("topic_create", ben, {"name": "api"})).topic
        await door.call("topic_join", ben, {"topic": topic})
        orders = {
            "inbox_wait": (ben, {"timeout_seconds": 0}),
            "event_wait": (ben, {"timeout_seconds": 0, "after": cursor}),
            "handoff_wait": (ben, {"timeout_seconds": 0, "available": True}),
            "backup_create": (person, {}),
            "topic_sync": (ben, {"timeout_seconds": 0, "topic": topic, "outbox": [{"body": "Hello"}]}),
            "wake": (ben, {"wait": 0}),
        }
        caller, order = orders[name]
        await door.call("whoami", caller, {})
        recording.set()
        await door.call(name, caller, order)
        recording.clear()

    person = operator("test")
    play(scenario)
    assert len(seen) == COUNTS[name], "\n".join(each[:200] for each in seen)
