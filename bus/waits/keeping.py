"""Making a backup while everybody goes on writing: the copy is made aside, only its event goes through the lane."""

from functools import partial

from bus import backups
from bus.identity import Caller
from bus.readers import readers
from bus.schemas.keeping import BackupCreate, BackupMade
from bus.writer import lane

__all__ = ["backup_create"]


async def backup_create(caller: Caller, order: BackupCreate) -> BackupMade:
    """Copy the database into a file of its own, check the copy, and remove the oldest beyond the number to keep."""
    copy = await readers.run(partial(backups.make, caller.now))
    await lane.submit(None, partial(backups.record, caller, copy))
    removed = await readers.run(backups.rotate)
    return BackupMade(backup=copy.name, bytes=copy.bytes, made_at=copy.made_at, removed=removed)
