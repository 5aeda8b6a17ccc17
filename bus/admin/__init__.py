"""The tables of the bus in Django's admin: to look at, and changed only through operations."""

from bus.admin import engine, keys, log, mail, people, topics
from bus.admin.base import ReadOnly

__all__ = ["ReadOnly", "engine", "keys", "log", "mail", "people", "topics"]
