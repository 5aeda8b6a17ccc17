"""`prune`: delete what is older than the settings keep."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandParser

from bus import door, identity
from bus.management.base import NexusCommand


class Command(NexusCommand):
    help = "Delete what is older than the settings keep. Unread and parked mail and open handoffs always stay."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--dry-run", action="store_true", help="count what would go and delete nothing")

    def act(self, options: Mapping[str, Any]) -> None:
        dry, total, more = options["dry_run"], Counter[str](), True
        while more:
            done = door.run("retention_run", identity.operator("command"), {"dry_run": dry})
            total.update(done.pruned)
            more = done.more
        said = ", ".join(f"{count:,} {kind}" for kind, count in total.items()) or "nothing"
        self.say(options, {"pruned": total, "dry_run": dry}, [f"{'Would delete' if dry else 'Deleted'} {said}."])
