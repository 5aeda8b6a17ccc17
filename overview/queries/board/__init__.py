"""The board: handoffs in columns by state, and one of them whole."""

from overview.queries.board.columns import COLUMNS, Board, Column, Wanted, board, cards_of, numbers
from overview.queries.board.detail import Detail, detail
from overview.queries.board.shapes import Card

__all__ = ["COLUMNS", "Board", "Card", "Column", "Detail", "Wanted", "board", "cards_of", "detail", "numbers"]
