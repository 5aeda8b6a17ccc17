"""Retention: old things go, step by step, so that writers never wait for long.

Invariant: mail that was not read, and a handoff that is not closed, never go. A step runs in the writer lane, deletes a few
hundred rows a kind and records `log.pruned` in each workspace it touched; whoever wants more calls again. Before events
go, a checkpoint is the log's floor, and `log.pruned` carries its hashes.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.contrib.sessions.models import Session as Login
from django.db.models import Exists, OuterRef, Q, QuerySet

from bus import checkpoints, events, idempotency, ids, knobs
from bus.directory import directory
from bus.identity import Caller
from bus.models import Checkpoint, Delivery, Event, Message, Session, StoredAnswer, Workspace

__all__ = ["CHUNK", "Step", "count", "register", "step"]

CHUNK = 300
ANSWER_CHUNK = 2000
EVENT_CHUNK = 1000
FOLD_CHUNK = 2000
NEWEST_KEPT = 100
SAME_MOMENT = 100  # messages: ids of one millisecond are in no order
ANSWERS_KEPT = timedelta(hours=24)

Prune = Callable[[Caller, datetime], list[str]]
Count = Callable[[Caller, datetime], int]


@dataclass(frozen=True)
class Kind:
    """Something that is kept for a while: the knob that says how long, how to delete it and how to count it."""

    name: str
    knob: str
    prune: Prune
    count: Count | None


@dataclass
class Step:
    """What one step deleted, by kind, and whether there is more."""

    pruned: Counter[str] = field(default_factory=Counter)
    more: bool = False


_kinds: dict[str, Kind] = {}


def register(name: str, prune: Prune, count: Count | None = None, knob: str = "") -> None:
    """Add a kind; rooms do so when they are ready.

    `prune(caller, before)` deletes at most `CHUNK` things of the caller's workspace that were over before the instant and
    returns their public ids; `count` says how many there are, for dry runs. The knob is `keep_{name}_days` unless it is given.
    """
    _kinds[name] = Kind(name, knob or f"keep_{name}_days", prune, count)


def step(caller: Caller) -> Step:
    """Delete the next few hundred old things, workspace by workspace; runs inside the lane."""
    done = Step()
    for placed in _everywhere(caller):
        _prune(placed, done)
        if done.more:
            return done
    _forget(caller, done)
    return done


def count(caller: Caller) -> Counter[str]:
    """Return how many things would go, by kind."""
    found: Counter[str] = Counter()
    for placed in _everywhere(caller):
        for kind in _kinds.values():
            before = _limit(kind.knob, caller.now)
            if before and kind.count:
                found[kind.name] += kind.count(placed, before)
        found["events"] += _count_events(placed)
    found["answers"] = StoredAnswer.objects.filter(created_at__lt=caller.now - ANSWERS_KEPT).count()
    return found


def _everywhere(caller: Caller) -> Iterator[Caller]:
    for pk in Workspace.objects.order_by("pk").values_list("pk", flat=True):
        yield replace(caller, workspace=directory.workspace_by_id(pk))


def _limit(knob: str, now: datetime) -> datetime | None:
    """Return the instant before which things go, or None where all are kept."""
    days = knobs.get(knob)
    return now - timedelta(days=days) if days else None


def _prune(caller: Caller, done: Step) -> None:
    said: dict[str, int | str] = {}
    for kind in _kinds.values():
        before = _limit(kind.knob, caller.now)
        if before is None or not (gone := kind.prune(caller, before)):
            continue
        said[kind.name] = len(gone)
        done.pruned[kind.name] += len(gone)
        done.more |= len(gone) >= CHUNK
    said |= _prune_events(caller, done)
    if said:
        events.record(caller, "log.pruned", dict(said))


def _forget(caller: Caller, done: Step) -> None:
    """Delete what has no event: stored answers and logins that are over."""
    done.pruned["answers"] = idempotency.forget(caller.now - ANSWERS_KEPT, ANSWER_CHUNK)
    done.more = done.pruned["answers"] >= ANSWER_CHUNK
    Login.objects.filter(expire_date__lt=caller.now).delete()


def _old_mail(caller: Caller, before: datetime) -> QuerySet[Message]:
    """Return the messages sent before the instant whose every delivery was read, or expired, before it."""
    workspace = caller.workspace.id
    older = Message.objects.filter(public_id__lt=ids.since("msg", before)).order_by("-public_id")
    newest = max(older.values_list("pk", flat=True)[:SAME_MOMENT], default=0)
    over = Q(lane__in=[Delivery.Lane.READ, Delivery.Lane.EXPIRED], ended_at__lt=before)
    kept = Delivery.objects.filter(~over, message=OuterRef("pk"))
    mail = Message.objects.exclude(kind=Message.Kind.TOPIC)  # what was posted stays as long as its topic
    return mail.filter(~Exists(kept), workspace_id=workspace, pk__lte=newest, sent_at__lt=before)


def _prune_mail(caller: Caller, before: datetime) -> list[str]:
    rows = list(_old_mail(caller, before).order_by("pk").values_list("pk", "public_id")[:CHUNK])
    numbers = [pk for pk, _ in rows]
    Delivery.objects.filter(message__in=numbers).delete()
    Message.objects.filter(pk__in=numbers).delete()
    return [public_id for _, public_id in rows]


def _old_sessions(caller: Caller, before: datetime) -> QuerySet[Session]:
    over = Q(closed_at__lt=before) | Q(closed_at=None, last_seen_at__lt=before)
    return Session.objects.filter(over, workspace_id=caller.workspace.id)


def _prune_sessions(caller: Caller, before: datetime) -> list[str]:
    rows = list(_old_sessions(caller, before).order_by("pk").values_list("pk", "public_id")[:CHUNK])
    Session.objects.filter(pk__in=[pk for pk, _ in rows]).delete()
    return [public_id for _, public_id in rows]


def _prune_events(caller: Caller, done: Step) -> dict[str, int | str]:
    """Delete events under the floor, or else raise the floor; return what `log.pruned` says of a new floor."""
    workspace = caller.workspace.id
    floor = checkpoints.floor(workspace)
    oldest = _oldest(workspace)
    if floor and oldest and oldest.seq <= floor.seq:
        last = min(floor.seq, oldest.seq + EVENT_CHUNK - 1)
        done.pruned["events"] += Event.objects.filter(workspace_id=workspace, seq__lte=last).delete()[0]
        done.more |= last < floor.seq
        return {}
    start = floor.seq if floor else 0
    cut = _cut(caller, start)
    if cut <= start:
        return {}
    done.more = True
    return _raise_floor(caller, start, cut)


def _raise_floor(caller: Caller, start: int, cut: int) -> dict[str, int | str]:
    """Make the event `cut` the floor, or, when that is far, a checkpoint on the way to it."""
    workspace = caller.workspace.id
    before = checkpoints.newest(workspace, cut)
    reach = (before.seq if before else 0) + FOLD_CHUNK
    if cut > reach:
        checkpoints.write(checkpoints.make(caller, workspace, reach))
        return {}
    floor = checkpoints.make(caller, workspace, cut)
    Checkpoint.objects.filter(workspace_id=workspace, seq__lte=cut).delete()
    floor.floor = True
    floor.save()
    return {"seq": cut, "hash": bytes(floor.hash).hex(), "state": bytes(floor.state_hash).hex(), "events": cut - start}


def _oldest(workspace: int) -> Event | None:
    return Event.objects.filter(workspace_id=workspace).order_by("seq").only("seq", "at").first()


def _cut(caller: Caller, start: int) -> int:
    """Return the newest event that may go: old enough, and not among the newest hundred."""
    before = _limit("keep_events_days", caller.now)
    oldest = _oldest(caller.workspace.id)
    if before is None or oldest is None or oldest.at >= before:
        return start
    low, high = oldest.seq, checkpoints.head(caller.workspace.id)
    while low < high:
        middle = (low + high + 1) // 2
        at = Event.objects.values_list("at", flat=True).get(workspace_id=caller.workspace.id, seq=middle)
        low, high = (middle, high) if at < before else (low, middle - 1)
    return min(low, checkpoints.head(caller.workspace.id) - NEWEST_KEPT)


def _count_events(caller: Caller) -> int:
    floor = checkpoints.floor(caller.workspace.id)
    start = floor.seq if floor else 0
    left = Event.objects.filter(workspace_id=caller.workspace.id, seq__lte=start).count()
    return left + max(_cut(caller, start) - start, 0)


register("messages", _prune_mail, lambda caller, before: _old_mail(caller, before).count(), "keep_mail_days")
register("sessions", _prune_sessions, lambda caller, before: _old_sessions(caller, before).count(), "keep_events_days")
