"""Making a backup while everybody goes on writing: the copy is made aside, only its event goes through the lane.

Invariant: one backup is made at a time, whoever asks, so that a repeated key finds the answer of the first and no copy
meets or removes another that is not recorded yet.
"""

import asyncio
from dataclasses import replace
from functools import partial
from weakref import WeakKeyDictionary

from bus import backups, door, idempotency
from bus.identity import Caller
from bus.readers import readers
from bus.schemas.keeping import BackupCreate, BackupMade
from bus.writer import lane

__all__ = ["backup_create"]

_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


async def backup_create(caller: Caller, order: BackupCreate) -> BackupMade:
    """Copy the database into a file of its own, check the copy, and remove the oldest beyond the number to keep."""
    async with _turns.setdefault(asyncio.get_running_loop(), asyncio.Lock()):  # one reader thread waits, not all
        made: BackupMade = await readers.run(partial(_in_turn, caller, order))
    return made


def _in_turn(caller: Caller, order: BackupCreate) -> BackupMade:
    entry = door.find("backup_create")
    with backups.turn():
        made: BackupMade | None = idempotency.earlier(entry, caller, order)
        if made is None:
            copy, removed = backups.make(caller.now), backups.rotate()
            recorded = replace(entry, function=partial(_recorded, copy, removed))
            work = partial(idempotency.once, recorded) if order.idempotency_key else recorded.function
            made = lane.run(partial(work, caller, order))
    return made


def _recorded(copy: backups.Copy, removed: list[str], caller: Caller, order: BackupCreate) -> BackupMade:
    """Record the copy, once a idempotency key; runs inside the lane."""
    backups.record(caller, copy)
    return BackupMade(backup=copy.name, bytes=copy.bytes, made_at=copy.made_at, removed=removed)
