"""How many statements a wait runs that finds what it waits for, and a backup: pinned, as for every other operation."""

import threading

import pytest
from django.db.backends.signals import connection_created

from bus import door
from bus.identity import operator

ORDER = {"to": "ben", "subject": "Hello", "body": "There"}
# The tail's own reading of the log is not the operation's; its first look at the newest event is in the numbers.
OF_THE_TAIL = '"bus_event"."workspace_id" AS "workspace_id"'
CONTROL = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "PRAGMA")
COUNTS = {"inbox_wait": 3, "event_wait": 3, "handoff_wait": 3, "backup_create": 3}


@pytest.fixture
def statements():
    """Collect what every connection that is opened from now on runs, while `recording` is set."""
    seen, recording = [], threading.Event()

    def note(statement):
        if recording.is_set() and OF_THE_TAIL not in statement and not statement.startswith(CONTROL):
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
        orders = {
            "inbox_wait": (ben, {"timeout_seconds": 0}),
            "event_wait": (ben, {"timeout_seconds": 0, "after": cursor}),
            "handoff_wait": (ben, {"timeout_seconds": 0, "available": True}),
            "backup_create": (person, {}),
        }
        caller, order = orders[name]
        await door.call("whoami", caller, {})
        recording.set()
        await door.call(name, caller, order)
        recording.clear()

    person = operator("test")
    play(scenario)
    assert len(seen) == COUNTS[name], "\n".join(each[:200] for each in seen)
