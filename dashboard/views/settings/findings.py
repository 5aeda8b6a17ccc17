"""What was found about the server, in sentences, the way a colleague would say it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bus import storage
from dashboard import moments
from overview.queries.health import Health

__all__ = ["Finding", "findings", "headline", "refused", "worst"]

OK, INFO, KNOW, BAD = "ok", "info", "know", "bad"
LEAST_FREE, NO_ROOM = 1_000_000_000, 64 * 1024 * 1024
FULL_QUEUE, FAR_BEHIND = 900, 10_000
FRESH_BACKUP = timedelta(hours=26)
OLD_KEY = timedelta(days=90)
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: how it is (ok, info, know or bad), since when, and the operation or command that helps."""

    state: str
    title: str
    text: str
    at: datetime | None = None
    operation: str = ""
    command: str = ""


def findings(health: Health) -> list[Finding]:
    """Return every line, in a fixed order, so that nothing jumps."""
    return [
        _log(health),
        _lane(health),
        _tail(health),
        _background(health),
        _sqlite(health),
        _backup(health),
        _disk(health),
        _keys(health),
    ]


def worst(found: list[Finding]) -> str:
    """Return the state of them all: bad, know or ok."""
    states = {finding.state for finding in found}
    return next((state for state in (BAD, KNOW) if state in states), OK)


def headline(found: list[Finding]) -> str:
    """Return one sentence about all lines."""
    broken = sum(finding.state == BAD for finding in found)
    known = sum(finding.state == KNOW for finding in found)
    if broken:
        return f"{_number(broken).capitalize()} {_things(broken)} to mend"
    return f"All is well, {_number(known)} {_things(known)} to know" if known else "All is well"


def _number(count: int) -> str:
    return NUMBERS[count] if count < len(NUMBERS) else str(count)


def _things(count: int) -> str:
    return "thing" if count == 1 else "things"


def _log(health: Health) -> Finding:
    check = health.data.checked
    if check is None:
        return Finding(
            INFO,
            "The log was not checked yet",
            "the command checks it while everybody goes on working",
            None,
            "",
            "nexus verify",
        )
    if check.problems:
        text = f"{check.problems:,} problems in {check.events:,} events; the command lists them"
        return Finding(BAD, "The log or its tables were changed by hand", text, check.at, "", "nexus verify")
    text = f"{check.events:,} events, their hash chain and the tables"
    return Finding(OK, "The log is whole", text, check.at, "", "nexus verify")


def _lane(health: Health) -> Finding:
    work = health.work
    if not work.is_alive:
        return Finding(BAD, "The writer has stopped", "nothing can be written; start the server again")
    if work.depth >= FULL_QUEUE:
        return Finding(
            BAD, "The writer is far behind", f"{work.depth:,} of {work.most:,} writes wait; more are refused"
        )
    average = f"{work.per_commit:.1f} writes a commit on average" if work.per_commit else "no writes in the last hour"
    return Finding(OK, "One writer, group commit", average)


def _tail(health: Health) -> Finding:
    work = health.work
    if not work.tells:
        return Finding(BAD, "Nobody is told of what happens", "the tail has stopped; start the server again")
    if work.behind > FAR_BEHIND:
        return Finding(BAD, "News comes late", f"{work.behind:,} events are still to be told")
    return Finding(OK, "News is told at once", f"{work.behind:,} events behind" if work.behind else "nothing is behind")


def _background(health: Health) -> Finding:
    work = health.work
    if work.beat is None:
        text = "what is due is swept by the server itself meanwhile; backups and retention wait"
        return Finding(KNOW, "The background worker does not run", text, None, "", "nexus doctor")
    if not work.is_fresh:
        text = f"nothing was done for {moments.left(work.beat)}; it is started again by itself"
        return Finding(BAD, "The background worker hangs", text, None, "", "nexus doctor")
    late = f"late: {', '.join(work.late)}" if work.late else "none late"
    text = f"heartbeat {work.beat:.0f} s ago, {work.schedules} schedules, {late}"
    return Finding(KNOW if work.late else OK, "Background worker", text)


def _sqlite(health: Health) -> Finding:
    version = f"SQLite {health.data.sqlite}"
    if not health.data.can_damage:
        return Finding(OK, version, "write-ahead log, no known bug")
    text = f"two connections that write and checkpoint at one instant could damage the file; keep backups. Fixed in {storage.MENDED}"
    return Finding(KNOW, f"{version} has a rare WAL bug", text)


def _backup(health: Health) -> Finding:
    newest = health.data.backup
    if newest is None:
        return Finding(KNOW, "There is no backup yet", "one is made every day", None, "backup_create")
    text = f"{moments.size(newest.bytes)}, checked; {health.data.backups} kept"
    is_old = health.now - newest.made_at > FRESH_BACKUP
    return Finding(
        KNOW if is_old else OK, "The last backup is old" if is_old else "Backup", text, newest.made_at, "backup_create"
    )


def _disk(health: Health) -> Finding:
    free = health.data.free
    said = moments.size(free)
    if free < NO_ROOM:
        return Finding(BAD, "The disk is full", f"only {said} are free; writes will be refused")
    if free < max(LEAST_FREE, 2 * health.data.bytes):
        return Finding(KNOW, "The disk fills up", f"{said} free; a backup needs as much room as the database")
    return Finding(OK, "Disk", f"{said} free")


def _keys(health: Health) -> Finding:
    keys = health.keys
    if not keys.live:
        return Finding(INFO, "No keys in use", "enrol an agent to make one", None, "", "nexus agent add NAME")
    parts = [f"{keys.live:,} in use"]
    age = health.now - keys.oldest_at if keys.oldest_at else timedelta(0)
    parts.append(f"the oldest is {age.days} days old" if age > OLD_KEY else "none older than 90 days")
    if keys.expiring:
        parts.append(f"{keys.expiring} will expire within a week")
    return Finding(KNOW if keys.expiring else OK, "Keys", ", ".join(parts))


def refused(health: Health) -> str:
    """Return how many were refused in the last hour, and what for."""
    reasons = [(code.replace("_", " "), count) for code, count in health.refused.most_common(3)]
    total = health.refused.total()
    if not reasons:
        return "none"
    if len(reasons) == 1:
        return f"{total:,}, all {reasons[0][0]}"
    return f"{total:,}: {', '.join(_reasons(reasons))}"


def _reasons(reasons: list[tuple[str, int]]) -> Iterator[str]:
    for reason, count in reasons:
        yield f"{count:,} {reason}"
