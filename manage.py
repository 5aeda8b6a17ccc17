#!/usr/bin/env python
"""Django's command line for Nexus."""

import os
import sys


def main() -> None:
    """Run a management command; `serve` needs no Django in its own process."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "nexus_site.settings")
    if sys.argv[1:2] == ["serve"]:
        from nexus_site.cli import main as nexus

        sys.exit(nexus(sys.argv[1:]))
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
