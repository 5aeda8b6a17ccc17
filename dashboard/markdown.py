"""Markdown from anybody, as HTML that can do nothing."""

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

from bus.text import visible

__all__ = ["rendered"]

TAGS = (
    {"p", "br", "strong", "em", "s", "code", "pre", "ul", "ol", "li", "a", "blockquote", "hr"}
    | {f"h{level}" for level in range(1, 7)}
    | {"table", "thead", "tbody", "tr", "th", "td"}
)
READER = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"]).disable("image")


def rendered(text: str) -> SafeString:
    """Return the HTML of a text: no raw HTML, no images, links to http, https and mailto only."""
    html = nh3.clean(
        READER.render(visible(text)),
        tags=TAGS,
        attributes={"a": {"href"}, "*": set()},
        url_schemes={"http", "https", "mailto"},
        url_relative="deny",  # a relative one would look like a link of the dashboard itself
        link_rel="noopener nofollow noreferrer",
    )
    return mark_safe(html)  # nosec B308, B703
