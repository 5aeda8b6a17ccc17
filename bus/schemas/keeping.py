"""Orders and answers about keeping the data: retention and backups."""

from pydantic import BaseModel, Field

from bus.schemas.base import Answer, Order, UtcTime, WriteOrder


class RetentionRun(WriteOrder):
    """Whether to delete or only to count."""

    dry_run: bool = Field(False, description="True: count what would go and delete nothing.")


class Pruned(Answer):
    """What went, by kind, in this step."""

    pruned: dict[str, int] = Field(description="Rows by kind: messages, handoffs, sessions, events, answers.")
    more: bool = Field(description="True while older things are left: call again.")
    dry_run: bool | None = None


class BackupCreate(WriteOrder):
    """Make one now."""


class BackupView(BaseModel):
    """One backup file."""

    backup: str = Field(description="Name of the file in the data directory's `backups` folder.")
    bytes: int
    made_at: UtcTime


class BackupMade(Answer):
    """The new backup, checked, and the old ones that made room for it."""

    backup: str = Field(description="Name of the file in the data directory's `backups` folder.")
    bytes: int
    made_at: UtcTime
    removed: list[str]


class BackupList(Order):
    """All of them."""


class Backups(Answer):
    """The backups that are kept, newest first."""

    backups: list[BackupView]
