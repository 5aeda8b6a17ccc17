"""Waking up: the digest of what is new, as soon as there is some."""

from functools import partial

from bus.identity import Caller
from bus.queries.inbox import AT_A_TIME, CAP
from bus.queries.news import Place, newest_message, news, posted
from bus.waits.until import until
from overview.queries.digest import (
    PLACES,
    SECTIONS,
    Digest,
    lines_of_handoffs,
    lines_of_mail,
    lines_of_topics,
    opening,
)
from overview.queries.seen import Seen, reading_of
from overview.schemas.wake import Wake, Woken

__all__ = ["wake"]


async def wake(caller: Caller, order: Wake) -> Woken:
    """Get what you missed as one short digest: urgent first, mail, and handoffs you hold or may claim; nothing is taken.

    Send the `cursor` of a digest as `after` once you have shown it: the next one holds only what is new.
    """
    return await until(
        caller,
        [f"agent:{caller.agent.name}"],
        partial(_look, order, Seen.of(order.after)),
        lambda found: found.items > 0,
        order.wait,
    )


def _look(order: Wake, seen: Seen, caller: Caller) -> Woken:
    newest = newest_message()
    found = news(caller, seen, newest, reading_of(order))
    rows = found[:CAP]
    is_first = order.after is None and not (order.urgent or order.waking)
    digest = Digest(opening(caller) if is_first else f"<nexus> New for {caller.agent.name}.", order.budget)
    work = lines_of_handoffs(caller) if is_first else {}
    threads = lines_of_topics([] if order.urgent or order.waking else posted(caller, seen.all))
    lines = lines_of_mail(rows, work.get("You may claim", ())) | work | threads
    for section in SECTIONS:
        digest.add(section, lines.get(section, []))
    for row in rows[AT_A_TIME:]:
        digest.count(PLACES[row.place], 1)
    digest.has_more = len(found) > CAP
    is_something = rows or is_first or digest.items
    cursor = (seen.moved(order, newest) if is_something else seen).cursor()
    says = is_first or digest.items or digest.left_out
    return Woken(
        text=digest.text() if says else "",
        cursor=cursor,
        session=caller.session.public_id if caller.session else None,
        items=digest.items,
        left_out=digest.left_out,
        urgent=min(sum(row.place == Place.URGENT for row in rows), len(digest.shown["Urgent"])),
    )
