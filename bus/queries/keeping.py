"""Which backups there are."""

from bus import backups
from bus.identity import Caller
from bus.schemas.keeping import BackupList, Backups, BackupView

__all__ = ["backup_list"]


def backup_list(caller: Caller, order: BackupList) -> Backups:
    """List the backups that are kept, newest first."""
    return Backups(
        backups=[BackupView(backup=copy.name, bytes=copy.bytes, made_at=copy.made_at) for copy in backups.kept()]
    )
