"""Every screen by name, with the URL that shows it in the seeded workspace."""

from typing import Any

import httpx2

__all__ = ["EMPTY", "screens"]

EMPTY = {"onboarding": "/"}
REPLAYED = 40


def screens(base: str) -> dict[str, str]:
    """Return the URL of each screen; things are found by asking the server."""
    with httpx2.Client(base_url=f"{base}/api/v1/", timeout=60) as rest:
        asked = _asked(rest)
        topic = rest.get("topics", params={"query": "release-4"}).json()["topics"][0]["topic"]
    message, handoff, agent, event, instant = asked
    return {
        "live": "/",
        "live-table": "/?view=table",
        "live-replay": f"/?at={instant}",
        "messages": "/messages",
        "message": f"/messages?inspect={message}",
        "thread": f"/?inspect=@{agent}",
        "handoffs": "/handoffs",
        "handoff": f"/handoffs?inspect={handoff}",
        "topics": "/topics?state=all",
        "topic": f"/topics/{topic}",
        "topic-found": f"/topics/{topic}?q=calendar",
        "topic-inspected": f"/messages?kind=topic&inspect={topic}",
        "agents": "/agents",
        "agents-cards": "/agents?view=cards",
        "agent-new": "/agents/new",
        "events": "/events",
        "event": f"/events?inspect={event}",
        "search": "/search?q=review",
        "search-handoffs": "/search?q=the&kind=handoff",
        "compose": "/compose",
        "compose-handoff": "/compose?kind=handoff",
        "settings": "/settings",
        "settings-presence": "/settings/presence",
        "settings-limits": "/settings/limits",
        "settings-retention": "/settings/retention",
        "settings-backup": "/settings/backup",
        "settings-about": "/settings/about",
    }


def _asked(rest: httpx2.Client) -> tuple[str, str, str, str, str]:
    messages: list[dict[str, Any]] = rest.get("messages", params={"limit": 50}).json()["messages"]
    talked = next(each for each in messages if each["kind"] == "direct" and each["origin"] == "agent")
    handoffs = rest.get("handoffs", params={"states": "claimed"}).json()["handoffs"]
    events = rest.get("events", params={"limit": 200}).json()["events"]
    return talked["message"], handoffs[0]["handoff"], talked["from"], events[-1]["event"], events[REPLAYED]["at"]
