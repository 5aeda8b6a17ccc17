"""A database of Agent Bus (package `agent-bus-mcp`, schema version 6): its topics become topics, its names agents."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from bus.foreign import Cursor, Person, Say, Settling, Thread, enrol, say, take_part
from nexus_site.foreign.reading import Source, moment, opened, parsed

__all__ = ["NEEDED", "PROGRAM", "SOURCE", "plan"]

PROGRAM, SOURCE = "Agent Bus", "agent-bus"
NEEDED = {"meta", "topics", "messages", "cursors", "agent_name_reservations"}
TOPICS = ("topic_id", "name", "created_at", "status", "closed_at", "close_reason", "metadata_json")
MESSAGES = (
    *("message_id", "topic_id", "seq", "sender", "message_type", "reply_to", "content_markdown", "metadata_json"),
    *("client_message_id", "created_at"),
)
CURSORS = ("topic_id", "agent_name", "last_seq", "updated_at")
NAMES = ("topic_id", "agent_name", "reclaim_token", "created_at")
LEFT = {
    "chunk_embeddings": "what helps searching is made anew",
    "embedding_jobs": "what helps searching is made anew",
}
Row = Mapping[str, Any]


class Name(NamedTuple):
    """Who takes part in a thread: since when, the token of the name, and the number that it has read up to."""

    since: datetime
    token: str = ""
    seq: int = 0
    moved_at: datetime | None = None


def plan(path: Path, settling: Settling, renames: Mapping[str, str]) -> None:
    """Plan to bring every topic."""
    with opened(path, NEEDED, PROGRAM) as source:
        said = defaultdict[str, list[Row]](list)
        for row in source.rows("messages", MESSAGES, "topic_id, seq"):
            said[row["topic_id"]].append(row)
        names = _names(source, said)
        topics = list(source.rows("topics", TOPICS, "created_at, topic_id"))
        for table, why in LEFT.items():
            settling.report.skip(table, why, source.count(table))
    _enrol(settling, names, renames)
    for row in topics:
        _topic(settling, row, said[row["topic_id"]], names[row["topic_id"]])
    known = {row["topic_id"] for row in topics}
    settling.report.skip("posts", "their topic is gone", sum(len(said[each]) for each in said if each not in known))


def _names(source: Source, said: Mapping[str, list[Row]]) -> defaultdict[str, dict[str, Name]]:
    """Return who takes part in each topic: whoever wrote, reserved a name or reads."""
    found: defaultdict[str, dict[str, Name]] = defaultdict(dict)
    for topic, rows in said.items():
        for row in rows:
            if (at := moment(row["created_at"])) is not None:
                found[topic].setdefault(row["sender"], Name(at))
    for row in source.rows("agent_name_reservations", NAMES, "created_at"):
        here, at = found[row["topic_id"]], moment(row["created_at"])
        if at is not None:
            since = min(at, here[row["agent_name"]].since) if row["agent_name"] in here else at
            here[row["agent_name"]] = Name(since, row["reclaim_token"] or "")
    for row in source.rows("cursors", CURSORS, "updated_at"):
        here, at = found[row["topic_id"]], moment(row["updated_at"])
        if at is not None:
            name = here.get(row["agent_name"]) or Name(at)
            here[row["agent_name"]] = name._replace(seq=int(row["last_seq"]), moved_at=at)
    return found


def _enrol(settling: Settling, names: Mapping[str, Mapping[str, Name]], renames: Mapping[str, str]) -> None:
    """Enrol everybody: one name is one agent in all topics, from when it was first seen."""
    first: dict[str, datetime] = {}
    for here in names.values():
        for name, about in here.items():
            first[name] = min(about.since, first.get(name, about.since))
    for name, at in sorted(first.items(), key=lambda each: (each[1], each[0])):
        enrol(settling, Person(name, at), renames.get(name, ""))


def _topic(settling: Settling, row: Row, said: list[Row], names: Mapping[str, Name]) -> None:
    at = moment(row["created_at"])
    if at is None:
        settling.report.skip("topics", "its time cannot be read")
        return
    metadata = parsed(row["metadata_json"])
    thread = Thread(
        id=row["topic_id"],
        name=row["name"],
        at=at,
        metadata=metadata if isinstance(metadata, dict) else {},
        closed_at=_end(row, said) if row["status"] == "closed" else None,
        close_reason=row["close_reason"] or "",
    )
    if said and len(said) < int(said[-1]["seq"]):
        settling.report.change("topics", "numbered anew, as posts had been deleted")
    take_part(settling, thread, [_cursor(thread.id, name, about, said) for name, about in names.items()])
    for each in said:
        _say(settling, each, thread)


def _end(row: Row, said: list[Row]) -> datetime | None:
    """Return when a topic was closed, never before its last post."""
    moments = [moment(row["closed_at"]), moment(row["created_at"]), *(moment(each["created_at"]) for each in said)]
    return max((at for at in moments if at is not None), default=None)


def _cursor(topic: str, name: str, about: Name, said: list[Row]) -> Cursor:
    """Return where a name stands, counted in the posts that are left."""
    taken = [moment(each["created_at"]) for each in said if int(each["seq"]) <= about.seq]
    moved_at = max((at for at in (about.moved_at, *taken[-1:]) if at is not None), default=None)
    return Cursor(topic, name, about.since, len(taken), moved_at, about.token)


def _say(settling: Settling, row: Row, thread: Thread) -> None:
    at, metadata = moment(row["created_at"]), parsed(row["metadata_json"])
    if at is None:
        settling.report.skip("posts", "its time cannot be read")
        return
    post = Say(
        id=row["message_id"],
        thread=row["topic_id"],
        name=row["sender"],
        at=max(at, thread.at),
        body=row["content_markdown"],
        kind=row["message_type"],
        reply_to=row["reply_to"] or "",
        client_id=row["client_message_id"] or "",
        metadata=metadata if isinstance(metadata, dict) else {},
    )
    say(settling, post)
