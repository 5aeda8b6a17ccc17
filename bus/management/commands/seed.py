"""`seed`: a workspace that looks as if seven agents had worked in it for a hundred minutes."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from bus import clock, door, identity, people, sweeps
from bus.directory import WorkspaceEntry, directory
from bus.management.base import NexusCommand
from bus.management.stage import CAST, MINUTES, Play
from bus.management.story import LAST_SUBJECT, play
from bus.models import Agent, Event, Message

SURFACE = "seed"
NAME = "harbor"


class Command(NexusCommand):
    help = "Make a lively example workspace: seven agents, their messages and handoffs. Twice is harmless."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--workspace", metavar="PATH", help="folder to work in (default: a folder of its own in the data directory)"
        )

    def act(self, options: Mapping[str, Any]) -> None:
        workspace = _workspace(options["workspace"])
        is_new = not Message.objects.filter(workspace_id=workspace.id, subject=LAST_SUBJECT).exists()
        if is_new:
            begin = clock.now() - timedelta(minutes=MINUTES)
            _enrol(workspace, begin)
            began = Agent.objects.get(name=CAST[0]["name"]).created_at
            play(Play(workspace, began))
            sweeps.all_kinds()
        self.say(options, _counts(workspace) | {"seeded": is_new}, _lines(workspace, is_new=is_new))


def _workspace(path: str | None) -> WorkspaceEntry:
    if path is None:
        root = Path(settings.NEXUS_HOME) / "demo" / NAME
        (root / ".git").mkdir(parents=True, exist_ok=True)
    else:
        root = Path(path).expanduser().resolve()
    caller = identity.operator(SURFACE)
    caller = replace(caller, now=caller.now - timedelta(minutes=MINUTES))
    row = door.run_work(partial(people.create_workspace, caller, str(root)))
    return directory.workspace_by_id(row.pk)


def _enrol(workspace: WorkspaceEntry, now: datetime) -> None:
    """Enrol those of the cast that do not work here yet; a name that is taken elsewhere is refused."""
    caller = replace(identity.operator(SURFACE), workspace=workspace, now=now)
    for each in CAST:
        agent = directory.agent_named(each["name"])
        if agent is None or workspace.id not in agent.memberships:
            door.run("agent_create", caller, each)


def _counts(workspace: WorkspaceEntry) -> dict[str, Any]:
    messages = Message.objects.filter(workspace_id=workspace.id)
    handoffs = Event.objects.filter(workspace_id=workspace.id, type="handoff.created")
    return {
        "workspace": workspace.public_id,
        "alias": workspace.alias,
        "path": workspace.path,
        "agents": len(CAST),
        "messages": messages.count(),
        "handoffs": handoffs.count(),
    }


def _lines(workspace: WorkspaceEntry, *, is_new: bool) -> list[str]:
    if not is_new:
        return [f"{workspace.alias} is seeded already; nothing was changed."]
    counts = _counts(workspace)
    return [
        f"Seeded {workspace.alias}: {counts['agents']} agents, {counts['messages']} messages, "
        f"{counts['handoffs']} handoffs.",
        "To act as one of them: nexus agent key mint ada",
    ]
