"""The first page of a new workspace: three steps, each with what to copy, until the first agent has called."""

import shutil
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from dashboard.look import Look
from dashboard.marks import glyph
from dashboard.screens import Screen, guarded, show
from overview.queries.health import home
from overview.queries.newcomers import Newcomer, anybody_called, newcomers

__all__ = ["HARNESSES", "Harness", "Row", "connecting", "found", "steps", "welcome"]

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
HELLO = "Say hello on Nexus and tell me who else is here."


@dataclass(frozen=True, slots=True)
class Harness:
    """A program that agents run in: how Nexus calls it, its title, its commands and a short name."""

    word: str
    title: str
    programs: tuple[str, ...]
    agent: str


HARNESSES = (
    Harness("claude-code", "Claude Code", ("claude",), "claude"),
    Harness("codex", "Codex", ("codex",), "codex"),
    Harness("gemini", "Gemini CLI", ("gemini",), "gemini"),
    Harness("cursor", "Cursor", ("cursor-agent", "cursor"), "cursor"),
    Harness("opencode", "OpenCode", ("opencode",), "opencode"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One harness, or an agent in another one: how to connect it, or how far that is."""

    name: str
    title: str
    harness: str
    command: str
    agent: str
    heard_at: datetime | None
    kind: str = "agent"

    @property
    def state(self) -> str:
        """Return how far it is: connected, waits, or nothing."""
        return "connected" if self.heard_at else "waits" if self.agent else ""


def welcome(look: Look) -> dict[str, Any] | None:
    """Return what the first page shows, or None once an agent of the workspace has called."""
    return None if anybody_called(look.workspace) else steps(look)


def steps(look: Look) -> dict[str, Any]:
    """Return the three steps as they are now."""
    there = found()
    enrolled = newcomers(look.workspace)
    rows = [_row(harness, enrolled) for harness in there or HARNESSES]
    rows += [_other(each) for each in enrolled if not _is_known(each, rows)]
    return {
        "rows": rows,
        "is_found": bool(there),
        "is_connected": any(row.heard_at for row in rows),
        "home": home(),
        "is_private": settings.HOST in LOOPBACK,
        "hello": HELLO,
    }


def found() -> list[Harness]:
    """Return the harnesses that are installed on this machine."""
    return [each for each in HARNESSES if any(shutil.which(program) for program in each.programs)]


def _row(harness: Harness, enrolled: list[Newcomer]) -> Row:
    mine = [each for each in enrolled if glyph(each.harness) == glyph(harness.word)]
    latest = max(mine, key=lambda each: each.heard_at.timestamp() if each.heard_at else 0.0, default=None)
    return Row(
        name=harness.agent,
        title=harness.title,
        harness=harness.word,
        command=f"nexus connect {harness.word}",
        agent=latest.name if latest else "",
        heard_at=latest.heard_at if latest else None,
    )


def _is_known(each: Newcomer, rows: list[Row]) -> bool:
    return any(glyph(each.harness) == glyph(row.harness) for row in rows)


def _other(each: Newcomer) -> Row:
    return Row(each.name, each.name, each.harness, "", each.name, each.heard_at)


def build(look: Look) -> dict[str, Any]:
    """Return the steps as a page of their own, also when agents are here already."""
    return {"facts": "how agents get here", "onboarding": steps(look)}


WELCOME = Screen("settings", "Welcome", "dashboard/welcome.html", build)


async def connecting(request: HttpRequest) -> HttpResponse:
    """Show the steps; the page that waits for the first call asks for the rows alone."""
    if request.headers.get("HX-Request") == "true":
        return await guarded(request, partial(_rows, request))
    return await show(request, WELCOME)


def _rows(request: HttpRequest, look: Look) -> HttpResponse:
    return HttpResponse(render_to_string("dashboard/_onboarding_rows.html", steps(look) | {"look": look}, request))
