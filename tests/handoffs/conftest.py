"""The cast of this room: dave, who reviews too and verifies what others do, and ways to say things shortly."""

import pytest

from bus import door, identity
from bus.models import Event


@pytest.fixture
def dave(enrol):
    """A present agent that can review, and verify."""
    return enrol("dave", capabilities=["review", "verify"])


@pytest.fixture
def give(do, alice):
    """Return a function by which alice hands a job over; it returns the id."""

    def give(to=None, by=alice, **more):
        order = {"title": "Review the parser", "to": to or {"capability": "review"}} | more
        return do("handoff_create", by, **order).handoff

    return give


@pytest.fixture
def get(do):
    """Return a function that reads a handoff as somebody sees it."""

    def get(caller, handoff):
        return do("handoff_get", caller, handoff=handoff)

    return get


@pytest.fixture
def sweep(later):
    """Return a function that runs a sweep some seconds from now and returns how many things it changed."""

    def sweep(work, seconds=0):
        caller = later(identity.system(), seconds)
        return door.run_work(lambda: work(caller))

    return sweep


@pytest.fixture
def types(db):
    """Return a function that lists the types of a handoff's own events, in order."""

    def types(handoff):
        events = Event.objects.filter(handoff=handoff, message=None).order_by("seq")
        return [each.removeprefix("handoff.") for each in events.values_list("type", flat=True)]

    return types


@pytest.fixture
def mail(do):
    """Return a function that lists the subjects of somebody's waiting mail."""

    def mail(caller):
        return [each.subject for each in do("inbox_peek", caller).messages]

    return mail
