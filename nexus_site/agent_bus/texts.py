"""What a tool says in text, for clients that show no structured content; lists stop at twenty."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from bus import knobs
from bus.readers import readers

__all__ = ["Bodies", "bodies", "closed", "found", "joined", "moved", "peers", "searched", "synced", "topics"]

SHOWN, GLANCE = 20, 80
Row = dict[str, Any]


class Bodies(NamedTuple):
    """How much of a message a text holds: its body, up to so many characters, or one line of it."""

    are_whole: bool
    longest: int

    def shown(self, header: str, body: str) -> list[str]:
        """Return a message's lines."""
        if not self.are_whole:
            return [f"{header}: {glance(body)}"]
        if len(body) <= self.longest:
            return [header, body, ""]
        return [header, f"{body[: self.longest]}…", f"(cut; the whole message has {len(body)} characters)", ""]


async def bodies() -> Bodies:
    """Return what the settings say."""

    def look() -> Bodies:
        return Bodies(knobs.get("topic_tool_text_include_bodies") != 0, knobs.get("topic_tool_text_max_chars"))

    found: Bodies = await readers.look(look)
    return found


def glance(body: str) -> str:
    """Return the beginning of the first line that says something."""
    return next((line.strip()[:GLANCE] for line in body.splitlines() if line.strip()), "")


def _listed(head: str, rows: Sequence[Row], line: Callable[[Row], list[str]]) -> str:
    lines = [head, *(each for row in rows[:SHOWN] for each in line(row))]
    return "\n".join(lines + ([f"… and {len(rows) - SHOWN} more"] if len(rows) > SHOWN else [])).rstrip()


def found(topic: Row, what: str = "Topic") -> str:
    """Name a topic."""
    return f'{what}: name="{topic["name"]}" topic_id="{topic["topic_id"]}" status="{topic["status"]}"'


def topics(status: str, rows: Sequence[Row]) -> str:
    """List topics."""
    return _listed(
        f"Topics ({status}): {len(rows)}",
        rows,
        lambda row: [f"- {row['name']} ({row['topic_id']}) status={row['status']}"],
    )


def joined(row: Row) -> str:
    """Say who took part, with the token on a line of its own."""
    said = f'Joined "{row["name"]}" ({row["topic_id"]}) as "{row["agent_name"]}". Keep the token to come back under this name:'
    return f"{said}\nreclaim_token={row['reclaim_token']}"


def closed(row: Row) -> str:
    """Say that a topic is closed."""
    reason = f' close_reason="{row["close_reason"]}"' if row["close_reason"] else ""
    return f'Topic closed: topic_id="{row["topic_id"]}"{reason}'


def moved(row: Row) -> str:
    """Say where a cursor stands."""
    return f"Cursor of {row['agent_name']} in {row['topic_id']}: last_seq={row['cursor']['last_seq']}"


def peers(window: int, rows: Sequence[Row]) -> str:
    """List who was heard."""
    return _listed(
        f"Peers heard in the last {window} seconds: {len(rows)}",
        rows,
        lambda row: [f"- {row['agent_name']} last_seq={row['last_seq']} age={row['age_seconds']:.1f}s"],
    )


def synced(row: Row, shown: Bodies) -> str:
    """Say what came and what was sent."""
    counts = f"received={row['received_count']} sent={len(row['sent'])} cursor={row['cursor']['last_seq']}"
    head = f"Sync: status={row['status']} {counts} has_more={str(row['has_more']).lower()}"
    return _listed(head, row["received"], lambda each: shown.shown(_header(each), each["content_markdown"]))


def _header(row: Row) -> str:
    answers = f" reply_to={row['reply_to']}" if row["reply_to"] else ""
    return f"[{row['seq']}] {row['sender']} ({row['message_type']}) id={row['message_id']}{answers}"


def searched(mode: str, rows: Sequence[Row], shown: Bodies) -> str:
    """List what was found."""

    def lines(row: Row) -> list[str]:
        header = f"- {row['topic_name']} [{row['seq']}] {row['sender']} ({row['message_type']}) id={row['message_id']}"
        body = row.get("content_markdown")
        return [header, glance(row["snippet"]), ""] if body is None else shown.shown(header, body)

    return _listed(f"Search: mode={mode} results={len(rows)}", rows, lines)
