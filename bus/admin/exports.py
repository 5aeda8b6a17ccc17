"""Exports of a list: the chosen rows, or all that match, as JSON lines or CSV, sent while they are read.

Things are named as agents know them, never by row number; hashes of keys and stored answers are left out.
"""

import csv
import io
import json
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import Field, ForeignKey, Model, QuerySet
from django.http import HttpRequest, StreamingHttpResponse

from bus import clock
from bus.readers import readers
from bus.text import cell

__all__ = ["columns", "export_csv", "export_jsonl"]

CHUNK = 500
SECRET = frozenset({"secret_hash", "password", "answer", "digest"})
NAMES = ("public_id", "username", "prefix", "name")

Row = dict[str, Any]


def columns(model: type[Model]) -> dict[str, str]:
    """Return the columns of an export and where each is read."""
    fields = [
        each for each in model._meta.concrete_fields if not each.primary_key or each.get_internal_type() == "CharField"
    ]
    return {field.name: _source(field) for field in fields if field.name not in SECRET}


def _source(field: "Field[Any, Any]") -> str:
    if not isinstance(field, ForeignKey):
        return field.name
    there = {each.name for each in field.related_model._meta.concrete_fields}
    name = next((name for name in NAMES if name in there), None)
    return f"{field.name}__{name}" if name else field.attname


@admin.action(description="Export as JSON lines")
def export_jsonl(model_admin: Any, request: HttpRequest, rows: QuerySet[Any]) -> StreamingHttpResponse:
    """Send one JSON object a line."""
    return _sent(rows, "jsonl", "application/x-ndjson", _jsonl)


@admin.action(description="Export as CSV")
def export_csv(model_admin: Any, request: HttpRequest, rows: QuerySet[Any]) -> StreamingHttpResponse:
    """Send a table with a row of names."""
    return _sent(rows, "csv", "text/csv", _csv)


def _sent(
    rows: QuerySet[Any], ending: str, media: str, write: Callable[[list[Row], bool], str]
) -> StreamingHttpResponse:
    name = f"nexus-{rows.model._meta.model_name}-{clock.now():%Y%m%d-%H%M%S}.{ending}"
    response = StreamingHttpResponse(_pieces(rows, write), content_type=f"{media}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


async def _pieces(rows: QuerySet[Any], write: Callable[[list[Row], bool], str]) -> AsyncIterator[bytes]:
    """Read newest first, a chunk at a time on a reader thread, so that neither side holds the whole of it."""
    before = None
    while found := await readers.run(partial(_chunk, rows, before)):
        yield write([row for _, row in found], before is None).encode()
        before = found[-1][0]


def _chunk(rows: QuerySet[Any], before: Any) -> list[tuple[Any, Row]]:
    wanted = columns(rows.model)
    below = rows if before is None else rows.filter(pk__lt=before)
    found = below.order_by("-pk").values_list("pk", *wanted.values())[:CHUNK]
    return [(pk, dict(zip(wanted, values, strict=True))) for pk, *values in found]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return bytes(value).hex() if isinstance(value, bytes | memoryview) else value


def _jsonl(rows: list[Row], is_first: bool) -> str:
    lines = ({name: _plain(value) for name, value in row.items()} for row in rows)
    return "".join(json.dumps(line, ensure_ascii=False, default=str) + "\n" for line in lines)


def _csv(rows: list[Row], is_first: bool) -> str:
    text = io.StringIO()
    table = csv.writer(text)
    if is_first:
        table.writerow(rows[0])
    table.writerows([_cell(value) for value in row.values()] for row in rows)
    return text.getvalue()


def _cell(value: Any) -> str:
    """Write a cell that no spreadsheet takes for a formula."""
    plain = _plain(value)
    if plain is None:
        return ""
    shown = json.dumps(plain, ensure_ascii=False) if isinstance(plain, dict | list) else str(plain)
    return cell(shown) if isinstance(plain, str) else shown
