"""The log as a file: JSON lines or CSV, read page by page, so that memory stays flat however long the log is."""

import csv
import io
import json
from collections.abc import AsyncIterator, Callable
from functools import partial

from django.http import HttpRequest, HttpResponseBase, JsonResponse, StreamingHttpResponse

from bus.errors import InvalidInput, Refusal
from bus.readers import readers
from bus.text import cell
from dashboard.look import Look, look_at
from dashboard.views.events import wanted
from overview.queries.graph.shapes import instant
from overview.queries.happened import Happened, newest

__all__ = ["export"]

PAGE = 1000
COLUMNS = ("seq", "at", "type", "actor", "origin", "message", "handoff", "topic", "task", "agent", "data")
Written = Callable[[list[Happened]], str]


async def export(request: HttpRequest) -> HttpResponseBase:
    """Answer the filtered log, newest first, as `?format=jsonl` or `csv`."""
    try:
        look = await look_at(request)
        form = look.query.get("format", "jsonl")
        if form not in FORMS:
            raise InvalidInput("`format` is jsonl or csv.")
    except Refusal as refusal:
        return JsonResponse(refusal.shape(), status=refusal.status)
    kind, head, write = FORMS[form]
    response = StreamingHttpResponse(_pages(look, head, write), content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="nexus-events.{form}"'
    return response


async def _pages(look: Look, head: str, write: Written) -> AsyncIterator[str]:
    yield head
    before: int | None = None
    while True:
        page: list[Happened] = await readers.run(partial(newest, look.workspace, wanted(look), before, PAGE))
        if page:
            yield write(page)
        if len(page) < PAGE:
            return
        before = page[-1].pk


def _facts(event: Happened) -> dict[str, object]:
    return {name: getattr(event, name) for name in COLUMNS} | {"at": instant(event.at)}


def _lines(events: list[Happened]) -> str:
    return "".join(json.dumps(_facts(event), ensure_ascii=False) + "\n" for event in events)


def _rows(events: list[Happened]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    for event in events:
        facts = _facts(event) | {"data": json.dumps(event.data, ensure_ascii=False)}
        writer.writerow(["" if value is None else cell(str(value)) for value in facts.values()])
    return text.getvalue()


FORMS: dict[str, tuple[str, str, Written]] = {
    "jsonl": ("application/x-ndjson", "", _lines),
    "csv": ("text/csv; charset=utf-8", ",".join(COLUMNS) + "\r\n", _rows),
}
