"""The page Topics: the list, one thread beside it, what the inspector shows of a topic, and how both grow."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from bus.errors import NotFound
from dashboard.inspectors import Panel
from dashboard.look import Look
from dashboard.screens import Screen, show
from overview.queries.happened import Happened
from overview.queries.topics import Post, Row, Tally, Wanted, page, peers_of, posts, posts_of, rows_of, tally, window

__all__ = ["about", "fragments", "inspect", "listed", "topics"]

STATES = ("open", "closed", "archived", "all")
MOST_PUSHED, MOST_POSTS, MOST_THREADS, LAST = 20, 40, 6, 3
GONE = "There is no such topic, or it was deleted."


def build(look: Look) -> dict[str, Any]:
    """Return the list that the URL asks for."""
    return listed(look)


def listed(look: Look) -> dict[str, Any]:
    """Return the list of topics and its filters, for its own page and beside a thread."""
    state, text = look.query.get("state", ""), look.text("name")
    wanted = Wanted(state if state in STATES else "open", text)
    counts = tally(look.workspace)
    return {
        "facts": _facts(counts),
        "wanted": wanted,
        "tally": counts,
        "list": page(look.workspace, wanted, look.now, look.query.get("older", "")),
        "filters": bool(text) + (wanted.state != "open"),
        "is_following": not look.query.get("older"),
        "is_empty": not (counts.open or counts.closed or counts.archived),
        "place": look.caller.workspace.public_id,
    }


def _facts(counts: Tally) -> str:
    said = [f"{counts.open:,} open", f"{counts.closed:,} closed"]
    return ", ".join([*said, f"{counts.archived:,} archived"] if counts.archived else said)


def about(look: Look, row: Row) -> dict[str, Any]:
    """Return what the side of a thread and the inspector say of a topic."""
    peers = peers_of([row.pk], look.now)[row.pk]
    return {"topic": row, "peers": peers, "me": look.caller.agent.name}


def inspect(look: Look, name: str) -> Panel:
    """Return one topic with its peers, its last posts and what may be done about it."""
    found = rows_of([name], look.now)
    if not found:
        raise NotFound(GONE)
    last = posts(found[0].pk, window(found[0].posts))[-LAST:]
    return Panel("dashboard/inspect/topic.html", about(look, found[0]) | {"last": last, "where": "panel"})


def fragments(look: Look, happened: Sequence[Happened]) -> str:
    """Return the rows of topics that changed and the new ones, new posts for open threads, and who has read how far."""
    touched = dict.fromkeys(event.topic for event in reversed(happened) if event.topic)
    if not touched:
        return ""
    rows = rows_of(list(touched)[:MOST_PUSHED], look.now)
    new = {event.topic for event in happened if event.type == "topic.created"}
    counts = tally(look.workspace)
    known = {
        "look": look,
        "new": [row for row in rows if row.topic in new],
        "moved": [row for row in rows if row.topic not in new],
        "gone": [event.topic for event in happened if event.type == "topic.deleted"],
        "threads": _threads(look, rows, happened),
        "tally": counts,
        "facts": _facts(counts),
        "place": look.caller.workspace.public_id,
        "me": look.caller.agent.name,
    }
    return render_to_string("dashboard/_topic_news.html", known)


def _threads(look: Look, rows: Sequence[Row], happened: Sequence[Happened]) -> list[dict[str, Any]]:
    """Return what open threads are to take; one with more news than is sent is told to read its page again."""
    said = [event.message for event in happened if event.type == "topic.posted" and event.message]
    new: defaultdict[str, list[Post]] = defaultdict(list)
    for post in posts_of(said[-MOST_POSTS:]):
        new[post.topic].append(post)
    acted = {event.topic for event in happened if event.type not in ("topic.posted", "topic.joined", "topic.advanced")}
    peers = peers_of([row.pk for row in rows[:MOST_THREADS]], look.now)
    return [
        {
            "topic": row,
            "posts": new[row.topic] if number < MOST_THREADS else [],
            "peers": peers[row.pk] if number < MOST_THREADS else None,
            "is_stale": number >= MOST_THREADS or row.topic in acted,
        }
        for number, row in enumerate(rows)
    ]


TOPICS = Screen("topics", "Topics", "dashboard/topics.html", build)


async def topics(request: HttpRequest) -> HttpResponse:
    """Show the list."""
    return await show(request, TOPICS)
