"""The style sheets and modules of the pages: files under static/, found by name, without a build step."""

from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders

__all__ = ["modules", "sheets"]

FIRST = ("css/tokens.css", "css/base.css", "css/frame.css", "css/rail.css", "css/controls.css")
MODULES = {"live": "js/live-page.js"}


@cache
def sheets() -> tuple[str, ...]:
    """Return every style sheet, the general ones first: the inspector may show any thing on any page."""
    folder = finders.find("css")
    found = sorted(f"css/{path.name}" for path in Path(str(folder)).glob("*.css"))
    return (*FIRST, *(name for name in found if name not in FIRST))


@cache
def modules(screen: str) -> tuple[str, ...]:
    """Return the module of a screen, where it has one."""
    name = MODULES.get(screen, f"js/{screen}.js")
    return (name,) if finders.find(name) else ()
