"""The cluster process: `python -m nexus_site.serving.cluster SUPERVISOR`, the guard of django-q2's workers.

django-q2 forks a guard, which forks its workers; here the process itself is the guard, so that there is one fewer, it can
show that work gets done, and everything ends with the supervisor.
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
from collections.abc import Callable
from functools import partial
from pathlib import Path

from nexus_site.serving.home import HEARTBEAT

__all__ = ["Life", "main"]

END_WITHIN = 10
DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


class Life:
    """What the guard waits on between its rounds: beats while the supervisor lives, and ends on SIGTERM."""

    def __init__(self, supervisor: int, beat: Callable[[], None]) -> None:
        """Begin to live."""
        self._is_over = False
        self._woken, self._wake = os.pipe()
        self._supervisor, self._beat = supervisor, beat

    def is_set(self) -> bool:
        """Say whether it is over."""
        return self._is_over

    def end(self, *_: object) -> None:
        """Let the guard stop; safe in a signal handler."""
        self._is_over = True
        os.write(self._wake, b"\0")

    def wait(self, seconds: float) -> bool:
        """Rest for a round; return whether it is over."""
        self._beat()
        select.select([self._woken], [], [], seconds)
        if os.getppid() != self._supervisor:
            self._is_over = True
            signal.alarm(END_WITHIN)  # nobody is left who would end what cannot end by itself
        return self._is_over


def main(arguments: list[str]) -> None:
    """Run the cluster until told to stop."""
    if arguments != [str(os.getppid())]:
        sys.exit("`nexus serve` starts this by itself. A second cluster, by hand: manage.py qcluster")
    _end_with(os.getppid())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.umask(0o077)
    gc.disable()
    import django

    django.setup()

    from django.conf import settings
    from django_q.cluster import Sentinel

    from nexus_site.serving.pulse import Pulse

    pulse = Pulse(Path(settings.NEXUS_HOME) / HEARTBEAT)
    life = Life(int(arguments[0]), pulse.beat)
    os.register_at_fork(after_in_child=partial(_belong_to, os.getpid()))
    sentinel = pulse.sentinel = Sentinel(life, threading.Event(), uuid.uuid4(), pulse.broker(), start=False)
    signal.signal(signal.SIGTERM, life.end)
    gc.freeze()
    gc.enable()
    sentinel.start()


def _belong_to(guard: int) -> None:
    """Let a forked worker end by SIGTERM, and with the guard."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _end_with(guard)


def _end_with(parent: int) -> None:
    """Have the kernel kill this process when its parent dies, even while it is stopped."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:  # it died before
        os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
