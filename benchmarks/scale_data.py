"""A big installation, written straight into a new data directory: `python -m benchmarks.scale_data FOLDER --messages N`.

Schema and agents are made by Nexus itself; messages, deliveries, handoffs and events are bulk inserts by its own prepared
statements. The log is whole: its hash chain holds, checkpoints stand where the sweep puts them, and the tables are what
the log adds up to, so that `nexus verify` finds nothing. A million messages come with 100,000 handoffs in all states and
more than three million events, spread over 25 days.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from benchmarks.scale_story import AGENTS, DAYS, HANDOFF_FIELDS, Batch, Story

__all__ = ["CAST", "make"]

CAST = "cast.json"
PATH_FIELDS = ("workspace", "glob", "agent", "handoff", "until", "reason", "created_at", "released_at")


def make(folder: Path, project: Path, messages: int) -> None:
    """Write the installation in a process of its own, whose data directory is `folder`."""
    project.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "NEXUS_HOME": str(folder), "DJANGO_SETTINGS_MODULE": "nexus_site.settings"}
    command = [sys.executable, "-m", "benchmarks.scale_data", str(project), "--messages", str(messages)]
    subprocess.run(command, env=environment, check=True)


class Tables:
    """Puts batches into the database."""

    def __init__(self) -> None:
        """Prepare the statements that Nexus does not have itself."""
        from bus import events, mail
        from bus.models import Audience, StoredAnswer
        from bus.prepared import insert
        from handoffs.models import Handoff, PathClaim

        self.inserts = {
            "messages": mail.MESSAGE,
            "deliveries": mail.DELIVERY,
            "handoffs": insert(Handoff, *HANDOFF_FIELDS),
            "paths": insert(PathClaim, *PATH_FIELDS),
            "seeing": insert(Audience, "subject", "agent"),
            "answers": insert(StoredAnswer, "agent", "key", "digest", "answer", "created_at"),
            "events": events.INSERT,
        }

    def put(self, batch: Batch) -> None:
        """Insert a batch in one transaction."""
        from django.db import transaction

        from bus.models import Checkpoint

        with transaction.atomic():
            for name, insert in self.inserts.items():
                insert.many(getattr(batch, name))
            Checkpoint.objects.bulk_create(batch.checkpoints)


def _cast(project: Path) -> tuple[int, dict[str, str]]:
    """Let Nexus make the agents; return the workspace's row and each agent's key."""
    from bus import clock, door, identity
    from bus.models import Workspace

    before = clock.now() - timedelta(days=DAYS, hours=1)  # in a log, times rise
    caller = replace(identity.operator("cli"), now=before)
    keys = {}
    for name in (f"agent-{number}" for number in range(1, AGENTS + 1)):
        order = {"name": name, "project_root": str(project), "capabilities": [f"takes-{name}"]}
        keys[name] = door.run("agent_create", caller, order).key
    return Workspace.objects.get(path=str(project.resolve())).pk, keys


def main() -> None:
    """Write everything, and the agents' keys beside it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale_data", description=__doc__)
    parser.add_argument("project", type=Path)
    parser.add_argument("--messages", type=int, default=1_000_000)
    arguments = parser.parse_args()
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection

    started = time.perf_counter()
    for alias in ("default", "queue"):
        call_command("migrate", database=alias, verbosity=0)
    workspace, keys = _cast(arguments.project)
    from bus.models import Agent

    agents = sorted(Agent.objects.filter(name__in=keys).values_list("pk", "name"))
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous=OFF")
        cursor.execute("PRAGMA cache_size=-400000")
    story, tables = Story(workspace, agents, arguments.messages), Tables()
    for batch in story.tell():
        tables.put(batch)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    (settings.NEXUS_HOME / CAST).write_text(json.dumps(keys))
    size = (settings.NEXUS_HOME / "nexus.sqlite3").stat().st_size / 1e6
    print(f"{arguments.messages:,} messages, {story.handoffs:,} handoffs, {story.log.seq:,} events", end=": ")
    print(f"{size:,.0f} MB, written in {time.perf_counter() - started:.0f} s.", flush=True)


if __name__ == "__main__":
    main()
