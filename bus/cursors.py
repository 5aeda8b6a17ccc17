"""Opaque cursors: positions encrypted with the installation's secret, so that clients never see row numbers.

Invariant: two cursors cannot be compared, equal positions give different ones. So nobody can count what others do.
"""

import base64
import hashlib
import secrets
import struct
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from bus.errors import InvalidInput

__all__ = ["decode", "encode"]

PREFIX = "cur_"
NONCE = 12


@cache
def _cipher() -> AESGCM:
    return AESGCM(hashlib.sha256(b"nexus cursors\x00" + settings.SECRET_KEY.encode()).digest())


def encode(kind: str, *position: int) -> str:
    """Return a cursor for a position in lists of this kind."""
    nonce = secrets.token_bytes(NONCE)
    sealed = _cipher().encrypt(nonce, struct.pack(f">{len(position)}q", *position), kind.encode())
    return PREFIX + base64.urlsafe_b64encode(nonce + sealed).decode().rstrip("=")


def decode(kind: str, cursor: str, length: int = 1) -> tuple[int, ...]:
    """Return the position, `length` numbers, that `encode` was given; anything else raises `InvalidInput`."""
    text = cursor.removeprefix(PREFIX)
    try:
        sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        return struct.unpack(f">{length}q", _cipher().decrypt(sealed[:NONCE], sealed[NONCE:], kind.encode()))
    except (ValueError, InvalidTag, struct.error):
        raise InvalidInput(
            "That cursor is not one of this list.",
            hint="Pass `next_cursor` or `cursor` exactly as an answer of the same operation gave it.",
            field="cursor",
        ) from None
