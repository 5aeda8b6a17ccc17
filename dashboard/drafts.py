"""What somebody typed into the composer, as the order that it makes and the refusals that belong to its fields."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.http import QueryDict

from bus.errors import Refusal

__all__ = ["KINDS", "Draft", "errors_of", "typed"]

KINDS = ("message", "handoff", "broadcast")
# What operations call a field, and what the form does.
FIELDS = {"subject": "title", "acceptance_criteria": "criteria"}
TEXTS = (
    "workspace",
    "capability",
    "title",
    "body",
    "priority",
    "lease_seconds",
    "criteria",
    "verify_by",
    "paths",
    "due_at",
)
MISSING = {"title": "Say in one line what it is about", "to": "Choose at least one agent, or a capability"}


@dataclass(frozen=True, slots=True)
class Draft:
    """A message, handoff or broadcast as far as it is written."""

    kind: str
    to: list[str] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)

    @property
    def operation(self) -> str:
        """Return the operation that sends it."""
        return "handoff_create" if self.kind == "handoff" else "message_create"

    @property
    def missing(self) -> dict[str, str]:
        """Return what is still to be filled in, by field."""
        empty = [] if self.texts["title"].strip() else ["title"]
        empty += ["to"] if self.kind != "broadcast" and not self.addressees else []
        return {name: MISSING[name] for name in empty}

    @property
    def addressees(self) -> list[Any]:
        """Return the names, and the capability as a selector."""
        word = self.texts["capability"]
        return [*self.to, *([{"capability": word}] if word else [])]

    @property
    def order(self) -> dict[str, Any]:
        """Return the arguments of the operation; empty ones are left out."""
        texts = self.texts
        to: Any = "broadcast" if self.kind == "broadcast" else self.addressees
        order = {
            "workspace": texts["workspace"],
            "to": to[0] if isinstance(to, list) and len(to) == 1 else to,
            "title" if self.kind == "handoff" else "subject": texts["title"].strip(),
            "body": texts["body"],
            "priority": texts["priority"],
        }
        if self.kind == "handoff":
            order |= self._work
        return {name: value for name, value in order.items() if value or name == "body"}

    @property
    def _work(self) -> dict[str, Any]:
        texts = self.texts
        return {
            "lease_seconds": texts["lease_seconds"],
            "acceptance_criteria": _lines(texts["criteria"]),
            "verify_by": texts["verify_by"],
            "paths": _lines(texts["paths"]),
            "due_at": _instant(texts["due_at"]),
        }


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _instant(text: str) -> str:
    """Return a time of a form with its zone; what is no time stays, and is refused."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).isoformat()


def typed(form: QueryDict, workspace: str) -> Draft:
    """Return what a form or a link carries."""
    kind = form.get("kind", "")
    texts = {name: form.get(name, "") for name in TEXTS}
    texts["workspace"] = texts["workspace"] or workspace
    to = dict.fromkeys(name for name in form.getlist("to") if name)
    return Draft(kind if kind in KINDS else KINDS[0], list(to), texts)


def errors_of(refusal: Refusal) -> dict[str, str]:
    """Return what a refusal says, by the form's field; under no name what belongs to none."""
    found = {_named(each["field"]): each["problem"] for each in refusal.details.get("fields", ())}
    if found:
        return found
    name = str(refusal.details.get("field") or ("to" if "sent" in refusal.details else ""))
    advice = "" if "`" in refusal.fix else f" {refusal.fix}"
    return {_named(name): f"{refusal.message}{advice}".replace("`", "")}


def _named(name: str) -> str:
    first = name.partition(".")[0]
    known = FIELDS.get(first, first)
    return known if known in TEXTS or known == "to" else ""
