"""What the log adds up to: every live handoff with its state, epoch, claimant and attempts."""

from collections.abc import Iterator
from typing import Any

from django.db.models import F, Q

from bus.fold import Ended, Entry
from handoffs.models import CLOSED, LIVE, Handoff, State

__all__ = ["actual", "ended", "fold", "over"]

KEPT = ("state", "epoch", "claimant", "attempts")
CHUNK = 2000


def fold(state: dict[str, Any], event: Entry) -> None:
    """Apply an event `handoff.…` to the live handoffs by public id; closed ones leave."""
    if event.payload["state"] in CLOSED:
        state.pop(event.handoff, None)
    else:
        state[event.handoff] = {name: event.payload[name] for name in KEPT}


def actual(workspace: int) -> dict[str, Any]:
    """Return the same from the tables."""
    rows = Handoff.objects.filter(workspace_id=workspace, state__in=LIVE)
    columns = rows.values_list("public_id", "state", "epoch", "claimant__name", "attempts")
    return {
        public_id: {"state": state, "epoch": epoch, "claimant": claimant or "", "attempts": attempts}
        for public_id, state, epoch, claimant, attempts in columns.iterator(CHUNK)
    }


def ended(event: Entry) -> Ended | None:
    """Return how an event closed its handoff, or None."""
    state = event.payload["state"]
    return Ended(event.handoff, state) if state in CLOSED else None


def over(workspace: int) -> Iterator[Ended]:
    """Yield how handoffs are closed in the tables.

    One that failed by its attempts and lives again, as its executor came late with a result, is closed in the log too.
    """
    revived = Q(state__in=LIVE, attempts__gte=F("max_attempts"))
    rows = Handoff.objects.filter(Q(state__in=CLOSED) | revived, workspace_id=workspace)
    for public_id, state in rows.values_list("public_id", "state").iterator(CHUNK):
        yield Ended(public_id, state if state in CLOSED else State.FAILED.value)
