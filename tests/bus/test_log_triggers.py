"""The database itself keeps the log append-only."""

import pytest
from django.db import IntegrityError, transaction

from bus import clock
from bus.models import Checkpoint, Event

APPEND_ONLY = "the log is append-only"


@pytest.fixture
def log(do, operator, alice, bob, workspace):
    """The events of `atlas`, oldest first."""
    return Event.objects.filter(workspace_id=workspace.id).order_by("seq")


def anchor(event, *, floor):
    Checkpoint.objects.create(
        workspace_id=event.workspace_id,
        seq=event.seq,
        event_id=event.pk,
        hash=event.hash,
        state="{}",
        state_hash=b"",
        floor=floor,
        created_at=clock.now(),
    )


def test_no_event_is_changed(log):
    with pytest.raises(IntegrityError, match=APPEND_ONLY), transaction.atomic():
        log.update(payload={})
    assert not log.filter(payload={}).filter(type="key.minted").exists()


def test_no_event_is_deleted(log):
    anchor(log[1], floor=False)
    with pytest.raises(IntegrityError, match=APPEND_ONLY), transaction.atomic():
        log.filter(seq=1).delete()
    assert log.filter(seq=1).exists()


def test_events_are_deleted_up_to_the_floor_of_their_workspace(log, mallory):
    anchor(log[1], floor=True)
    assert log.filter(seq__lte=2).delete()[0] == 2
    for beyond in (log.filter(seq=3), Event.objects.filter(workspace__alias="elsewhere", seq=1)):
        with pytest.raises(IntegrityError, match=APPEND_ONLY), transaction.atomic():
            beyond.delete()
