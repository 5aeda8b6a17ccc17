"""Pages of lists: keyset by row number, newest first, cut at the caller's limit or at 24 KB, whatever comes first."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from pydantic import BaseModel

from bus import cursors

__all__ = ["page"]

Row = TypeVar("Row", bound=Model)
Item = TypeVar("Item", bound=BaseModel)
PAGE_LIMIT = 24 * 1024


def page(kind: str, rows: QuerySet[Row], order: Any, show: Callable[[Row], Item]) -> tuple[list[Item], str | None]:
    """Return the items of the page that `order` (with `cursor` and `limit`) asks for, and the cursor of the next."""
    if order.cursor is not None:
        rows = rows.filter(pk__lt=cursors.decode(kind, order.cursor)[0])
    found = list(rows.order_by("-pk")[: order.limit + 1])
    items: list[Item] = []
    size = 0
    for row in found[: order.limit]:
        item = show(row)
        size += len(item.model_dump_json(exclude_none=True).encode())
        if items and size > PAGE_LIMIT:
            break
        items.append(item)
    more = len(items) < len(found)
    return items, cursors.encode(kind, found[len(items) - 1].pk) if more else None
