"""Mail under leases, and a clock that can be moved on."""

from datetime import timedelta

import pytest

from bus import clock


@pytest.fixture
def pulled(do, alice, bob):
    """Return a function that sends bob messages and pulls them under a lease of a minute."""

    def pulled(count=1):
        messages = [do("message_create", alice, to="bob", subject="Note", body="").message for _ in range(count)]
        while do("inbox_pull", bob, limit=200, lease_seconds=60).messages:
            pass
        return messages

    return pulled


@pytest.fixture
def at(monkeypatch):
    """Return a function that moves the one clock on, by seconds since its first use."""
    started = []

    def at(seconds):
        started.append(clock.now())
        monkeypatch.setattr(clock, "now", lambda: started[0] + timedelta(seconds=seconds))

    return at
