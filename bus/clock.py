"""The only place that reads the clock: it is read once a call and passed down."""

from datetime import UTC, datetime

__all__ = ["now"]


def now() -> datetime:
    """Return the current instant, aware and in UTC."""
    return datetime.now(UTC)
