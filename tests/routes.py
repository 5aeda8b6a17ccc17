"""Every URL that Django serves, from its own list, so that a new one is in every proof at once."""

import re
from collections.abc import Iterator
from typing import Any

from django.urls import get_resolver
from django.urls.resolvers import URLPattern

__all__ = ["CONVERTER", "filled", "routes"]

CONVERTER = re.compile(r"\(\?P<(\w+)>[^)]*\)\$?|<(?:\w+:)?(\w+)>")


def routes(patterns: Any = None, before: str = "") -> Iterator[str]:
    """Yield every route as it is written."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield route
        else:
            yield from routes(pattern.url_patterns, route)


def filled(route: str, **words: str) -> str:
    """Return the path of a route, its parameters filled in; `1` where nothing is given."""
    path = CONVERTER.sub(lambda found: words.get(found[1] or found[2], "1"), route)
    return "/" + path.replace("^", "").replace("$", "").replace("\\", "")
