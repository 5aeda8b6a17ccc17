"""Searching everything that a caller may see."""

from bus import audience, cursors, posts, topics
from bus.identity import Caller
from bus.phrases import phrases
from bus.search import asked
from overview.queries.finding import KINDS, Wanted, look
from overview.queries.finding.looking import START, Place, Shown
from overview.schemas.search import Found, Hit, Search

__all__ = ["search"]

KIND = "search"
PAGE_LIMIT = 24 * 1024


def search(caller: Caller, order: Search) -> Found:
    """Search messages you sent or got, posts of topics and handoffs you may see, best first.

    All words must be there; "quotes" keep words together, and a star at the end of a word finds what begins so.
    """
    looked_for = phrases(order.query)
    wanted = Wanted(
        caller,
        looked_for,
        asked(looked_for),
        _kinds(caller, order),
        audience.known(caller, order.from_).id if order.from_ is not None else None,
        order.since,
        order.until,
        order.topic,
    )
    page = look(wanted, order.limit, _place(order))
    placed = posts.places([each.ranked[1].pk for each in page.shown if each.ranked[1].kind == "topic"])
    hits: list[Hit] = []
    size = 0
    for each in page.shown:
        hit = _hit(each, placed.get(each.ranked[1].pk))
        size += len(hit.model_dump_json(exclude_none=True).encode())
        if hits and size > PAGE_LIMIT:
            break
        hits.append(hit)
    following = page.place_after(len(hits))
    return Found(results=hits, next_cursor=cursors.encode(KIND, *following) if following else None)


def _place(order: Search) -> Place:
    return START if order.cursor is None else cursors.decode(KIND, order.cursor, len(START))


def _kinds(caller: Caller, order: Search) -> frozenset[str]:
    """Return what to look for; in a topic there are posts only."""
    if order.topic is not None:
        topics.found(caller, order.topic)
        return frozenset({"topic"})
    return frozenset(order.kinds) if order.kinds else KINDS


def _hit(shown: Shown, place: posts.Place | None) -> Hit:
    rank, match = shown.ranked
    return Hit(
        kind=match.kind,  # type: ignore[arg-type]
        id=match.id,
        title=match.title,
        snippet=shown.line or None,
        hits=shown.hits or None,
        from_=match.sender,
        at=match.at,
        topic=place.topic if place else None,
        seq=place.seq if place else None,
        rank=rank,
    )
