"""Mail as an operator sees it: the table of messages, one message whole, and its thread."""

from overview.queries.mailbox.export import exported
from overview.queries.mailbox.letter import letter
from overview.queries.mailbox.shapes import Branch, Letter, Page, Receipt, Recipients, Row, Step, Tally, Wanted, Who
from overview.queries.mailbox.table import page, rows_of, tally

__all__ = [
    "Branch",
    "Letter",
    "Page",
    "Receipt",
    "Recipients",
    "Row",
    "Step",
    "Tally",
    "Wanted",
    "Who",
    "exported",
    "letter",
    "page",
    "rows_of",
    "tally",
]
