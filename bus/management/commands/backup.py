"""`backup`: a checked copy of the database, while everybody goes on writing."""

from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandParser

from bus import backups, door, identity
from bus.management.base import NexusCommand


class Command(NexusCommand):
    help = "Copy the database into a checked file of its own, and keep the newest copies."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--list", action="store_true", help="list the backups instead of making one")

    def act(self, options: Mapping[str, Any]) -> None:
        caller = identity.operator("command")
        if options["list"]:
            found = door.run("backup_list", caller, {})
            lines = [f"{each.backup}  {_size(each.bytes)}" for each in found.backups] or ["There are no backups yet."]
            self.say(options, found.model_dump(mode="json", exclude_none=True), lines)
            return
        made = door.run("backup_create", caller, {})
        lines = [f"Made {backups.folder() / made.backup}, {_size(made.bytes)}, checked."]
        lines += [f"Removed {name}." for name in made.removed]
        self.say(options, made.model_dump(mode="json", exclude_none=True), lines)


def _size(count: int) -> str:
    return f"{count / 1_000_000:.1f} MB"
