"""The application for other ASGI hosts than `nexus serve`: `manage.py runserver`, or uvicorn by hand.

Invariant: one process serves a data directory. This one holds the lock of it as `nexus serve` would, so the second to come
is refused, and whoever replaces the database knows. There is no cluster beside it.
"""

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from django.conf import settings
from django.db import connections

from nexus_site.asgi import application
from nexus_site.serving import home
from nexus_site.serving.banner import say
from nexus_site.serving.faults import USAGE, CannotServe
from nexus_site.serving.lock import Lock, running

__all__ = ["application"]


def _take() -> Lock:
    """Get the data directory, its databases and what `nexus serve` installs in its web process ready; keep the lock."""
    from bus import alarm, heartbeat
    from bus.writer import lane

    folder = Path(settings.NEXUS_HOME)
    home.prepare(folder)
    lock = Lock(folder)
    if not lock.acquire():
        other = running(folder)
        lock.close()
        where = f" at {other.url}" if other else ""
        raise CannotServe(
            f"Another server runs on the data directory {folder}{where}. Stop it, or set NEXUS_HOME to another folder.",
            USAGE,
        )
    (folder / heartbeat.NAME).unlink(missing_ok=True)  # of a cluster that was killed
    lane.keeps_wal = True
    alarm.install()
    with ThreadPoolExecutor(1) as beside:  # some hosts import inside their event loop, where Django refuses to work
        beside.submit(_prepare).result()
    say("No cluster works beside this server, so it makes no backups and prunes nothing. /readyz says so.")
    return lock


def _prepare() -> None:
    from nexus_site.serving.prepare import prepare

    try:
        prepare("")
    finally:
        connections.close_all()


def _end(fault: CannotServe) -> None:
    """End the process; in the thread of an autoreloader an exception would only end the thread."""
    say(fault.message)
    if threading.current_thread() is threading.main_thread():
        sys.exit(fault.code)
    os._exit(fault.code)


try:
    _lock = _take()
except CannotServe as fault:
    _end(fault)
