"""`nexus serve`."""

import argparse

from nexus_site.cli.command import Command
from nexus_site.cli.ways import faults
from nexus_site.serving import options, supervisor

__all__ = ["COMMANDS"]


def serve(given: argparse.Namespace) -> int:
    """Run the server; a configuration that is wrong ends it with a sentence."""
    with faults():
        chosen = options.chosen(given)
    return supervisor.run(chosen)


COMMANDS = {"serve": Command(options.add_arguments, serve, ("", "--port 9000", "--server uvicorn"))}
