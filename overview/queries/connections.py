"""Whether a key has been used yet: what the page that shows a new key waits for."""

from dataclasses import dataclass
from datetime import datetime

from bus.errors import NotFound
from bus.models import Key, Session

__all__ = ["Connection", "connection"]


@dataclass(frozen=True, slots=True)
class Connection:
    """The first sign of life of a key: when, and in which program; `at` is None as long as there is none."""

    agent: str
    prefix: str
    at: datetime | None
    harness: str

    @property
    def is_there(self) -> bool:
        """Say whether a call with the key has arrived."""
        return self.at is not None


def connection(agent: str, prefix: str) -> Connection:
    """Look for a call with a key. Stamps of keys are written a while after the call, so sessions and a name's first call count too."""
    key = Key.objects.filter(prefix=prefix, agent__name__iexact=agent).select_related("agent").first()
    if key is None:
        raise NotFound("There is no such key.", key=prefix)
    session = Session.objects.filter(key=key).order_by("-pk").first()
    signs = [key.last_used_at, session.last_seen_at if session else None]
    if not Key.objects.filter(agent=key.agent).exclude(pk=key.pk).exists():
        signs.append(key.agent.last_seen_at)
    at = max((sign for sign in signs if sign is not None), default=None)
    return Connection(key.agent.name, prefix, at, session.harness if session else "")
