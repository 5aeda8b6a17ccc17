"""Marks: a shape, a colour and a word for each state, the same on every page."""

import hashlib
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any

from django.templatetags.static import static
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString

from bus.text import visible

__all__ = ["glyph", "hue", "icon", "kind", "lane", "marked", "ring", "tick", "tile"]

HARNESSES = {
    "claude": "claude",
    "claude-code": "claude",
    "codex": "codex",
    "cursor": "cursor",
    "gemini": "gemini",
    "gemini-cli": "gemini",
    "opencode": "opencode",
}
PERSONS = {"operator": "operator", "system": "live"}
KINDS = {"direct": "blue", "broadcast": "teal", "topic": "violet", "handoff": "pink"}
TICKS = {"unread": "check", "delivered": "check2", "read": "check2", "parked": "park", "expired": "x"}
QUEUED = {"unread": "queued"}
WORDS = {"present": "present", "stale": "quiet", "offline": "gone"}


@cache
def icon(name: str) -> SafeString:
    """Return a sign of the sprite; it says nothing to screen readers."""
    href = static("icons.svg")
    return format_html('<svg class="icon icon-{}" aria-hidden="true"><use href="{}#{}"/></svg>', name, href, name)


def glyph(harness: str, agent_kind: str = "agent") -> str:
    """Return the name of a harness's sign, or nothing for one that has none."""
    if agent_kind != "agent":
        return PERSONS[agent_kind]
    return HARNESSES.get(harness.lower(), "")


def hue(name: str) -> int:
    """Return one of 24 hues, 0 to 23, for a name that has no colour of its own."""
    return hashlib.sha256(name.encode()).digest()[0] % 24


def tile(agent: Any, pixels: int = 26) -> SafeString:
    """Return an agent's tile; where its presence is known, with the mark."""
    harness, agent_kind = visible(getattr(agent, "harness", "") or ""), getattr(agent, "kind", "agent") or "agent"
    return _tile(visible(str(agent.name)), harness, agent_kind, str(getattr(agent, "presence", None)), pixels)


@lru_cache(maxsize=4096)
def _tile(name: str, harness: str, agent_kind: str, presence: str, pixels: int) -> SafeString:
    sign = glyph(harness, agent_kind)
    drawn = icon(sign) if sign else format_html("<b>{}</b>", (harness or name)[:2])
    colour = sign or f"hue-{hue(harness or name)}"
    mark = (
        format_html('<i class="mark mark-{}" title="{}"></i>', presence, WORDS[presence]) if presence in WORDS else ""
    )
    return format_html('<span class="tile tile-{} is-{}" aria-hidden="true">{}{}</span>', pixels, colour, drawn, mark)


def marked(text: str, hits: Iterable[tuple[int, int]]) -> SafeString:
    """Return text with what was looked for between marks."""
    parts, end = [], 0
    for start, stop in hits:
        parts += [(escape(text[end:start]),), (format_html("<mark>{}</mark>", text[start:stop]),)]
        end = stop
    return format_html_join("", "{}", [*parts, (escape(text[end:]),)])


@lru_cache(maxsize=64)
def kind(word: str) -> SafeString:
    """Return the badge of how a message was addressed."""
    return format_html('<span class="badge badge-{}">{}</span>', KINDS.get(word, "ink"), word.upper())


@lru_cache(maxsize=64)
def lane(word: str) -> SafeString:
    """Return the dot of a delivery."""
    return format_html('<i class="lane lane-{}" role="img" aria-label="{}" title="{}"></i>', word, word, word)


@lru_cache(maxsize=64)
def tick(word: str) -> SafeString:
    """Return the ticks of a message in a bubble."""
    said = QUEUED.get(word, word)
    return format_html(
        '<span class="tick tick-{}" role="img" aria-label="{}" title="{}">{}</span>',
        word,
        said,
        said,
        icon(TICKS[word]),
    )


@lru_cache(maxsize=64)
def ring(word: str) -> SafeString:
    """Return the ring of a handoff's state."""
    href = static("icons.svg")
    return format_html(
        '<svg class="ring ring-{}" role="img" aria-label="{}"><use href="{}#ring-{}"/></svg>', word, word, href, word
    )
