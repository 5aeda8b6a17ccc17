"""A thread as a tree: from any message up to the one that began it, and down through all replies."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models.functions import Substr

from bus.models import Message
from overview.queries.mailbox.shapes import Branch, Who
from overview.queries.mailbox.text import READ, line

__all__ = ["MOST", "members", "thread"]

MOST = 200
TABLE = Message._meta.db_table
# Only the name of a table is put into these two.
ROOT = f"""
    WITH RECURSIVE up(id, parent, far) AS (
        SELECT id, reply_to_id, 0 FROM {TABLE} WHERE id = %s
        UNION ALL SELECT m.id, m.reply_to_id, far + 1 FROM up JOIN {TABLE} m ON m.id = up.parent WHERE far < %s
    ) SELECT id FROM up ORDER BY far DESC LIMIT 1
"""  # nosec B608
MEMBERS = f"""
    WITH RECURSIVE down(id) AS (
        SELECT %s UNION ALL SELECT m.id FROM down JOIN {TABLE} m ON m.reply_to_id = down.id LIMIT %s
    ) SELECT id FROM down
"""  # nosec B608
COLUMNS = (
    "pk",
    "reply_to",
    "public_id",
    "sender__name",
    "sender__kind",
    "sender__harness",
    "subject",
    "begin",
    "sent_at",
)


def members(message: int, most: int = MOST) -> tuple[list[int], bool]:
    """Return the row ids of a message's thread, at most so many, and whether there are more."""
    with connection.cursor() as cursor:
        cursor.execute(ROOT, [message, most - 1])
        (root,) = cursor.fetchone()
        cursor.execute(MEMBERS, [root, most + 1])
        found = [row[0] for row in cursor.fetchall()]
    kept = found[:most]
    if message not in kept:
        kept[-1] = message
    return kept, len(found) > most


def thread(message: int, rows: Sequence[int]) -> list[Branch]:
    """Return these messages of a thread in the order of the tree, each reply under what it answers."""
    known = Message.objects.filter(pk__in=rows).annotate(begin=Substr("body", 1, READ)).order_by("pk")
    replies: defaultdict[int | None, list[tuple[Any, ...]]] = defaultdict(list)
    found = list(known.values_list(*COLUMNS))
    there = {row[0] for row in found}
    for row in found:
        replies[row[1] if row[1] in there else None].append(row)
    branches: list[Branch] = []
    waiting = [(row, 0) for row in reversed(replies[None])]
    while waiting:
        row, depth = waiting.pop()
        branches.append(_branch(row, depth, row[0] == message))
        waiting += [(each, depth + 1) for each in reversed(replies[row[0]])]
    return branches


def _branch(row: tuple[Any, ...], depth: int, is_this: bool) -> Branch:
    return Branch(row[2], Who(*row[3:6]), row[6], line(row[7]), row[8], depth, is_this)
