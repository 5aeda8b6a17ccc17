"""`reindex`: build the index of the search anew, where `verify` found it damaged or behind."""

import time
from collections.abc import Mapping
from typing import Any

from bus import door, search
from bus.management.base import NexusCommand


class Command(NexusCommand):
    help = "Build the index of the search anew from messages and handoffs. Who writes meanwhile waits; nothing else changes."

    def act(self, options: Mapping[str, Any]) -> None:
        began = time.monotonic()
        entries = door.run_work(search.rebuild)
        seconds = round(time.monotonic() - began, 1)
        self.say(options, {"entries": entries, "seconds": seconds}, [f"Indexed {entries:,} texts in {seconds} s."])
