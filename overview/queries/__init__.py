"""What one agent or operator sees across rooms."""

from overview.queries.conversations import conversation_read
from overview.queries.manual import help
from overview.queries.me import whoami
from overview.queries.search import search

__all__ = ["conversation_read", "help", "search", "whoami"]
