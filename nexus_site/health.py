"""Is it alive, and is it fit to work? Cheap enough to be asked every second."""

import shutil
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse

from bus import clock, heartbeat
from bus.errors import Refusal
from bus.events import newest_id
from bus.readers import readers
from bus.tail import tail
from bus.writer import lane

__all__ = ["alive", "ready"]

LEAST_FREE = 64 * 1024 * 1024
MOST_DEPTH = 900
MOST_LAG = 10_000

Check = dict[str, Any]


async def alive(request: HttpRequest) -> JsonResponse:
    """Answer while the process lives."""
    return JsonResponse({"status": "alive"})


async def ready(request: HttpRequest) -> JsonResponse:
    """Answer 200 while every part works, else 503; each part says how it is."""
    checks = {"lane": _lane(), "tail": await _tail(), "cluster": _cluster(), "disk": _disk()}
    is_ready = all(check["ok"] for check in checks.values())
    return JsonResponse({"status": "ready" if is_ready else "not ready", **checks}, status=200 if is_ready else 503)


def _lane() -> Check:
    return {"ok": lane.is_alive and lane.depth < MOST_DEPTH, "depth": lane.depth}


async def _tail() -> Check:
    """Say how many events the tail has still to announce."""
    try:
        lag = max(0, await readers.run(newest_id) - tail.last)
    except (Refusal, DatabaseError):
        return {"ok": False}
    return {"ok": tail.is_running and lag < MOST_LAG, "lag": lag}


def _cluster() -> Check:
    """Say how long ago the cluster showed that background work gets done; without one the alarm sweeps by itself."""
    seconds = heartbeat.age(settings.NEXUS_HOME, clock.now())
    if seconds is None:
        return {"ok": False}
    return {"ok": seconds < heartbeat.FROZEN_AFTER, "heartbeat_seconds": seconds}


def _disk() -> Check:
    free = shutil.disk_usage(settings.NEXUS_HOME).free
    return {"ok": free > LEAST_FREE, "free_bytes": free}
