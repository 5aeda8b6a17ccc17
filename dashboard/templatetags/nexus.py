"""How values look on every page: times as people say them, marks for states, links that keep the page's state."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

from django import template
from django.http import QueryDict
from django.template.context import Context
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from bus import clock
from bus.identity import SYSTEM
from bus.phrases import Phrase, spans
from bus.text import visible
from dashboard import marks, moments
from dashboard.markdown import rendered

register = template.Library()
KEPT = "workspace"
PAGING = {"before": None, "after": None}


@register.filter
def plain(text: Any) -> str:
    """Show text from anybody with control and bidi characters written out."""
    return visible("" if text is None else str(text))


@register.filter
def named(name: str) -> str:
    """Show who acts by name; what is written by the system is told as Nexus."""
    return "Nexus" if name == SYSTEM else visible(name)


@register.simple_tag
def marked(text: str, wanted: Sequence[Phrase]) -> SafeString:
    """Show text from anybody with what was looked for marked."""
    shown = visible(text)
    return marks.marked(shown, spans(shown, wanted))


@register.simple_tag
def marked_at(text: str, hits: Sequence[tuple[int, int]]) -> SafeString:
    """Show a line that search made, with its hits marked."""
    return marks.marked(text, hits)


@register.filter
def markdown(text: str | None) -> SafeString:
    """Show Markdown from anybody."""
    return rendered(text or "")


@register.filter
def thousands(number: int | None) -> str:
    """Show 1,284."""
    return "" if number is None else f"{number:,}"


@register.filter
def size(count: int | None) -> str:
    """Show a number of bytes as people read it."""
    return moments.size(count or 0)


@register.filter
def moment(at: datetime | None) -> str:
    """Show an instant: now, 40 s ago, 8 min ago, 14:06, yesterday 14:06, 12 Mar."""
    return "" if at is None else _time(at, moments.ago(at, clock.now()), "ago")


@register.filter("clock")
def clock_time(at: datetime | None) -> str:
    """Show an instant to the second; the browser turns it to its own zone."""
    return "" if at is None else _time(at, at.strftime("%H:%M:%S"), "clock")


def _time(at: datetime, shown: str, form: str) -> str:
    exact = at.isoformat(timespec="milliseconds")
    title = at.strftime("%-d %b %Y, %H:%M:%S UTC")
    return format_html('<time class="time" datetime="{}" title="{}" data-{}>{}</time>', exact, title, form, shown)


@register.filter
def left(until: datetime | None) -> str:
    """Show how long there is until an instant: 4:12, 2 h 5 min."""
    return "" if until is None else moments.left((until - clock.now()).total_seconds())


@register.filter
def span(seconds: float | None) -> str:
    """Show how long something took: 9 s, 4 min."""
    return "" if seconds is None else moments.span(seconds)


@register.simple_tag
def countdown(until: datetime | None, seconds: int | None) -> str:
    """Show a lease as a bar that empties, with the time left; the page's one timer ticks it."""
    if until is None:
        return ""
    remaining = (until - clock.now()).total_seconds()
    whole = max(1, seconds or 300)
    return format_html(
        '<span class="countdown {}" data-until="{}" data-seconds="{}">{}<progress max="{}" value="{}"'
        ' aria-label="lease left"></progress><b>{}</b></span>',
        moments.urgency(remaining, whole),
        until.isoformat(timespec="milliseconds"),
        whole,
        marks.icon("clock"),
        whole,
        int(max(0, min(whole, remaining))),
        moments.left(remaining) if remaining > 0 else "Lease over, back in pool",
    )


@register.simple_tag
def icon(name: str) -> SafeString:
    """Show a sign of the sprite."""
    return marks.icon(name)


@register.simple_tag
def tile(agent: Any, pixels: int = 26) -> SafeString:
    """Show an agent's tile, with its presence where it is known."""
    return marks.tile(agent, pixels)


@register.simple_tag
def tile_of(row: Mapping[str, Any], pixels: int = 26) -> SafeString:
    """Show the tile of an agent of the graph."""
    return marks.tile(SimpleNamespace(**row), pixels)


@register.simple_tag
def kind(word: str) -> SafeString:
    """Show how a message was addressed."""
    return marks.kind(word)


@register.simple_tag
def lane(word: str) -> SafeString:
    """Show where a delivery is."""
    return marks.lane(word)


@register.simple_tag
def tick(word: str) -> SafeString:
    """Show what became of a message, in a bubble."""
    return marks.tick(word)


@register.simple_tag
def ring(word: str) -> SafeString:
    """Show where a handoff is."""
    return marks.ring(word)


@register.simple_tag(takes_context=True)
def here(context: Context, **changes: Any) -> str:
    """Return this page's URL with some parameters changed; None takes one away."""
    look = context["look"]
    pairs = [(name, each) for name, values in look.query.lists() if name not in changes for each in values]
    pairs += [(name, str(value)) for name, value in changes.items() if value is not None]
    query = "&".join([f"{quote(name, safe='@')}={quote(each, safe='@')}" for name, each in pairs])
    return f"{look.path}?{query}" if query else look.path


@register.simple_tag(takes_context=True)
def at(context: Context, name: str) -> str:
    """Return the URL of this page with an agent beside it."""
    return here(context, inspect=f"@{name}", peer=None, act=None)


@register.simple_tag(takes_context=True)
def to(context: Context, screen: str, *parts: Any, **query: Any) -> str:
    """Return the URL of a screen in the same workspace."""
    wanted = QueryDict(mutable=True)
    if KEPT in context["look"].query:
        wanted[KEPT] = context["look"].query[KEPT]
    for name, value in query.items():
        if value is not None:
            wanted[name] = str(value)
    return _url(reverse(screen, args=parts), wanted)


def _url(path: str, query: QueryDict) -> str:
    return f"{path}?{query.urlencode(safe='@')}" if query else path


@register.simple_tag(takes_context=True)
def keep(context: Context, *but: str) -> SafeString:
    """Return hidden fields with this page's parameters, but for those named."""
    query = context["look"].query
    kept = [(name, query[name]) for name in query if name not in but]
    return format_html_join("", '<input type="hidden" name="{}" value="{}">', kept)


@register.simple_tag(takes_context=True)
def back(context: Context) -> str:
    """Return the hidden field that says where a form leads back to."""
    look = context["look"]
    return format_html('<input type="hidden" name="back" value="{}">', _url(look.path, look.query.copy()))


@register.simple_tag
def capability(word: str) -> str:
    """Return the address of whoever has a capability, for a form."""
    return json.dumps({"capability": word})


@register.simple_tag(takes_context=True)
def older(context: Context, name: str, mark: str) -> str:
    """Return the query of this page with one column's page begun further down."""
    return here(context, **{name: mark}).removeprefix(context["look"].path)


@register.inclusion_tag("dashboard/_filter.html", takes_context=True)
def filter(context: Context, label: str, name: str, options: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Show a filter: a menu of links; the chosen value is in the URL."""
    chosen = context["look"].query.get(name, "")
    return {
        "label": label,
        "chosen": chosen,
        "title": dict(options).get(chosen, chosen),
        "any_url": here(context, **{name: None}, **PAGING),
        "choices": [(said, here(context, **{name: value}, **PAGING), value == chosen) for value, said in options],
    }
