"""The tool `messages_search`: our search for posts, with what the family says of each."""

import asyncio
from collections.abc import Iterable
from typing import Any

from bus import door
from bus.errors import NotFound
from bus.identity import Caller
from nexus_site.agent_bus import shapes, texts
from nexus_site.agent_bus.shapes import Structured
from nexus_site.agent_bus.topics import Given, Said

__all__ = ["searching"]

PAGE, MOST_PAGES = 50, 20
BEGIN, END = "\ue000", "\ue001"
NO_VECTORS = "There are no embeddings here: what is found holds the words themselves."


async def searching(caller: Caller, given: Given) -> Said:
    """Search posts by their words; by their meaning nothing is found."""
    mode, topic, with_content = given["mode"], given["topic_id"], given["include_content"]
    hits = [] if mode == "semantic" else await _hits(caller, given)
    found = await asyncio.gather(*(_result(caller, each, with_content) for each in hits))
    results = [each for each in found if each is not None]
    shaped = {"query": given["query"], "mode": mode, "topic_id": topic, "include_content": with_content}
    shaped |= {"results": results, "count": len(results)}
    if mode != "fts":
        shaped = shapes.warned(shaped, f"{mode}_no_embeddings", NO_VECTORS)
    return texts.searched(mode, results, await texts.bodies()), shaped


async def _hits(caller: Caller, given: Given) -> list[Any]:
    """Return the best posts, as many as were asked for."""
    order = {"query": given["query"], "kinds": ["topic"], "topic": given["topic_id"]}
    hits: list[Any] = []
    for _ in range(MOST_PAGES):
        page = await door.call("search", caller, {**order, "limit": min(given["limit"] - len(hits), PAGE)})
        hits += page.results
        order["cursor"] = page.next_cursor
        if page.next_cursor is None or len(hits) >= given["limit"]:
            break
    return hits


async def _result(caller: Caller, hit: Any, with_content: bool) -> Structured | None:
    """Return a hit with who posted it where, None where it was deleted meanwhile."""
    try:
        thread = await door.call("topic_read", caller, {"topic": hit.topic, "after": hit.seq - 1, "limit": 1})
    except NotFound:
        return None
    post = thread.posts[0]
    found = {
        "topic_id": thread.topic,
        "topic_name": thread.name,
        "message_id": post.message,
        "seq": post.seq,
        "sender": post.peer,
        "message_type": post.kind,
        "created_at": shapes.seconds(post.at),
        "snippet": _marked(hit.snippet or "", hit.hits or ()),
        "rank": hit.rank,
        "fts_rank": hit.rank,
        "semantic_score": None,
    }
    return {**found, "content_markdown": post.body} if with_content else found


def _marked(text: str, places: Iterable[tuple[int, int]]) -> str:
    """Put the family's signs around what was found."""
    done, parts = 0, []
    for begin, end in places:
        parts += [text[done:begin], BEGIN, text[begin:end], END]
        done = end
    return "".join([*parts, text[done:]])
