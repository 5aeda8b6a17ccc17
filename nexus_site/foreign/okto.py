"""A database of Okto Nexus (package `okto-nexus`, 0.1 to 0.3): what of it becomes what here.

Its notices about handoffs and its read receipts are left out, as Nexus writes its own.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from bus.foreign import Letter, Person, Receipt, Report, Settling, enrol, post
from handoffs.foreign import Job, hand_over
from nexus_site.foreign.reading import Source, moment, opened, parsed

__all__ = ["NEEDED", "PROGRAM", "SOURCE", "Place", "places", "plan", "rest"]

PROGRAM, SOURCE = "Okto Nexus", "okto-nexus"
NEEDED = {"schema_migrations", "workspaces", "agents", "messages", "message_deliveries", "handoffs"}
NOTICES = ("handoff.", "message.")
OPERATOR = "operator"
LEFT = {
    "artifacts": "there is no such thing here; messages keep the ids",
    "tasks": "there is no such thing here yet",
    "memories": "there is no such thing here yet",
    "handoff_dependencies": "handoffs do not wait for each other here yet",
    "events": "the log here is written anew",
    "sessions": "sessions are not moved",
    "approvals": "there is no such thing here yet",
    "policies": "make the rules anew",
    "guardrails": "make the rules anew",
}
STATES = {
    "OPEN": "open",
    "CLAIMED": "claimed",
    "VERIFYING": "verifying",
    "COMPLETED": "completed",
    "REJECTED": "rejected",
    "CANCELLED": "cancelled",
    "EXPIRED": "expired",
}
AGENTS = ("agent_id", "role", "capabilities", "metadata", "tags", "created_at")
MESSAGES = (
    *("message_id", "workspace_id", "channel_id", "from_agent_id", "target", "subject", "body", "artifacts"),
    *("parent_message_id", "created_at", "trace_id"),
)
DELIVERIES = ("message_id", "recipient_agent_id", "status", "delivered_at", "read_at", "attempts")
HANDOFFS = (
    *("handoff_id", "workspace_id", "from_agent_id", "target", "visibility", "status", "claimed_by"),
    *("lease_expires_at", "created_at", "updated_at", "payload", "result", "rejected_reason"),
    *("acceptance_criteria", "verification_feedback"),
)
TITLES = ("title", "subject", "summary", "task", "name")
Row = Mapping[str, Any]


class Place(NamedTuple):
    """A workspace there: its id, its folder, and what it is called."""

    id: str
    root: str
    name: str


def places(path: Path) -> list[Place]:
    """Return the workspaces of a database."""
    with opened(path, NEEDED, PROGRAM) as source:
        rows = source.rows("workspaces", ("workspace_id", "root_realpath", "display_name"), "created_at")
        return [Place(row["workspace_id"], row["root_realpath"] or "", row["display_name"] or "") for row in rows]


def plan(path: Path, place: Place, settling: Settling, renames: Mapping[str, str]) -> None:
    """Plan to bring everything of one workspace."""
    with opened(path, NEEDED, PROGRAM) as source:
        letters = list(_letters(source, place.id, settling.report))
        jobs = list(_jobs(source, place.id, settling.report))
        named = {name for letter in letters for name in (letter.sender, *(each.to for each in letter.receipts))}
        named |= {name for job in jobs for name in (job.creator, job.claimant) if name}
        named |= {
            row["agent_id"]
            for row in source.rows("sessions", ("agent_id", "workspace_id"), "started_at")
            if row["workspace_id"] == place.id
        }
        moments = [letter.at for letter in letters] + [job.at for job in jobs]
        first = min(moments, default=settling.operator.now)
        for person in _people(source, named, first):
            enrol(settling, person, renames.get(person.name, ""))
        for table, why in LEFT.items():
            settling.report.skip(table, why, source.counts(table, "workspace_id")[place.id])
    for letter in letters:
        post(settling, letter)
    for job in jobs:
        hand_over(settling, job)


def rest(path: Path) -> Report:
    """Return what belongs to no workspace that is there: it is left out once, not with each of them."""
    report, known = Report(), {place.id for place in places(path)}
    gone = dict.fromkeys(("messages", "handoffs"), "their workspace is gone")
    with opened(path, NEEDED, PROGRAM) as source:
        for table, why in (gone | LEFT).items():
            found = source.counts(table, "workspace_id")
            report.skip(table, why, sum(count for name, count in found.items() if name not in known))
    return report


def _people(source: Source, named: set[str], first: datetime) -> Iterator[Person]:
    """Yield those who did or got anything; whoever is known by name only was there from the first."""
    left = set(named)
    for row in source.rows("agents", AGENTS, "created_at, agent_id"):
        if row["agent_id"] in named:
            left.discard(row["agent_id"])
            yield Person(
                name=row["agent_id"],
                at=min(moment(row["created_at"]) or first, first),
                role=row["role"] or "",
                capabilities=_words(parsed(row["capabilities"])),
                tags=_tags(parsed(row["tags"])),
                is_operator=row["agent_id"] == OPERATOR,
            )
    yield from (Person(name, first, is_operator=name == OPERATOR) for name in sorted(left))


def _words(said: Any) -> list[str]:
    """Return capabilities, which are a list of words or an object whose values say whether they are there."""
    if isinstance(said, dict):
        return [str(name) for name, there in said.items() if there]
    return [str(each) for each in said] if isinstance(said, list) else []


def _tags(said: Any) -> dict[str, str]:
    """Return tags with one value each."""
    found = said.items() if isinstance(said, dict) else ()
    return {str(key): str(value[0] if isinstance(value, list) and value else value) for key, value in found}


def _letters(source: Source, workspace: str, report: Report) -> Iterator[Letter]:
    receipts = _receipts(source)
    channels = {row["channel_id"]: row["name"] for row in source.rows("channels", ("channel_id", "name"), "name")}
    for row in source.rows("messages", MESSAGES, "created_at, message_id"):
        at = moment(row["created_at"])
        if row["workspace_id"] != workspace:
            continue
        if _is_notice(row):
            report.skip("messages", "notices about handoffs and read receipts; Nexus writes its own")
        elif at is None:
            report.skip("messages", "its time cannot be read")
        else:
            yield _letter(row, at, receipts[row["message_id"]], channels)


def _is_notice(row: Row) -> bool:
    body = parsed(row["body"])
    return isinstance(body, dict) and str(body.get("kind", "")).startswith(NOTICES)


def _letter(row: Row, at: datetime, receipts: list[Receipt], channels: Mapping[str, str]) -> Letter:
    target = parsed(row["target"])
    more = {"channel": channels.get(row["channel_id"]), "artifacts": parsed(row["artifacts"]), "trace": row["trace_id"]}
    is_broadcast = not isinstance(target, dict) or target.get("strategy") == "broadcast"
    return Letter(
        id=row["message_id"],
        sender=row["from_agent_id"],
        at=at,
        subject=row["subject"] or "",
        body=row["body"] or "",
        receipts=receipts,
        to="broadcast" if is_broadcast else None,
        kind="broadcast" if is_broadcast else "direct",
        reply_to=row["parent_message_id"] or "",
        metadata={name: value for name, value in more.items() if value},
    )


def _receipts(source: Source) -> defaultdict[str, list[Receipt]]:
    """Return what became of each message; what was taken and not read yet is unread again."""
    found: defaultdict[str, list[Receipt]] = defaultdict(list)
    for row in source.rows("message_deliveries", DELIVERIES, "created_at, delivery_id"):
        lane = row["status"] if row["status"] in ("read", "parked") else "unread"
        at = moment(row["read_at"]) or moment(row["delivered_at"])
        attempt = int(row["attempts"] or 0) if lane != "unread" else 0
        found[row["message_id"]].append(Receipt(row["recipient_agent_id"], lane, at, attempt))
    return found


def _jobs(source: Source, workspace: str, report: Report) -> Iterator[Job]:
    for row in source.rows("handoffs", HANDOFFS, "created_at, handoff_id"):
        at, state = moment(row["created_at"]), STATES.get(row["status"])
        if row["workspace_id"] != workspace:
            continue
        if at is None or state is None or not row["from_agent_id"]:
            report.skip(
                "handoffs", f"nothing here is like its state {row['status']}" if at else "its time cannot be read"
            )
        else:
            yield _job(row, at, state)


def _job(row: Row, at: datetime, state: str) -> Job:
    payload = parsed(row["payload"])
    criteria = parsed(row["acceptance_criteria"])
    return Job(
        id=row["handoff_id"],
        creator=row["from_agent_id"],
        at=at,
        title=_title(payload, row["handoff_id"]),
        to=_address(parsed(row["target"])),
        state=state,
        moved_at=moment(row["updated_at"]) or at,
        body=payload if isinstance(payload, str) else "",
        payload=None if isinstance(payload, str) else payload,
        visibility=str(row["visibility"] or "eligible").lower(),
        claimant=row["claimed_by"] or "" if state in ("claimed", "verifying", "completed") else "",
        lease_until=moment(row["lease_expires_at"]),
        result=parsed(row["result"]),
        reason=row["rejected_reason"] or "",
        feedback=row["verification_feedback"] or "",
        criteria=[str(each) for each in criteria] if isinstance(criteria, list) else [],
    )


def _title(payload: Any, name: str) -> str:
    """Return what a handoff is about, which is somewhere in its payload."""
    if isinstance(payload, str):
        return payload.strip().partition("\n")[0] or name
    found = (payload.get(key) for key in TITLES) if isinstance(payload, dict) else ()
    return next((str(each) for each in found if each), f"Handoff {name}")


def _address(target: Any) -> Any:
    """Return a target in our words: a name, a selector, a list of these, one agent with a fallback, or everybody."""
    if not isinstance(target, dict):
        return "broadcast"
    strategy = str(target.get("strategy", "")).lower().replace("-", "_").replace(" ", "_")
    if strategy == "direct":
        return target.get("agent_id")
    if strategy == "direct_with_fallback":
        fallback = _address(target.get("fallback"))
        return {"agent": target.get("agent_id"), "fallback": fallback, "fallback_after": _seconds(target)}
    if strategy == "mixed":
        return [_address(each) for each in _rules(target)]
    words = {"capability": target.get("capability"), "role": target.get("role"), "tag": target.get("selector")}
    return {strategy: words[strategy]} if words.get(strategy) else "broadcast"


def _rules(target: Row) -> Iterable[Any]:
    rules = target.get("rules")
    return rules if isinstance(rules, list) else ()


def _seconds(target: Row) -> int:
    return max(1, int(target.get("fallback_after_seconds") or 1))
