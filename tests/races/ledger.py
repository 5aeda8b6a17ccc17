"""What the database says after a crash, read past the product: rows by plain SQL."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tests.races.crew import Acknowledged

__all__ = ["Ledger", "ledger"]

ORDER = ("open", "claimed", "completed")
WHOLE = """
SELECT message.public_id,
  (SELECT count(*) FROM bus_delivery WHERE message_id = message.id),
  (SELECT count(*) FROM bus_event WHERE message = message.public_id AND type = 'message.created'),
  (SELECT json_array_length(payload, '$.to') FROM bus_event
   WHERE message = message.public_id AND type = 'message.created')
FROM bus_message AS message WHERE message.id > ?
"""
READ = """
SELECT message.public_id FROM bus_delivery JOIN bus_message AS message ON message.id = message_id
WHERE lane = 'read' AND message.id > ?
"""


class Ledger:
    """Rows since the last crash."""

    def __init__(self, database: sqlite3.Connection, since: int) -> None:
        """Look at messages after this row number."""
        self._database, self._since = database, since

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return what a statement finds."""
        return self._database.execute(sql, values).fetchall()

    @property
    def newest(self) -> int:
        """Return the row number of the newest message."""
        ((found,),) = self.rows("SELECT coalesce(max(id), 0) FROM bus_message")
        return int(found)

    def lost(self, acknowledged: Acknowledged) -> list[str]:
        """Return what was acknowledged and is not there, or stands where it was before."""
        there = {name: deliveries for name, deliveries, _, _ in self.rows(WHOLE, self._since)}
        read = {name for (name,) in self.rows(READ, 0)}
        lost = [name for name, answer in acknowledged.messages.items() if there.get(name) != len(answer["recipients"])]
        for handoff, state in acknowledged.handoffs.items():
            found = self.rows("SELECT state FROM handoffs_handoff WHERE public_id = ?", handoff)
            if not found or ORDER.index(found[0][0]) < ORDER.index(state):
                lost.append(handoff)
        return lost + sorted(acknowledged.read - read)

    def torn(self) -> list[tuple[Any, ...]]:
        """Return the messages without exactly one event, or whose deliveries are not those that their event names."""
        found = self.rows(WHOLE, self._since)
        return [row for row in found if row[2] != 1 or row[1] != row[3]]

    def reached(self, acknowledged: Acknowledged, members: set[str]) -> list[str]:
        """Return the broadcasts whose recipients and those left out are not all other members."""
        wrong = []
        for name, answer in acknowledged.messages.items():
            ((to, sender),) = self.rows(
                'SELECT "to", agent.name FROM bus_message JOIN bus_agent AS agent ON agent.id = sender_id'
                " WHERE public_id = ?",
                name,
            )
            told = {each["agent"] for each in answer["recipients"]}
            told |= {*answer.get("excluded_stale", ()), *answer.get("excluded_offline", ())}
            if json.loads(to) == "broadcast" and told != members - {sender}:
                wrong.append(name)
        return wrong

    def count(self, table: str, column: str, value: str) -> int:
        """Return how many rows of a message or handoff table hold a value."""
        ((found,),) = self.rows(f'SELECT count(*) FROM {table} WHERE "{column}" = ?', value)
        return int(found)


@contextmanager
def ledger(home: Path, since: int = 0) -> Iterator[Ledger]:
    """Open the database of a data directory for reading."""
    with closing(sqlite3.connect(f"file:{home / 'nexus.sqlite3'}?mode=ro", uri=True, timeout=30)) as database:
        yield Ledger(database, since)
