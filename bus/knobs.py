"""The settings an operator can turn: environment over stored over default, each with a range and plain words."""

import os
from dataclasses import dataclass

from django.core.exceptions import ImproperlyConfigured

from bus.directory import directory
from bus.errors import InvalidInput
from bus.models import Setting

__all__ = ["KNOBS", "Knob", "check_environment", "checked", "get", "source"]


@dataclass(frozen=True)
class Knob:
    """One whole number that can be set."""

    name: str
    default: int
    low: int
    high: int
    unit: str
    about: str

    @property
    def variable(self) -> str:
        """Return the environment variable that overrides it."""
        return f"NEXUS_{self.name.upper()}"


DAY = 86_400
_ALL = (
    Knob("presence_stale_after", 300, 1, DAY, "seconds", "An agent not heard for this long is stale."),
    Knob("presence_offline_after", 1800, 2, 7 * DAY, "seconds", "An agent not heard for this long is offline."),
    Knob("inbox_lease_default", 300, 1, DAY, "seconds", "How long a pulled message is leased."),
    Knob("inbox_lease_min", 10, 1, DAY, "seconds", "The shortest lease a pull may ask for."),
    Knob("inbox_lease_max", 3600, 1, DAY, "seconds", "The longest lease a pull may ask for."),
    Knob("inbox_attempts", 5, 1, 100, "attempts", "After this many leases without an ack a message is parked."),
    Knob("handoff_lease_default", 300, 1, DAY, "seconds", "How long a claim lasts without a renewal."),
    Knob("handoff_lease_min", 30, 1, DAY, "seconds", "The shortest lease a handoff may ask for."),
    Knob("handoff_lease_max", DAY, 1, 30 * DAY, "seconds", "The longest lease a handoff may ask for."),
    Knob("path_lease_min", 60, 1, DAY, "seconds", "The shortest time files may be reserved for."),
    Knob("handoff_attempts", 5, 1, 100, "attempts", "After this many claims without a result a handoff has failed."),
    Knob("keep_events_days", 30, 0, 3650, "days", "Older events are pruned; 0 keeps them."),
    Knob("keep_mail_days", 30, 0, 3650, "days", "Older read mail is deleted; unread mail never is; 0 keeps all."),
    Knob("keep_handoffs_days", 90, 0, 3650, "days", "Older closed handoffs are deleted; 0 keeps them."),
    Knob("open_waits", 64, 1, 4096, "at once", "How many event streams and waiting calls one key may have open."),
    Knob(
        "pair_limit", 60, 0, 100_000, "a minute", "How many messages two agents may send each other; 0 is any number."
    ),
    Knob("wake_budget", 20, 0, 240, "an hour", "How often an idle agent may be woken; 0 is never."),
    Knob(
        "wake_gap",
        10,
        0,
        600,
        "seconds",
        "The shortest time between two wakes; it doubles while two agents wake each other.",
    ),
    Knob("topic_max_outbox", 50, 1, 200, "posts", "How many posts one call may send to a topic."),
    Knob("topic_max_message_chars", 65_536, 1, 262_144, "characters", "How long a post in a topic may be."),
    Knob("topic_max_sync_items", 20, 1, 200, "posts", "How many posts one call may take from a topic."),
    Knob(
        "topic_tool_text_max_chars",
        64_000,
        80,
        1_000_000,
        "characters",
        "How much of a message the text of the tool `sync` holds.",
    ),
    Knob(
        "topic_tool_text_include_bodies", 1, 0, 1, "0 or 1", "Whether that text holds messages whole; 0 is a line each."
    ),
    Knob("backup_hour", 3, 0, 23, "hour, UTC", "When the daily backup is made."),
    Knob("backup_copies", 7, 1, 365, "copies", "How many backups are kept."),
)
KNOBS = {knob.name: knob for knob in _ALL}


def get(name: str) -> int:
    """Return the value in force."""
    values: dict[str, int] = directory.look_up("setting", "in force", _in_force)
    return values[name]


def source(name: str) -> str:
    """Return where the value in force comes from: environment, stored or default."""
    if os.environ.get(KNOBS[name].variable):
        return "environment"
    stored: dict[str, int] = directory.look_up("setting", "stored", _load)
    return "stored" if name in stored else "default"


def checked(name: str, value: int) -> Knob:
    """Return the knob if it exists and takes the value, else raise `InvalidInput` with the range."""
    knob = KNOBS.get(name)
    if knob is None:
        raise InvalidInput(f"There is no setting named {name[:64]!r}.", field="name", names=sorted(KNOBS))
    if not knob.low <= value <= knob.high:
        raise InvalidInput(
            f"`{name}` takes {knob.low} to {knob.high} {knob.unit}, not {value}.",
            field="value",
            low=knob.low,
            high=knob.high,
        )
    return knob


def check_environment() -> None:
    """Refuse to start with a variable that is no number in range."""
    for knob in KNOBS.values():
        value = os.environ.get(knob.variable)
        if value and not (value.isdecimal() and knob.low <= int(value) <= knob.high):
            raise ImproperlyConfigured(
                f"{knob.variable} must be a whole number from {knob.low} to {knob.high} ({knob.unit}), not {value!r}."
            )


def _in_force() -> dict[str, int]:
    fixed = {name: os.environ.get(knob.variable) for name, knob in KNOBS.items()}
    defaults = {name: knob.default for name, knob in KNOBS.items()}
    return defaults | _load() | {name: int(value) for name, value in fixed.items() if value}


def _load() -> dict[str, int]:
    return {name: value for name, value in Setting.objects.values_list("name", "value") if name in KNOBS}
