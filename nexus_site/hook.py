"""`nexus-hook EVENT --harness HARNESS --agent NAME [--wake]`: what a coding agent's program runs at its events.

It fails open: whatever goes wrong, it ends well, says nothing and is over within a second, so that nobody waits for it.
Only `wait` stays, which programs run in the background; it ends with 2 where their agent is to be woken.
The command line stays as it is for ever, since some programs trust a hook by its text.
"""

import sys
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise

__all__ = ["main"]

EVENTS = ("start", "prompt", "tool", "stop", "wait", "end")
USAGE = "usage: nexus-hook start|prompt|tool|stop|wait|end --harness HARNESS --agent NAME [--wake]"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one event and return 0; 2 wakes an agent, and is for a command line that no version understands."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    options = dict(pairwise(words[1:]))
    if not words or words[0] not in EVENTS or "--harness" not in options or "--agent" not in options:
        sys.stderr.write(f"{USAGE}\n")
        return 2
    with suppress(Exception):
        from nexus_site.hooks.events import run

        return run(words[0], options["--harness"], options["--agent"], wakes="--wake" in words)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
