"""The data directory: made for its owner only, and never somebody else's folder."""

import os
import stat
from pathlib import Path

from bus.heartbeat import NAME as HEARTBEAT
from bus.storage import CHECKED
from nexus_site.serving.faults import USAGE, CannotServe

__all__ = ["HEARTBEAT", "OPERATOR_KEY", "prepare"]

OPERATOR_KEY = "operator.key"

OTHERS = stat.S_IRWXG | stat.S_IRWXO
# What a folder may hold to be taken for a data directory, by the start of the name.
OURS = (
    "nexus.sqlite3",
    "queue.sqlite3",
    "secret",
    OPERATOR_KEY,
    "serve.lock",
    HEARTBEAT,
    CHECKED,
    "backups",
    "logins",
    "static",
)


def prepare(home: Path) -> None:
    """Make the data directory if it is new, and close it to others; new files will be for their owner only."""
    os.umask(0o077)
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        _close(home)
    except OSError as error:
        raise CannotServe(f"The data directory {home} cannot be used: {error.strerror}. Set NEXUS_HOME.") from error


def _close(home: Path) -> None:
    mode = stat.S_IMODE(home.stat().st_mode)
    if not mode & OTHERS:
        return
    strangers = sorted(path.name for path in home.iterdir() if not path.name.startswith(OURS))
    if strangers:
        raise CannotServe(
            f"Other users can open {home}, and it holds more than the data of Nexus (such as {strangers[0]}). "
            f"Set NEXUS_HOME to a folder of its own, or run `chmod 700 {home}`.",
            USAGE,
        )
    home.chmod(0o700)
