"""`restore FILE`: put a backup back, keep what was there, migrate and verify."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandParser

from bus import backups, clock, restoring
from bus.errors import InvalidInput
from bus.management.base import NexusCommand
from bus.verifier import verify


class Command(NexusCommand):
    help = "Replace the database with a backup. What was there before is kept. Stop the server first."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", help="path of a backup, or its name in the data directory's backups folder")

    def act(self, options: Mapping[str, Any]) -> None:
        path = _path(options["file"])
        before = restoring.restore(path, clock.now())
        call_command("migrate", verbosity=0, interactive=False)
        report = verify()
        lines = [f"Restored {path.name}."]
        lines += [f"What was there before is in {before}."] if before else []
        lines += [
            f"Verified {report.events:,} events: all is well."
            if report.is_clean
            else "`nexus verify` finds problems in it; run it to see them."
        ]
        data = {"restored": str(path), "before": str(before) if before else None, "verified": report.as_dict()}
        self.say(options, data, lines)
        if not report.is_clean:
            sys.exit(1)


def _path(name: str) -> Path:
    named = backups.folder() / name
    try:
        return named if "/" not in name and named.is_file() else Path(name).expanduser().resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise InvalidInput(f"That is no file: {error}.", hint="`nexus backup --list` names the backups.") from error
