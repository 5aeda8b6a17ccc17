"""Names for what rows refer to by public id or by selector, found for a whole page at once."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bus.models import Event, Message, Topic

__all__ = ["NAMERS", "name_subjects", "whom"]

Namer = Callable[[set[str]], Mapping[str, str]]


def _subjects(ids: set[str]) -> Mapping[str, str]:
    return dict(Message.objects.filter(public_id__in=ids).values_list("public_id", "subject"))


def _topics(ids: set[str]) -> Mapping[str, str]:
    return dict(Topic.objects.filter(public_id__in=ids).values_list("public_id", "name"))


# Column of an event -> the list of what it names, and who knows the names; rooms add theirs.
NAMERS: dict[str, tuple[str, Namer]] = {
    "message": ("bus_message", _subjects),
    "topic": ("bus_topic", _topics),
}


def name_subjects(events: Iterable[Event]) -> None:
    """Give each event the name of what it is about, with one statement a kind of thing."""
    rows = list(events)
    for column, (_, find) in NAMERS.items():
        ids = {getattr(row, column) for row in rows} - {None, ""}
        known = find(ids) if ids else {}
        for row in rows:
            names = row.__dict__.setdefault("subject_names", {})
            names[column] = known.get(getattr(row, column) or "", "")


def whom(to: Any) -> str:
    """Say to whom something is addressed, as the sender wrote it, in words."""
    if isinstance(to, list):
        return ", ".join(whom(each) for each in to)
    if not isinstance(to, dict):
        return "anybody" if to is None else str(to)
    words = [f"{key} {whom(value)}" for key, value in to.items() if key not in ("fallback", "fallback_after", "agent")]
    name = [str(to["agent"])] if "agent" in to else []
    later = [f"later {whom(to['fallback'])}"] if "fallback" in to else []
    return ", ".join([*name, *words, *later])
