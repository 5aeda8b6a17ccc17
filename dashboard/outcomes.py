"""What an operator did, in words for the toast."""

from typing import Any

__all__ = ["told"]

DONE = {
    "agent_archive": "Archived",
    "backup_create": "Backed up",
    "handoff_cancel": "Cancelled",
    "handoff_claim": "Claimed",
    "handoff_complete": "Completed",
    "handoff_create": "Handed off",
    "handoff_reassign": "Reassigned",
    "handoff_reject": "Declined",
    "handoff_release": "Released, back in the pool",
    "handoff_renew": "Lease renewed",
    "handoff_verify": "Verdict given",
    "inbox_ack": "Marked as read",
    "inbox_requeue": "Queued again",
    "key_mint": "Key minted",
    "key_revoke": "Key revoked",
    "lease_break": "Lease broken, back in the pool",
    "session_end": "Session ended",
    "setting_put": "Setting saved",
    "topic_close": "Closed, it takes no more posts",
    "topic_delete": "Deleted with all its posts",
    "topic_release_name": "Name given free",
    "topic_rename": "Renamed",
}


def told(operation: str, answer: Any) -> str:
    """Return one sentence about a finished operation."""
    if operation == "message_create":
        return _sent(answer)
    if operation == "wake_pause":
        return f"Nothing wakes {answer.agent} now" if answer.paused else f"{answer.agent} may be woken again"
    if operation == "topic_create":
        return "Opened" if answer.created else "It is open already"
    if operation == "topic_archive":
        return "Archived" if answer.archived_at else "Taken out of the archive"
    if operation == "retention_run":
        return _pruned(answer)
    return DONE.get(operation, "Done")


def _sent(answer: Any) -> str:
    """Say who a message reached and who was left out."""
    names = [each.agent for each in answer.recipients]
    reached = names[0] if len(names) == 1 else f"{len(names)} agents"
    return ", ".join(
        [f"Sent to {reached}", *_left(answer.excluded_stale, "quiet"), *_left(answer.excluded_offline, "offline")]
    )


def _left(names: list[str], why: str) -> list[str]:
    if not names:
        return []
    said = names[0] if len(names) == 1 else f"{', '.join(names[:2])} and {len(names) - 2} more"
    if len(names) == 2:
        said = " and ".join(names)
    return [f"{said} {'was' if len(names) == 1 else 'were'} left out ({why})"]


def _pruned(answer: Any) -> str:
    """Say how much went, and whether more is left."""
    gone = ", ".join(f"{count:,} {kind}" for kind, count in answer.pruned.items())
    if not gone:
        return "Nothing was old enough"
    return f"Deleted {gone}. More is left: run it again" if answer.more else f"Deleted {gone}"
