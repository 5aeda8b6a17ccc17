"""The page Messages: the table of all mail, one message whole with its thread, and its export."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

from bus.errors import NotFound
from dashboard.inspectors import Panel
from dashboard.look import Look
from dashboard.screens import Screen, guarded, show
from overview.queries.choices import agents
from overview.queries.happened import Happened
from overview.queries.mailbox import Letter, Tally, Wanted, exported, letter, page, rows_of, tally

__all__ = ["export", "fragments", "inspect", "messages"]

KINDS = [("direct", "direct"), ("broadcast", "broadcast"), ("handoff", "handoff"), ("topic", "topic")]
LANES = ("unread", "delivered", "read", "parked", "expired")
TIMES = [("hour", "last hour"), ("today", "today"), ("week", "last 7 days")]
FIELDS = ("kind", "lane", "from", "to", "agent", "q", "time", "since", "until")
MOST_PUSHED, MOST_ADDRESSED, LONGEST_SUBJECT = 50, 50, 200
NEW = ("message.created", "topic.posted")
NAME = re.compile(r"msg_[0-9a-z]{1,36}")


def build(look: Look) -> dict[str, Any]:
    """Return the messages that the URL asks for."""
    wanted = _wanted(look)
    found = page(look.workspace, wanted, _row(look, "before"), _row(look, "after"))
    counts = tally(look.workspace)
    query = look.query
    names = [(name, name) for name in dict.fromkeys([*agents(look.workspace), look.caller.agent.name])]
    return {
        "facts": _facts(look, counts),
        "wanted": wanted,
        "page": found,
        "tally": counts,
        "kinds": KINDS,
        "names": names,
        "times": TIMES,
        "time_said": _time_said(query.get("time", ""), wanted),
        "filters": sum(bool(query.get(name)) for name in FIELDS),
        "is_following": not (query.get("before") or query.get("after")),
    }


def _facts(look: Look, counts: Tally) -> str:
    return f"{counts.total} in {'all workspaces' if look.workspace is None else look.place}"


def _row(look: Look, name: str) -> int | None:
    text = look.query.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 18 else None


def _wanted(look: Look) -> Wanted:
    query, lane = look.query, look.query.get("lane", "")
    since, until = _range(look)
    return Wanted(
        kind=query.get("kind", "")[:20],
        lane=lane if lane in LANES else "",
        sender=query.get("from", "")[:64],
        recipient=query.get("to", "")[:64],
        agent=query.get("agent", "")[:64],
        q=look.text("q"),
        since=since,
        until=until,
    )


def _range(look: Look) -> tuple[datetime | None, datetime | None]:
    """Return from when to when: a word for the recent past, or two instants."""
    midnight = look.now.replace(hour=0, minute=0, second=0, microsecond=0)
    began = {"hour": look.now - timedelta(hours=1), "today": midnight, "week": look.now - timedelta(days=7)}
    since = began.get(look.query.get("time", ""))
    return look.instant("since") or since, look.instant("until")


def _time_said(word: str, wanted: Wanted) -> str:
    return dict(TIMES).get(word) or ("chosen" if wanted.since or wanted.until else "any")


def inspect(look: Look, name: str) -> Panel:
    """Return one message whole, with what may be done about it."""
    found = letter(name)
    if found is None:
        raise NotFound("There is no such message, or retention has deleted it.")
    parked = [each for each in found.receipts if each.is_parked]
    known = {
        "letter": found,
        "parked": parked,
        "reply_to": _reply_to(found, look.caller.agent.name),
        "subject": found.subject if found.subject.startswith("Re: ") else f"Re: {found.subject}"[:LONGEST_SUBJECT],
        "hidden": found.to.total - len(found.receipts),
    }
    return Panel("dashboard/inspect/message.html", known)


def _reply_to(found: Letter, me: str) -> list[str]:
    """Return whom an answer goes to: the sender, or the recipients of one's own message; a post is answered in its topic."""
    if found.post is not None:
        return []
    if found.sender.name != me:
        return [found.sender.name] if found.sender.kind != "system" else []
    return [each.who.name for each in found.receipts if each.who.name != me][:MOST_ADDRESSED]


def fragments(look: Look, happened: Sequence[Happened]) -> str:
    """Return the rows of new messages, newest first, the lanes of older ones that changed, and the numbers."""
    new = [event.message for event in happened if event.type in NEW and event.message]
    moved = {event.message for event in happened if event.type.startswith("delivery.") and event.message}
    if not new and not moved:
        return ""
    counts = tally(look.workspace)
    known = {
        "look": look,
        "new": rows_of(new[-MOST_PUSHED:]),
        "moved": rows_of(sorted(moved - set(new))[-MOST_PUSHED:]),
        "tally": counts,
        "facts": _facts(look, counts),
    }
    return render_to_string("dashboard/_message_news.html", known)


MESSAGES = Screen("messages", "Messages", "dashboard/messages.html", build)


async def messages(request: HttpRequest) -> HttpResponse:
    """Show the page."""
    return await show(request, MESSAGES)


async def export(request: HttpRequest, name: str) -> HttpResponse:
    """Answer the thread of a message as a JSON file."""
    return await guarded(request, partial(_export, name))


def _export(name: str, look: Look) -> HttpResponse:
    thread = exported(name) if NAME.fullmatch(name) else None
    if thread is None:
        raise Http404
    answer = JsonResponse({"messages": thread}, json_dumps_params={"ensure_ascii": False, "indent": 2})
    answer["Content-Disposition"] = f'attachment; filename="{name}.json"'
    return answer
