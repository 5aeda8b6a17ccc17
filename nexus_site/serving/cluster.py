"""The cluster process: `python -m nexus_site.serving.cluster SUPERVISOR`, the guard of django-q2's workers.

django-q2 forks a guard, which forks its workers; here the process itself is the guard, so that there is one fewer, it can
show that it is alive, and everything ends with the supervisor.
"""

import contextlib
import ctypes
import gc
import os
import select
import signal
import sys
import threading
import uuid
from pathlib import Path

from nexus_site.serving.home import HEARTBEAT

__all__ = ["Life", "main"]

BEAT_EVERY = 5
DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


class Life:
    """What the guard waits on between its rounds: beats while the supervisor lives, and ends on SIGTERM."""

    def __init__(self, heartbeat: Path, supervisor: int) -> None:
        """Begin to live."""
        self._is_over = False
        self._woken, self._wake = os.pipe()
        self._heartbeat, self._supervisor = heartbeat, supervisor
        self._rounds = 0

    def is_set(self) -> bool:
        """Say whether it is over."""
        return self._is_over

    def end(self, *_: object) -> None:
        """Let the guard stop; safe in a signal handler."""
        self._is_over = True
        os.write(self._wake, b"\0")

    def wait(self, seconds: float) -> bool:
        """Rest for a round; return whether it is over."""
        if self._rounds % BEAT_EVERY == 0:
            self._heartbeat.touch(mode=0o600)
        self._rounds += 1
        select.select([self._woken], [], [], seconds)
        self._is_over = self._is_over or os.getppid() != self._supervisor
        return self._is_over


def main(arguments: list[str]) -> None:
    """Run the cluster until told to stop."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.umask(0o077)
    gc.disable()
    import django

    django.setup()

    from django.conf import settings
    from django_q.cluster import Sentinel

    life = Life(Path(settings.NEXUS_HOME) / HEARTBEAT, int(arguments[0]))
    os.register_at_fork(after_in_child=_belong_to_guard)
    sentinel = Sentinel(life, threading.Event(), uuid.uuid4(), start=False)
    signal.signal(signal.SIGTERM, life.end)
    gc.freeze()
    gc.enable()
    sentinel.start()


def _belong_to_guard() -> None:
    """Let a forked worker end by SIGTERM, and with the guard."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1:])
