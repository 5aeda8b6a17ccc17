"""The commands that are Django management commands too: seed, verify, reindex, backup, restore and prune."""

import argparse

from django.core.management import CommandError, get_commands, load_command_class

from nexus_site.cli.command import REFUSED, Failed
from nexus_site.cli.ways import bring_up_to_date, configuration, load

__all__ = ["run"]

# Options of Django that nobody needs here.
HIDDEN = {"--version", "--verbosity", "--settings", "--pythonpath", "--traceback", "--no-color", "--force-color"}
EXAMPLES = {
    "seed": ("",),
    "verify": ("", "--json"),
    "reindex": ("",),
    "backup": ("", "--list"),
    "restore": ("nexus-20260301-030000.sqlite3", "~/copies/nexus.sqlite3"),
    "prune": ("--dry-run", ""),
}


def run(name: str, words: list[str]) -> int:
    """Run the management command of this name with the words of the command line."""
    home = configuration().home
    load(home)
    command = load_command_class(get_commands()[name], name)
    command.suppressed_base_arguments = HIDDEN | {"--skip-checks"}
    examples = "\n".join(["examples:", *(f"  nexus {name} {more}".rstrip() for more in EXAMPLES[name])])
    raw = argparse.RawDescriptionHelpFormatter
    given = vars(command.create_parser("nexus", name, epilog=examples, formatter_class=raw).parse_args(words))
    if name != "restore":
        bring_up_to_date(home)
    try:
        command.execute(*given.pop("args", ()), **given)
    except CommandError as error:
        raise Failed.because(str(error), "", REFUSED, "refused") from error
    return 0
