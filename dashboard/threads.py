"""A thread as its page draws it: posts under their days, marks where each peer has read to, and the map beside it."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby

from dashboard.talking import day
from overview.queries.topics import Peer, Peers, Post

__all__ = ["SHORT", "Bar", "Item", "Map", "drawn", "items"]

SHORT = 8  # threads of fewer posts need no map
PITCH, LEFT, NARROWEST, WIDEST, HIGH, LONG = 14, 6, 8, 24, 8, 4000
MOST_FACES = 8


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the thread: a day, a post, or the faces of those who have read to here."""

    day: str = ""
    date: str = ""
    post: Post | None = None
    faces: Sequence[Peer] = ()
    more: int = 0


def items(posts: Sequence[Post], peers: Peers, today: date) -> list[Item]:
    """Return the lines of a page of posts, with the cursors of those who act under their names."""
    there: defaultdict[int, list[Peer]] = defaultdict(list)
    for peer in peers.first:
        there[peer.seq].append(peer)
    found: list[Item] = []
    for iso, of_day in groupby(posts, lambda post: post.day):
        found.append(Item(day=day(date.fromisoformat(iso), today), date=iso))
        for post in of_day:
            found.append(Item(post=post))
            if faces := there.get(post.seq):
                found.append(Item(faces=faces[:MOST_FACES], more=max(0, len(faces) - MOST_FACES)))
    return found


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar or a mark of the map, in its units."""

    y: float
    width: float
    height: float = HIGH


@dataclass(frozen=True, slots=True)
class Map:
    """A thread from its first post to its newest: a bar a post or a few, hits, and how far each peer has read."""

    height: int
    latest: int
    bars: list[Bar] = field(default_factory=list)
    hits: list[Bar] = field(default_factory=list)
    cursors: list[float] = field(default_factory=list)


def drawn(latest: int, lengths: Sequence[tuple[int, int]], hits: Iterable[int], peers: Peers) -> Map | None:
    """Return the map of a thread, or None for a short one."""
    if latest < SHORT or not lengths:
        return None
    height = PITCH * len(lengths)
    share = height / latest
    return Map(
        height,
        latest,
        [Bar(_middle(seq, share) - HIGH / 2, _width(size)) for seq, size in lengths],
        [Bar(_middle(seq, share) - HIGH / 2, WIDEST + 4) for seq in hits],
        sorted({_middle(peer.seq, share) + share / 2 for peer in peers.first if peer.seq and peer.hold == "held"}),
    )


def _middle(seq: int, share: float) -> float:
    return round((seq - 0.5) * share, 1)


def _width(size: int) -> float:
    """Return a width that tells a word from a page."""
    return round(NARROWEST + (WIDEST - NARROWEST) * min(1.0, math.log1p(size) / math.log1p(LONG)), 1)
