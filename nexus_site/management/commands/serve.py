"""`serve`: the same as `nexus serve`."""

import argparse
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from nexus_site.serving import options, supervisor
from nexus_site.serving.faults import CannotServe


class Command(BaseCommand):
    help = "Run Nexus: the web server and the cluster for background work, until Ctrl+C."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        options.add_arguments(parser)

    def handle(self, *args: Any, **given: Any) -> None:
        try:
            code = supervisor.run(options.chosen(argparse.Namespace(**given)))
        except CannotServe as fault:
            sys.stderr.write(f"nexus: {fault.message}\n")
            code = fault.code
        sys.exit(code)
