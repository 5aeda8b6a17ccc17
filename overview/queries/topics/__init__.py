"""Topics as an operator sees them: the list, a thread in pages, who has read how far, and what holds a text."""

from overview.queries.topics.hubs import Hub, hubs
from overview.queries.topics.peers import MOST_PEERS, peers_of
from overview.queries.topics.posts import PAGE, hits, lengths, posts, posts_of, window
from overview.queries.topics.shapes import Page, Peer, Peers, Post, Row, Tally, Wanted
from overview.queries.topics.table import page, rows_of, tally

__all__ = [
    "MOST_PEERS",
    "PAGE",
    "Hub",
    "Page",
    "Peer",
    "Peers",
    "Post",
    "Row",
    "Tally",
    "Wanted",
    "hits",
    "hubs",
    "lengths",
    "page",
    "peers_of",
    "posts",
    "posts_of",
    "rows_of",
    "tally",
    "window",
]
