"""A conversation or a topic as a document: Markdown to read, or JSON to work with.

Whoever has posts to show gives them here in one plain shape; where they come from does not matter.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bus.text import visible, without_secrets

__all__ = ["FORMATS", "Post", "Transcript", "markdown", "plain"]

FORMATS = ("markdown", "json")
SPECIAL = "\\`*_[]<>#|"


@dataclass(frozen=True, slots=True)
class Post:
    """One thing that was said: by whom, when, to whom (empty for everybody), and what else is known of it.

    `kind` says what it is where it is no plain message, `state` what became of it; `more` goes into the JSON only.
    """

    id: str
    author: str
    at: datetime
    body: str
    subject: str = ""
    to: Sequence[str] = ()
    kind: str = ""
    reply_to: str = ""
    state: str = ""
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Transcript:
    """A title, where it was said, who took part, and the posts, oldest first."""

    title: str
    where: str
    people: Sequence[str]
    posts: Sequence[Post]


def plain(transcript: Transcript) -> dict[str, Any]:
    """Return the transcript as data; what is empty is left out, and keys show only the part that names them."""
    posts = [_facts(post) for post in transcript.posts]
    said = {"title": transcript.title, "where": transcript.where, "people": list(transcript.people)}
    found: dict[str, Any] = without_secrets(said | {"count": len(posts), "posts": posts})
    return found


def _facts(post: Post) -> dict[str, Any]:
    facts = {
        "id": post.id,
        "from": post.author,
        "to": list(post.to),
        "at": _instant(post.at),
        "kind": post.kind,
        "subject": post.subject,
        "body": post.body,
        "reply_to": post.reply_to,
        "state": post.state,
    }
    return {name: value for name, value in (facts | post.more).items() if value not in (None, "", [], {})}


def markdown(transcript: Transcript) -> str:
    """Return the transcript as Markdown: every body is quoted, so that no post can look like another."""
    days: list[str] = []
    parts = [f"# {_line(transcript.title)}", _about(transcript)]
    for post in transcript.posts:
        day = f"{post.at.astimezone(UTC):%-d %B %Y}"
        if day not in days:
            days.append(day)
            parts.append(f"## {day}")
        parts.append(_post(post))
    return str(without_secrets("\n\n".join(parts))) + "\n"


def _about(transcript: Transcript) -> str:
    count = len(transcript.posts)
    posts = f"{count:,} post{'' if count == 1 else 's'}"
    who = ", ".join(_line(name) for name in transcript.people)
    return f"{who}. {posts} in {_line(transcript.where)}. Times are UTC."


def _post(post: Post) -> str:
    to = f" to {', '.join(_line(name) for name in post.to)}" if post.to else ""
    head = f"### {post.at.astimezone(UTC):%H:%M:%S} {_line(post.author)}{to}"
    facts = [post.kind, post.state, f"answers {post.reply_to}" if post.reply_to else "", post.id]
    lines = [head, ", ".join(_line(fact) for fact in facts if fact)]
    if post.subject:
        lines.append(f"**{_line(post.subject)}**")
    if post.body:
        lines.append("\n".join(f"> {line}".rstrip() for line in visible(post.body).split("\n")))
    return "\n\n".join(lines)


def _line(text: str) -> str:
    """Return text of one line in which nothing is Markdown."""
    shown = " ".join(visible(text).split())
    return "".join(f"\\{letter}" if letter in SPECIAL else letter for letter in shown)


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
