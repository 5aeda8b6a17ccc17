"""What was put into a text, remembered so that exactly that can be taken out again."""

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Piece", "newline_of", "put", "undo"]


@dataclass(frozen=True)
class Piece:
    """At one place `inserted` stands instead of `removed`, which is mostly empty."""

    at: int
    inserted: str
    removed: str = ""


def put(text: str, piece: Piece) -> str:
    """Return the text with the piece in it."""
    return text[: piece.at] + piece.inserted + text[piece.at + len(piece.removed) :]


def undo(text: str, pieces: Sequence[Piece]) -> str | None:
    """Return the text without the pieces, the last first; None where one of them is not to be found as it was."""
    for piece in reversed(pieces):
        at = piece.at
        if not text.startswith(piece.inserted, at):
            if text.count(piece.inserted) != 1:
                return None
            at = text.index(piece.inserted)
        text = text[:at] + piece.removed + text[at + len(piece.inserted) :]
    return text


def newline_of(text: str) -> str:
    """Return how the lines of a text end."""
    return "\r\n" if "\r\n" in text else "\n"
