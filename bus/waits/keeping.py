"""Making a backup while everybody goes on writing: the copy is made aside, only its event goes through the lane."""

from dataclasses import replace
from functools import partial

from bus import backups, door, idempotency
from bus.identity import Caller
from bus.readers import readers
from bus.schemas.keeping import BackupCreate, BackupMade
from bus.writer import lane

__all__ = ["backup_create"]


async def backup_create(caller: Caller, order: BackupCreate) -> BackupMade:
    """Copy the database into a file of its own, check the copy, and remove the oldest beyond the number to keep."""
    entry = door.find("backup_create")
    made: BackupMade | None = await readers.run(partial(idempotency.earlier, entry, caller, order))
    if made is None:
        copy, removed = await readers.run(partial(_copy, caller))
        recorded = replace(entry, function=partial(_recorded, copy, removed))
        work = partial(idempotency.once, recorded) if order.idempotency_key else recorded.function
        made = await lane.submit(None, partial(work, caller, order))
    return made


def _copy(caller: Caller) -> tuple[backups.Copy, list[str]]:
    return backups.make(caller.now), backups.rotate()


def _recorded(copy: backups.Copy, removed: list[str], caller: Caller, order: BackupCreate) -> BackupMade:
    """Record the copy, once a idempotency key; runs inside the lane."""
    backups.record(caller, copy)
    return BackupMade(backup=copy.name, bytes=copy.bytes, made_at=copy.made_at, removed=removed)
