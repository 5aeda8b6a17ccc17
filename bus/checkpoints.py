"""Checkpoints: the folded state of a workspace at one event, so that nobody has to fold a long log from its beginning.

The sweep writes one every 5,000 events. Retention writes one as the floor before it cuts what lies at or below it: from
then on the floor is where the log begins.
"""

from collections.abc import Iterator

from bus import fold
from bus.events import HEAD
from bus.identity import Caller
from bus.models import Checkpoint, Event, Workspace
from bus.prepared import prepared

__all__ = ["EVERY", "due", "entries", "floor", "head", "make", "newest", "write"]

EVERY = 5000
CHUNK = 1000

ENTRIES = prepared(
    lambda workspace, after, last: (
        Event.objects.filter(workspace_id=workspace, seq__gt=after, seq__lte=last)
        .order_by("seq")
        .values_list("seq", "type", "message", "handoff", "agent", "payload", "topic")
    ),
    int,
    int,
    int,
)


def entries(workspace: int, after: int, last: int) -> Iterator[fold.Entry]:
    """Yield the events after `after` up to `last`, a thousand at a time."""
    while rows := ENTRIES.rows(workspace, after, last, most=CHUNK):
        yield from (fold.Entry(*row) for row in rows)
        after = rows[-1][0]


def head(workspace: int) -> int:
    """Return the `seq` of the newest event, 0 for an empty log."""
    return HEAD.value(workspace) or 0


def newest(workspace: int, last: int | None = None) -> Checkpoint | None:
    """Return the newest checkpoint, or the newest at or before `last`."""
    checkpoints = Checkpoint.objects.filter(workspace_id=workspace)
    if last is not None:
        checkpoints = checkpoints.filter(seq__lte=last)
    return checkpoints.order_by("-seq").first()


def floor(workspace: int) -> Checkpoint | None:
    """Return the checkpoint where the log begins, or None where nothing was cut."""
    return Checkpoint.objects.filter(workspace_id=workspace, floor=True).order_by("-seq").first()


def make(caller: Caller, workspace: int, seq: int) -> Checkpoint:
    """Fold the log up to `seq` from the checkpoint before it; what comes back is not stored yet."""
    start = newest(workspace, seq)
    state = fold.load(start.state) if start else fold.empty()
    for entry in entries(workspace, start.seq if start else 0, seq):
        fold.fold(state, entry)
    event_id, digest = Event.objects.values_list("pk", "hash").get(workspace_id=workspace, seq=seq)
    text = fold.text(state)
    return Checkpoint(
        workspace_id=workspace,
        seq=seq,
        event_id=event_id,
        hash=digest,
        state=text,
        state_hash=fold.digest(text),
        created_at=caller.now,
    )


def write(checkpoint: Checkpoint) -> None:
    """Store a checkpoint; one that stands already is left alone. Runs inside the lane."""
    Checkpoint.objects.bulk_create([checkpoint], ignore_conflicts=True)


def due() -> list[tuple[int, int]]:
    """Return the workspaces that want a checkpoint, each with the next multiple of 5,000."""
    found = []
    for workspace in Workspace.objects.values_list("pk", flat=True):
        last = Checkpoint.objects.filter(workspace_id=workspace).order_by("-seq").values_list("seq", flat=True).first()
        following = ((last or 0) // EVERY + 1) * EVERY
        if head(workspace) >= following:
            found.append((workspace, following))
    return found
