"""A topic's posts on a terminal and in a file: read page by page, followed live, written as Markdown or JSON."""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from nexus_site.cli.command import USAGE, Failed, Json, show
from nexus_site.cli.follow import events
from nexus_site.cli.ways import Way

__all__ = ["export", "lines", "newest", "posts", "watch"]

PAGE, GLANCE = 200, 100
NEWS = ["topic.posted", "topic.closed", "topic.deleted"]


def posts(by: Way, topic: Json, after: int) -> Iterator[Json]:
    """Yield the posts after a number, oldest first."""
    while True:
        page = by.call("topic_read", {**topic, "after": after, "limit": PAGE})
        yield from page["posts"]
        if not page["has_more"]:
            return
        after = page["posts"][-1]["seq"]


def newest(by: Way, topic: Json, count: int) -> Json:
    """Return a topic with its newest posts, oldest first: as many as were asked for, where there are so many."""
    page = by.call("topic_read", {**topic, "limit": min(max(count, 1), PAGE)})
    found, more = page["posts"] if count else [], page
    while found and more["has_more"] and len(found) < count:
        more = by.call("topic_read", {**topic, "before": found[0]["seq"], "limit": min(count - len(found), PAGE)})
        found = more["posts"] + found
    return {**page, "posts": found}


def lines(post: Json, *, is_whole: bool) -> list[str]:
    """Return a post as lines: whole under its header, or the beginning of it beside that."""
    answers = f" to {post['reply_to']}" if "reply_to" in post else ""
    header = f"{post['seq']:>5}  {post['at'][:19].replace('T', ' ')}  {post['peer']} ({post['kind']}{answers})"
    if is_whole:
        return [header, *(f"       {line}" for line in post["body"].splitlines()), ""]
    first = next((line.strip() for line in post["body"].splitlines() if line.strip()), "")
    return [f"{header}  {first if len(first) <= GLANCE else f'{first[: GLANCE - 1]}…'}"]


def watch(given: argparse.Namespace, by: Way, topic: Json) -> int:
    """Show the newest posts, then each new one, until the topic is closed or deleted."""
    order = {name: value for name, value in topic.items() if name != "topic"}
    order |= {"types": NEWS, "subjects": [topic["topic"]]}
    cursor = by.call("event_list", {**order, "limit": 1})["cursor"]
    page = newest(by, topic, given.lines)
    seen = page["latest"]
    _show(given, page["posts"])
    if given.no_follow or page["state"] == "closed":
        return 0
    for event in events(by, order, cursor):
        if event["type"] == "topic.deleted":
            return 0
        if event["type"] == "topic.closed":
            return _show(given, posts(by, topic, seen))
        if event["data"]["seq"] > seen:
            new = list(posts(by, topic, seen))
            _show(given, new)
            seen = new[-1]["seq"] if new else seen
    return 0


def _show(given: argparse.Namespace, some: Iterator[Json] | list[Json]) -> int:
    for post in some:
        show(given, post, lines(post, is_whole=given.full))
    return 0


def export(given: argparse.Namespace, by: Way, topic: Json, facts: Json) -> int:
    """Write a topic's posts to a file or to standard output."""
    found = [_shown(post, with_metadata=given.include_metadata) for post in posts(by, topic, given.after)]
    text = _json(facts, found) if given.json or given.format == "json" else _markdown(facts, found)
    if given.output in ("", "-"):
        _print(text)
        return 0
    try:
        Path(given.output).write_text(text, encoding="utf-8")
    except OSError as error:
        raise Failed.because(f"{given.output} cannot be written: {error}.", "", USAGE, "invalid_input") from error
    return 0


def _print(text: str) -> None:
    """Print a text as it is; on a terminal, with whatever could trick it or its reader written out."""
    if sys.stdout.isatty():
        show(argparse.Namespace(json=False), {}, text.replace("\r\n", "\n").removesuffix("\n").split("\n"))
        return
    sys.stdout.buffer.write(text.encode())
    sys.stdout.flush()


def _shown(post: Json, *, with_metadata: bool) -> Json:
    return post if with_metadata else {name: value for name, value in post.items() if name != "metadata"}


def _json(facts: Json, found: list[Json]) -> str:
    return json.dumps({**facts, "count": len(found), "posts": found}, indent=2) + "\n"


def _markdown(facts: Json, found: list[Json]) -> str:
    closed = (
        f", closed{': ' + facts['close_reason'] if 'close_reason' in facts else ''}" if "closed_at" in facts else ""
    )
    head = [f"# {facts['name']}", "", f"Topic `{facts['topic']}`, opened {facts['created_at']}{closed}.", ""]
    return "\n".join(head + [line for post in found for line in _section(post)])


def _section(post: Json) -> list[str]:
    answers = f", in reply to `{post['reply_to']}`" if "reply_to" in post else ""
    head = [f"## {post['seq']}. {post['peer']}", "", f"{post['kind']}, {post['at']}, `{post['message']}`{answers}", ""]
    metadata = json.dumps(post.get("metadata"), indent=2, ensure_ascii=False)
    block = ["```json", metadata, "```", ""] if "metadata" in post else []
    return [*head, post["body"].rstrip("\n"), "", *block]
