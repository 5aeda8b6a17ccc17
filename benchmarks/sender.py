"""Another process that writes to the bus: sends one message for each name it reads, and tells when it was committed.

Run with the project's folder; the clock is the machine's monotonic one, which all its processes share.
"""

import os
import sys
import time

import django


def main() -> None:
    """Say that it is ready, then send until the input ends."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "nexus_site.settings")
    django.setup()
    from bus import door, identity

    resolved = door.run("workspace_resolve", identity.operator("cli"), {"project_root": sys.argv[1]})
    workspace: str = resolved.workspace
    print("ready", flush=True)
    for line in sys.stdin:
        caller = identity.operator("cli", workspace=workspace)
        door.run("message_create", caller, {"to": line.strip(), "subject": "Wake", "body": "There is work for you."})
        print(time.monotonic_ns(), flush=True)


if __name__ == "__main__":
    main()
