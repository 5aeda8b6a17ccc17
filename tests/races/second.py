"""A process beside the server, with a writer lane of its own on the same database, as a command or a worker is one.

It reads one JSON object a line (`ref`, `operation`, `key`, `order`) and writes one for each, in the order they are done.
"""

import json
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from nexus_site.cli.ways import load

THREADS = 8
SOME = 7
PART = 1000
_out = threading.Lock()


def call(operation: str, key: str, order: dict[str, Any]) -> Any:
    """Make one call through the door, as the agent of a key."""
    from bus import door, identity
    from bus.directory import directory
    from bus.errors import Refusal, Unauthorized

    try:
        entry = directory.key(key)
        if entry is None:
            raise Unauthorized("That key is unknown or revoked.")
        answer = door.run(operation, identity.from_key(entry, "cli"), order)
    except Refusal as refusal:
        return json.loads(json.dumps(refusal.shape(), default=str))
    return json.loads(answer.json_text())


def sweep(kind: str) -> int:
    """Do what is due of one kind, as a worker does."""
    from bus import tasks

    return tasks.sweep(kind)


def sweep_slowly(kind: str) -> int:
    """Do the same in steps of a few, so that others come between; return how much it was."""
    from bus import deadlines, door, identity, leases
    from handoffs import sweeps

    sweeps.CHUNK = SOME
    slow = {leases.LEASES: partial(leases.end_over, limit=SOME), leases.EXPIRY: partial(leases.expire_over, limit=SOME)}
    work = slow.get(kind) or deadlines.sweeps()[kind].work
    total = 0
    while changed := door.sweep(identity.system(), work):
        total += changed
    return total


def write_mail(key: str, to: list[str], count: int) -> int:
    """Send messages as fast as it goes; return how many."""
    order = {"to": to, "subject": "Note", "body": "x"}
    with ThreadPoolExecutor(THREADS) as pool:
        parts = [min(PART, count - start) for start in range(0, count, PART)]
        return sum(
            sum(pool.map(lambda _: "message" in call("message_create", key, order), range(part))) for part in parts
        )


WORK: dict[str, Callable[..., Any]] = {"sweep": sweep, "sweep_slowly": sweep_slowly, "write_mail": write_mail}


def answer(line: str) -> None:
    """Do what a line asks for and write what came of it."""
    asked = json.loads(line)
    try:
        work = WORK.get(asked["operation"])
        found = work(**asked["order"]) if work else call(asked["operation"], asked["key"], asked["order"])
    except Exception as error:
        found = {"error": {"code": "crashed", "message": repr(error)}}
    with _out:
        sys.stdout.write(json.dumps({"ref": asked["ref"], "data": found}) + "\n")
        sys.stdout.flush()


def main() -> None:
    """Answer until the input ends."""
    load(Path(os.environ["NEXUS_HOME"]))
    from django.db import connections

    from bus.writer import lane

    sys.stdout.write("{}\n")
    sys.stdout.flush()
    with ThreadPoolExecutor(THREADS) as pool:
        for line in sys.stdin:
            pool.submit(answer, line)
    lane.close()
    connections.close_all()


if __name__ == "__main__":
    main()
