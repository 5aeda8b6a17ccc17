"""Waiting for mail, for events, for posts and for a backup without holding a thread or a connection."""

from bus.waits.events import event_wait
from bus.waits.inbox import inbox_wait
from bus.waits.keeping import backup_create
from bus.waits.topics import topic_sync

__all__ = ["backup_create", "event_wait", "inbox_wait", "topic_sync"]
