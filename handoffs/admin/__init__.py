"""The tables of this room in Django's admin: to look at, and changed only through operations."""

from handoffs.admin import board, paths

__all__ = ["board", "paths"]
