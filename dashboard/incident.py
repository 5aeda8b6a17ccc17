"""An incident as one file of HTML that needs nothing else: no script, no server, no network."""

import zlib
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from importlib import metadata
from typing import Any

from django.template.loader import render_to_string

from bus.errors import NotFound
from bus.text import visible
from dashboard.moments import span
from dashboard.redaction import Redaction
from dashboard.sentences import Line, lines
from overview.queries.incident import Incident, Job, Said

__all__ = ["page"]

TEMPLATE = "dashboard/incident.html"
HUES = ("blue", "pink", "green", "amber", "violet", "teal")
STATES = {
    "open": "blue",
    "claimed": "pink",
    "verifying": "violet",
    "completed": "green",
    "failed": "red",
    "expired": "amber",
}
LANES = {"read": "green", "parked": "red", "expired": "amber", "delivered": "blue"}
DEEPEST = 6


def page(found: Incident, now: datetime, patterns: Sequence[str] = ()) -> str:
    """Return the page; whatever matches one of the patterns is in no text, title or attribute of it."""
    if not found.said and not found.jobs:
        raise NotFound("Nothing is left of it.")
    cut = Redaction(patterns)
    told = [_told(line, cut) for line in lines(found.events, "")]
    known = {
        "incident": cut.all({"id": found.id, "title": found.title, "place": found.place}),
        "said": [_said(each, _titles(found), cut) for each in found.said],
        "jobs": [_job(each, cut) for each in found.jobs],
        "days": _by_day(told),
        "events": len(told),
        "people": _people(found, cut),
        "left_out": found.left_out,
        "period": _period(found),
        "made_at": now,
        "version": metadata.version("nexus-bus"),
    }
    return str(render_to_string(TEMPLATE, known | {"redacted": cut.count > 0}))


def _titles(found: Incident) -> dict[str, str]:
    """Return what stands on the page, by id."""
    return {job.id: job.title for job in found.jobs} | {each.id: each.subject for each in found.said}


def _said(each: Said, titles: dict[str, str], cut: Redaction) -> dict[str, Any]:
    return {
        "it": cut.all(each),
        "tile": _tile(each.sender.name, cut),
        "html": cut.markdown(each.body),
        "depth": min(each.depth, DEEPEST),
        "points_to": [
            {
                "kind": cut.text(kind),
                "id": cut.text(name if name in titles else ""),
                "title": cut.text(titles.get(name, name)),
            }
            for kind, name in each.references
        ],
        "to": [{"it": cut.all(to), "colour": LANES.get(to.lane, "ink")} for to in each.to],
    }


def _job(each: Job, cut: Redaction) -> dict[str, Any]:
    took = (each.closed_at - each.created_at).total_seconds() if each.closed_at else None
    return {
        "it": cut.all(each),
        "colour": STATES.get(each.state, "ink"),
        "html": cut.markdown(each.body),
        "took": "" if took is None else span(took),
        "facts": [(name, cut.text(text), text[0] in "{[") for name, text in _facts(each) if text],
    }


def _facts(job: Job) -> list[tuple[str, str]]:
    return [
        ("Note", job.note),
        ("Reason", job.reason),
        ("Feedback", job.feedback),
        ("Result", job.result),
        ("Error", job.error),
        ("Payload", job.payload),
    ]


def _told(line: Line, cut: Redaction) -> dict[str, Any]:
    """Return an event as one sentence, redacted as a whole too, as a match may reach over its parts."""
    whole = cut.text("".join(part.text for part in line.parts))
    parts = [(cut.text(part.text), part.is_name or bool(part.opens)) for part in line.parts]
    said = parts if "".join(text for text, _ in parts) == whole else [(whole, False)]
    return {"at": line.event.at, "parts": said, "colour": line.colour, "type": cut.text(line.event.type)}


def _by_day(told: Sequence[dict[str, Any]]) -> list[tuple[date, list[dict[str, Any]]]]:
    found: dict[date, list[dict[str, Any]]] = {}
    for each in told:
        found.setdefault(each["at"].date(), []).append(each)
    return list(found.items())


def _people(found: Incident, cut: Redaction) -> list[dict[str, Any]]:
    """Return who took part, those who did most first."""
    acts = Counter(event.actor for event in found.events)
    acts.update(each.sender.name for each in found.said)
    for job in found.jobs:
        acts.update(name for name in (job.creator, job.claimant) if name)
    harness = {each.sender.name: each.sender.harness for each in found.said}
    named = [name for name, _ in acts.most_common() if name != "system"]
    return [_tile(name, cut) | {"harness": cut.text(harness.get(name, ""))} for name in named]


def _tile(name: str, cut: Redaction) -> dict[str, str]:
    shown = "Nexus" if name == "system" else visible(cut.text(name))
    return {"name": shown, "letters": shown[:2].upper(), "hue": HUES[zlib.crc32(shown.encode()) % len(HUES)]}


def _period(found: Incident) -> tuple[datetime, datetime, str]:
    moments = [each.at for each in found.events] + [each.at for each in found.said]
    moments += [each.created_at for each in found.jobs]
    first, last = min(moments), max(moments)
    return first, last, span((last - first).total_seconds())
