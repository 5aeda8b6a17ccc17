"""Public ids: short, sortable by creation time, prefixed and unguessable."""

import secrets
from datetime import datetime

__all__ = ["base32", "new", "since"]

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
PAIRS = [high + low for high in ALPHABET for low in ALPHABET]
TIME_CHARS = 9
RANDOM_CHARS = 13


def base32(number: int, length: int) -> str:
    """Write `number` in Crockford's base 32, lower case, exactly `length` characters (the low ones)."""
    odd = length % 2
    first = ALPHABET[(number >> 5 * (length - 1)) & 31] if odd else ""
    return first + "".join([PAIRS[(number >> shift) & 1023] for shift in range(5 * (length - odd - 2), -1, -10)])


def new(prefix: str, now: datetime) -> str:
    """Return `prefix_` + 9 characters of milliseconds + 13 random ones (65 bits), like `msg_1jd0…`."""
    moment = base32(int(now.timestamp() * 1000), TIME_CHARS)
    return f"{prefix}_{moment}{base32(secrets.randbits(5 * RANDOM_CHARS), RANDOM_CHARS)}"


def since(prefix: str, at: datetime) -> str:
    """Return the text that no id made at `at` or later comes before."""
    return f"{prefix}_{base32(max(0, int(at.timestamp() * 1000)), TIME_CHARS)}"
