"""The data directory: made for its owner only, and never somebody else's folder."""

import errno
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from bus.heartbeat import NAME as HEARTBEAT
from bus.storage import CHECKED
from nexus_site.serving.faults import USAGE, CannotServe

__all__ = ["HEARTBEAT", "OPERATOR_KEY", "prepare", "secret"]

OPERATOR_KEY, SECRET = "operator.key", "secret"

NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
OTHERS = stat.S_IRWXG | stat.S_IRWXO
# What a folder may hold to be taken for a data directory, by the start of the name.
OURS = (
    "nexus.sqlite3",
    "queue.sqlite3",
    SECRET,
    OPERATOR_KEY,
    "serve.lock",
    HEARTBEAT,
    CHECKED,
    "backups",
    "logins",
    "static",
    "connect",
    "keys",
)


def prepare(home: Path) -> None:
    """Make the data directory if it is new, and close it to others; new files will be for their owner only."""
    os.umask(0o077)
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        _close(home)
        if not os.access(home, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "nothing can be written there")
        secret(home)
    except OSError as error:
        advice = (
            "Free some disk space." if error.errno in NO_ROOM else "Check its owner and permissions, or set NEXUS_HOME."
        )
        raise CannotServe(f"The data directory {home} cannot be used: {error.strerror}. {advice}") from error


def secret(home: Path) -> str:
    """Return the installation's secret, made at the first start, for its owner only: whole or not at all."""
    path = home / SECRET
    with suppress(FileNotFoundError):
        if text := path.read_text():
            return text
        path.unlink()
    part = home / f"{SECRET}.{os.getpid()}"
    try:
        part.touch(mode=0o600)
        part.write_text(secrets.token_urlsafe(48))
        with suppress(FileExistsError):  # somebody else was quicker
            os.link(part, path)
    finally:
        part.unlink(missing_ok=True)
    return path.read_text()


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
