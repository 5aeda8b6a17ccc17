"""What every read and write costs the database in an installation: `NEXUS_HOME=FOLDER python -m benchmarks.scale_steps`.

The cost is counted in instructions of SQLite's machine, which a loaded or slow computer does not change. Each operation is
called by an agent with a long history and by one that has just come; nothing of it is kept.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Cost", "costs"]

GRAIN = 20
OLD, NEW = ("agent-1", "agent-2"), ("newcomer-1", "newcomer-2")


class Cost(NamedTuple):
    """What one call cost: instructions of SQLite, and milliseconds of this process."""

    steps: int
    milliseconds: float


def costs(folder: Path) -> dict[str, Cost]:
    """Count in a process of its own, whose data directory is `folder`; return the cost of each call by its name."""
    environment = {**os.environ, "NEXUS_HOME": str(folder), "DJANGO_SETTINGS_MODULE": "nexus_site.settings"}
    command = [sys.executable, "-m", "benchmarks.scale_steps"]
    said = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE).stdout
    return {name: Cost(*cost) for name, cost in json.loads(said).items()}


def _calls(me: str, peer: str, facts: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every operation that an agent calls often, in the ways that read the most."""
    yield "whoami", {}
    yield "agent_list", {}
    yield "agent_get", {"agent": peer}
    yield "message_create", {"to": peer, "subject": "Note", "body": "Text"}
    yield "message_create", {"to": "broadcast", "subject": "Note", "body": "Text", "include_stale": True}
    for name in ("inbox_pull", "inbox_peek", "inbox_count", "inbox_history", "event_cursor", "session_list"):
        yield name, {}
    yield "message_list", {}
    yield from (("message_list", only) for only in ({"peer": peer}, {"kind": "topic"}, {"lane": "parked"}))
    yield "conversation_read", {"peer": peer}
    yield "search", {"query": "build"}
    yield "event_list", {}
    yield from (("event_list", only) for only in ({"types": ["workspace"]}, {"subjects": [peer]}))
    yield "event_list", {"subjects": [facts["handoff"]]}
    yield from (("event_list", {"after": facts[place]}) for place in ("newest", "oldest"))
    yield "handoff_create", {"title": "Job", "to": peer}
    yield "handoff_list", {}
    yield from (("handoff_list", only) for only in ({"mine": True}, {"available": True}))
    yield from (("handoff_list", {"states": [state]}) for state in ("open", "failed"))
    yield "handoff_claim", {}
    yield "paths_check", {"globs": ["src/part-7/**"]}
    yield "paths_reserve", {"globs": ["docs/**"]}


def _counted(caller: Any, name: str, order: dict[str, Any]) -> Cost:
    """Run an operation twice and take it back each time; return what the second one cost."""
    from django.db import connection, transaction

    from bus import door

    count = 0

    def step() -> int:
        nonlocal count
        count += 1
        return 0

    for _ in range(2):
        mark = transaction.savepoint()
        connection.connection.set_progress_handler(step, GRAIN)
        count, started = 0, time.process_time()
        door.run(name, caller, order)
        passed = time.process_time() - started
        connection.connection.set_progress_handler(None, GRAIN)
        transaction.savepoint_rollback(mark)
    return Cost(count * GRAIN, passed * 1000)


def _measure() -> dict[str, Cost]:
    from bus import cursors, door, events, identity
    from bus.directory import directory
    from bus.models import Agent, Membership, Workspace
    from handoffs.models import Handoff

    workspace = Workspace.objects.get(pk=Membership.objects.get(agent__name=OLD[0]).workspace_id)
    operator = identity.operator("cli", workspace=workspace.public_id)
    for name in NEW:
        door.run("agent_create", operator, {"name": name, "project_root": workspace.path})
    Agent.objects.filter(kind="agent").update(last_seen_at=operator.now, presence="present")
    facts = {
        "handoff": Handoff.objects.order_by("pk")[10].public_id,
        "newest": cursors.encode("event", events.newest_id()),
        "oldest": cursors.encode("event", 0),
    }
    found = {}
    for me, peer in (OLD, NEW):
        agent = directory.agent_named(me)
        assert agent is not None
        caller = identity.Caller(agent=agent, workspace=operator.workspace, surface="mcp", now=operator.now)
        for number, (name, order) in enumerate(_calls(me, peer, facts)):
            shown = " ".join([name, *order]) if name.endswith("list") else name
            found[f"{me} {number:02} {shown}"] = _counted(caller, name, order)
    return found


def main() -> None:
    """Print the costs as JSON."""
    import django

    django.setup()
    from django.db import transaction

    with transaction.atomic():
        found = _measure()
        transaction.set_rollback(True)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
