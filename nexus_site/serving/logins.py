"""One-time login links: whoever can read the data directory may make one, and it opens once, within an hour.

Invariant: a link is a file named by the hash of its token, and using it is removing that file, which succeeds once.
"""

import hashlib
import secrets
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

__all__ = ["LIFETIME", "consume", "create", "tidy"]

LIFETIME = timedelta(hours=1)
FOLDER = "logins"


def create(home: Path) -> str:
    """Return the path of a new link, `/login/TOKEN`."""
    token = secrets.token_urlsafe(32)
    folder = home / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / _digest(token)).touch(mode=0o600, exist_ok=False)
    return f"/login/{token}"


def consume(home: Path, token: str, now: datetime) -> bool:
    """Use a link up; False when it was used before, is too old or never was."""
    path = home / FOLDER / _digest(token)
    try:
        is_over = _is_over(path, now)
        path.unlink()
    except FileNotFoundError:
        return False
    return not is_over


def tidy(home: Path, now: datetime) -> None:
    """Remove links that nobody used in time."""
    for path in (home / FOLDER).glob("*"):
        with suppress(FileNotFoundError):
            if _is_over(path, now):
                path.unlink()


def _is_over(path: Path, now: datetime) -> bool:
    return now - datetime.fromtimestamp(path.stat().st_mtime, UTC) > LIFETIME


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
