"""The reference as Markdown pages: one for each toolset, one for refusals, and an index."""

import re
from collections.abc import Iterator, Sequence

from nexus_site.reference.facts import Fact, Field, Shape, toolsets
from nexus_site.reference.refusals import every

__all__ = ["NOTE", "pages"]

NOTE = "<!-- Written by `make docs` from the operations themselves. -->\n"
KINDS = {"query": "reads", "operation": "changes something", "wait": "waits"}
INDEX = """# Reference

An operation is one typed function. Its name is the MCP tool, the OpenAPI operation id and what `nexus call` takes; what it
takes and answers is the same on every surface.

- Every operation takes `workspace` (id or alias; default: the session's, else the agent's home). Over REST `?workspace=`
  does the same.
- Every operation that changes something takes `idempotency_key`: for 24 h the same key and order give the first answer
  again, with `duplicate: true`.
- Over REST a GET takes its fields as query parameters, lists repeated or comma-separated; everything else takes a JSON
  object. A field that is in the path is left out of the body.
- Fields that are null are left out of answers. Times are ISO 8601 in UTC; sizes are UTF-8 bytes.
- Lists are paged: pass `next_cursor` as `cursor` for more.
- What may go wrong is on [the page of refusals](refusals.md); what can be tuned on [the page of settings](settings.md).

"""
REFUSALS = """# Refusals

Every surface answers the same shape: `{"error": {"code", "message", "details", "hint", "retry_after"?}}`, `retry_after` in
seconds. Over REST the status is the one below; over MCP a refused operation is a tool result with `isError`, and the shape
of a protocol error stands in `error.data`. Any call may answer `unauthorized`, `forbidden`, `invalid_input`, `not_found`
for a workspace that is not yours, `busy` and `internal`, and a write `conflict` for an idempotency key that was used with
another order; the pages of the toolsets name what else an operation may answer.

"""


def pages() -> dict[str, str]:
    """Return every page by its file name."""
    found = {name: _toolset(name, facts) for name, facts in toolsets().items()}
    texts = {"index": _index(), **found, "refusals": _refusals()}
    return {f"{name}.md": NOTE + re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n" for name, text in texts.items()}


def _index() -> str:
    rows = [
        (f"[`{fact.name}`]({name}.md#{fact.name})", _routes(fact), fact.description.partition(". ")[0].rstrip("."))
        for name, facts in toolsets().items()
        for fact in facts
    ]
    stream = ("event stream", "`GET /api/v1/events/stream`", "Follow the log as server-sent events")
    mcp = ("MCP", "`POST /api/v1/mcp`", "Send one MCP message and get its answer as one JSON document")
    return INDEX + _table(("Operation", "REST", "What it does"), [*rows, stream, mcp])


def _toolset(name: str, facts: list[Fact]) -> str:
    parts = {title: shape for fact in facts for title, shape in fact.parts.items()}
    sections = [f"# Toolset `{name}`\n", *(_operation(fact) for fact in facts)]
    if parts:
        sections += ["## Objects in orders and answers\n", *(_part(parts[title]) for title in sorted(parts))]
    return "\n".join(sections)


def _operation(fact: Fact) -> str:
    return "\n".join(_lines(fact))


def _lines(fact: Fact) -> Iterator[str]:
    yield f"## {fact.name}\n"
    yield f"{fact.description}\n"
    yield f"{_routes(fact)} · {KINDS[fact.kind]}\n"
    if fact.takes.fields:
        yield f"Takes `{fact.takes.name}`: {_lowered(fact.takes.about)}\n\n{_fields(fact.takes)}"
    yield f"Answers `{fact.gives.name}`: {_lowered(fact.gives.about)}\n\n{_fields(fact.gives)}"
    if fact.refusals:
        yield f"May refuse with {', '.join(f'`{code}`' for code in fact.refusals)}.\n"


def _routes(fact: Fact) -> str:
    return ", ".join(f"`{route.method} /api/v1{route.path}`" for route in fact.routes)


def _part(shape: Shape) -> str:
    about = f"{shape.about}\n\n" if shape.about else ""
    return f"### {shape.name}\n\n{about}{_fields(shape)}"


def _fields(shape: Shape) -> str:
    return _table(("Field", "Type", "Limits", "Default", "About"), [_row(each) for each in shape.fields])


def _row(field: Field) -> tuple[str, ...]:
    return f"`{field.name}`", field.type, field.limits, field.default, field.about


def _refusals() -> str:
    rows = [(f"`{each.code}`", str(each.status), each().message, each.hint) for each in every()]
    return REFUSALS + _table(("Code", "Status", "Meaning", "Hint"), rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table without the columns that are empty."""
    used = [column for column in range(len(head)) if any(row[column] for row in rows)]
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line[column] for column in used)} |\n" for line in lines) + "\n"


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]
