"""What the commands of Nexus share: `--json`, and refusals told in a sentence."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bus.errors import Refusal
from bus.text import one_line

__all__ = ["NexusCommand"]


class NexusCommand(BaseCommand):
    """Runs `act` and prints what it says."""

    requires_system_checks: tuple[str, ...] = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Add what every command takes."""
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the command; a refusal ends it with its message and hint."""
        try:
            self.act(options)
        except Refusal as refusal:
            if options["json"]:
                self.stdout.write(json.dumps(refusal.shape()))
                sys.exit(1)
            raise CommandError(f"{refusal.message} {refusal.fix}") from refusal

    def act(self, options: Mapping[str, Any]) -> None:
        """Do what the command is for."""
        raise CommandError("This command does nothing.")

    def say(self, options: Mapping[str, Any], data: Mapping[str, Any], lines: Sequence[str]) -> None:
        """Print `data` with `--json`, else the lines."""
        if options["json"]:
            self.stdout.write(json.dumps(data, ensure_ascii=False))
        else:
            self.stdout.writelines(f"{one_line(line)}\n" for line in lines)
