"""The knobs in groups, each with what its number means."""

from dataclasses import dataclass, replace
from typing import NamedTuple

from bus import door
from bus.schemas.operators import SettingView
from dashboard.look import Look

__all__ = ["Refused", "Row", "group_of", "rows"]

GROUPS = {
    "presence": ("presence_", "inbox_lease_", "handoff_lease_", "path_lease_"),
    "retention": ("keep_",),
    "backup": ("backup_",),
}
REST = "limits"
DAY, HOUR, MINUTE = 86_400, 3600, 60


@dataclass(frozen=True, slots=True)
class Row:
    """One knob as the form shows it."""

    name: str
    title: str
    about: str
    value: int | str
    default: int
    low: int
    high: int
    unit: str
    means: str
    default_means: str
    source: str
    variable: str
    refusal: str = ""


class Refused(NamedTuple):
    """What was typed for a knob, and why it was not taken."""

    name: str
    typed: str
    words: str


def group_of(name: str) -> str:
    """Return the section that a knob is in; one that no group claims is a limit."""
    return next((group for group, starts in GROUPS.items() if name.startswith(starts)), REST)


def rows(look: Look, group: str, refused: Refused | None = None) -> list[Row]:
    """Return the knobs of a section; one whose new value was refused shows that value and why."""
    settings = door.run("setting_list", look.caller, {}).settings
    found = [_row(each) for each in settings if group_of(each.name) == group]
    if refused is None:
        return found
    return [
        replace(row, value=refused.typed, refusal=refused.words) if row.name == refused.name else row for row in found
    ]


def _row(each: SettingView) -> Row:
    return Row(
        name=each.name,
        title=each.name.removesuffix("_days").replace("_", " ").capitalize(),
        about=each.about,
        value=each.value,
        default=each.default,
        low=each.low,
        high=each.high,
        unit=each.unit,
        means=_means(each.value, each.unit),
        default_means=_means(each.default, each.unit),
        source=each.source,
        variable=each.variable,
    )


def _means(value: int, unit: str) -> str:
    """Return what a number means where its unit does not say it already."""
    if unit == "seconds":
        return _duration(value) if value >= MINUTE else ""
    if unit.startswith("hour"):
        return f"{value:02}:00 UTC"
    return "for ever" if unit == "days" and value == 0 else ""


def _duration(seconds: int) -> str:
    parts = []
    for size, word in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (1, "s")):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {word}")
    return " ".join(parts) or "0 s"
