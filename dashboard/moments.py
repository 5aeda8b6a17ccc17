"""Times and sizes in the words that people use."""

from datetime import datetime, timedelta

__all__ = ["ago", "left", "size", "span", "urgency"]

MINUTE, HOUR = 60, 3600
UNITS = ("bytes", "KB", "MB", "GB", "TB")


def ago(at: datetime, now: datetime) -> str:
    """Return `now`, `40 s ago`, `8 min ago`, `14:06`, `yesterday 14:06`, `12 Mar` or `12 Mar 2024`; later ones begin with `in`."""
    seconds = (now - at).total_seconds()
    if seconds < 0:
        return f"in {left(-seconds)}" if seconds < -1 else "now"
    if seconds < 10:
        return "now"
    if seconds < HOUR:
        return f"{int(seconds)} s ago" if seconds < MINUTE else f"{int(seconds // MINUTE)} min ago"
    if at.date() == now.date():
        return at.strftime("%H:%M")
    if at.date() == (now - timedelta(days=1)).date():
        return at.strftime("yesterday %H:%M")
    return at.strftime("%-d %b") if at.year == now.year else at.strftime("%-d %b %Y")


def left(seconds: float) -> str:
    """Return how long is left: `0:48`, `4:12`, `2 h 5 min`, `3 d`."""
    whole = max(0, int(seconds))
    if whole < HOUR:
        return f"{whole // MINUTE}:{whole % MINUTE:02}"
    if whole < 24 * HOUR:
        return f"{whole // HOUR} h {whole % HOUR // MINUTE} min"
    return f"{whole // (24 * HOUR)} d"


def span(seconds: float) -> str:
    """Return how long something took: `9 s`, `4 min`, `2 h 5 min`, `3 d`."""
    whole = max(0, int(seconds))
    if whole < HOUR:
        return f"{whole} s" if whole < MINUTE else f"{whole // MINUTE} min"
    return left(whole)


def urgency(seconds: float, whole: int) -> str:
    """Return the class of a countdown: amber under 40 %, red under 15 % or a minute."""
    if seconds <= 0:
        return "is-over"
    if seconds < MINUTE or seconds < 0.15 * whole:
        return "is-red"
    return "is-amber" if seconds < 0.4 * whole else ""


def size(count: int) -> str:
    """Return a number of bytes as `512 bytes`, `41.4 MB`."""
    amount = float(count)
    for unit in UNITS:
        if round(amount, 1) < 1024 or unit == UNITS[-1]:
            break
        amount /= 1024
    return f"{int(amount)} {unit}" if unit == UNITS[0] else f"{amount:.1f} {unit}"
