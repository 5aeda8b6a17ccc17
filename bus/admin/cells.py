"""How values look in the admin: times people read, states in words, text that hides nothing, and links between things."""

import json
from datetime import UTC, datetime
from typing import Any

from django.db.models import Model
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode

from bus import clock
from bus.text import shorten, visible

__all__ = [
    "NONE",
    "address",
    "badge",
    "block",
    "code",
    "exact",
    "hexadecimal",
    "joined",
    "line",
    "link",
    "listed",
    "moment",
    "place",
    "pretty",
    "whole",
]

NONE = "-"
LINE = 90
STEPS = ((60, "s"), (60, "min"), (24, "h"), (365, "d"))


def moment(at: datetime | None) -> str:
    """Show an instant as people say it; the exact time is the title and what machines read."""
    if at is None:
        return NONE
    exact = at.astimezone(UTC)
    return format_html(
        '<time class="nx-time" datetime="{}" title="{}">{}</time>',
        exact.isoformat(timespec="milliseconds"),
        exact.strftime("%-d %b %Y, %H:%M:%S UTC"),
        _ago((clock.now() - exact).total_seconds()),
    )


def exact(at: datetime | None) -> str:
    """Show an instant with both its exact time and how long ago it was."""
    if at is None:
        return NONE
    return format_html("{} ({})", at.astimezone(UTC).strftime("%-d %b %Y, %H:%M:%S UTC"), moment(at))


def _ago(seconds: float) -> str:
    left = abs(seconds)
    if left < 1:
        return "now"
    for size, unit in STEPS:
        if left < size or unit == "d":
            break
        left /= size
    return f"{int(left)} {unit} ago" if seconds > 0 else f"in {int(left)} {unit}"


def badge(word: str) -> str:
    """Show a state: the word, and a colour beside it."""
    return format_html('<span class="nx-badge nx-{}">{}</span>', word or "none", word or NONE)


def line(text: Any) -> str:
    """Show a text on one line, cut."""
    cut, more = shorten(" ".join(visible(str(text)).split()), LINE)
    return format_html('<span class="nx-line">{}{}</span>', cut, "…" if more else "") if cut else NONE


def whole(text: Any) -> str:
    """Show a text on one line, all of it."""
    return format_html('<span class="nx-line">{}</span>', visible(str(text))) if text not in (None, "") else NONE


def code(text: Any) -> str:
    """Show an id, a type or a path."""
    return format_html("<code>{}</code>", visible(str(text))) if text not in (None, "") else NONE


def block(text: Any) -> str:
    """Show a text as it is, line by line."""
    return format_html('<pre class="nx-block">{}</pre>', visible(str(text))) if text not in (None, "") else NONE


def pretty(value: Any) -> str:
    """Show a JSON value, or a text that holds one."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return block(value)
    if value is None or value in ([], {}):
        return NONE
    return block(json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True))


def hexadecimal(value: bytes | memoryview | None) -> str:
    """Show bytes."""
    return code(bytes(value).hex()) if value is not None else NONE


def link(thing: Model | None, text: Any = None) -> str:
    """Link to the page of a row."""
    if thing is None:
        return NONE
    shown = visible(str(thing if text is None else text))
    try:
        url = reverse(f"admin:{thing._meta.app_label}_{thing._meta.model_name}_change", args=[thing.pk])
    except NoReverseMatch:
        return shown
    return format_html('<a href="{}">{}</a>', url, shorten(shown, LINE)[0] or NONE)


def place(workspace: Any) -> str:
    """Link to a workspace by its alias."""
    return link(workspace, workspace and (workspace.alias or "installation"))


def listed(model: str, text: str, /, **query: Any) -> str:
    """Link to a filtered list; `model` is `room_model`."""
    return format_html(
        '<a class="nx-few" href="{}?{}">{}</a>', reverse(f"admin:{model}_changelist"), urlencode(query), text
    )


def joined(*parts: str) -> str:
    """Show several links on one line."""
    return format_html_join(" · ", "{}", ((part,) for part in parts))


def address(name: str, /, **query: Any) -> str:
    """Return the URL of a page of the admin."""
    return f"{reverse(f'admin:{name}')}{'?' if query else ''}{urlencode(query)}"
