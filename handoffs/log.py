"""Events of handoffs: each carries where the handoff stands, so that the log alone tells it."""

from datetime import UTC, datetime
from typing import Any

from bus import events
from bus.directory import directory
from bus.identity import Caller
from handoffs.models import Handoff

__all__ = ["instant", "record"]

SAID = 200


def instant(at: datetime) -> str:
    """Return an instant as clients read it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def record(caller: Caller, handoff: Handoff, type_: str, *, agent: str = "", **more: Any) -> None:
    """Record `type_` about the handoff as it is now; texts are cut to 200 characters, empty ones are left out."""
    said = {name: value[:SAID] if isinstance(value, str) else value for name, value in more.items() if value}
    claimant = directory.agent(handoff.claimant_id).name if handoff.claimant_id else ""
    payload = {
        "state": str(handoff.state),
        "epoch": handoff.epoch,
        "claimant": claimant,
        "attempts": handoff.attempts,
        **said,
    }
    events.record(
        caller,
        type_,
        payload,
        handoff=handoff.public_id,
        agent=agent or claimant,
        workspace=handoff.workspace_id,
        public=handoff.is_public,
    )
