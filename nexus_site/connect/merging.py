"""Puts a part into the text of its file, and takes it out again."""

from collections.abc import Sequence
from dataclasses import dataclass

from nexus_site.connect import blocks
from nexus_site.connect.jsonc import Unreadable, parse
from nexus_site.connect.pieces import Piece, put, undo
from nexus_site.connect.splice import Edit, cut, insertion
from nexus_site.connect.wanted import Part

__all__ = ["Merged", "is_empty", "merged", "unmerged"]

MARKDOWN, HASH = ("<!-- ", " -->"), ("# ", "")


@dataclass(frozen=True)
class Merged:
    """A text with a part in it, and what it takes to undo that."""

    text: str
    pieces: tuple[Piece, ...]
    edits: tuple[tuple[Edit, int], ...] = ()


def merged(part: Part, text: str) -> Merged:
    """Return the text with the part in it; raise `Unreadable` where that cannot be done safely."""
    if part.kind == "json":
        return _with_edits(part, text)
    if part.executable and text not in ("", part.body):
        raise Unreadable("it is a program of your own: move it away first")
    if part.kind == "whole":
        return Merged(text, ()) if text == part.body else _with(text, Piece(0, part.body, text))
    if part.kind == "markdown" and f"<!-- {blocks.BEGIN} -->" in text:
        return Merged(text, ())
    if part.kind == "markdown":
        return _with(text, blocks.appended(text, part.body, MARKDOWN))
    if part.kind == "yaml":
        return _with(text, blocks.extension(text, part.body))
    blocks.checked_toml(text, ("mcp_servers", "nexus"))
    done = _with(text, blocks.appended(text, part.body, HASH))
    blocks.checked_toml(done.text)
    return done


def _with(text: str, piece: Piece) -> Merged:
    return Merged(put(text, piece), (piece,))


def _with_edits(part: Part, text: str) -> Merged:
    pieces, edits = [], []
    if not text.strip("\ufeff \t\r\n"):
        pieces.append(Piece(len(text), "{}\n"))
        text += "{}\n"
    for edit in part.edits:
        piece, depth = insertion(text, edit)
        if piece is not None:
            text = put(text, piece)
            pieces.append(piece)
        edits.append((edit, depth))
    return Merged(text, tuple(pieces), tuple(edits))


def unmerged(kind: str, text: str, pieces: Sequence[Piece], edits: Sequence[tuple[Edit, int]]) -> str:
    """Return the text without a part: exactly its own lines if they are as they were, else what they have become."""
    if kind == "whole":
        return pieces[0].removed
    before = undo(text, pieces)
    if before is not None and _is_sound(kind, before):
        return before
    if kind == "json":
        for edit, depth in reversed(edits):
            text = cut(text, edit, depth)
        return text
    if kind == "toml":
        return blocks.without_tables(text, pieces[0].inserted)
    if kind == "yaml":
        return blocks.without_extension(text)
    return blocks.without_block(text, MARKDOWN)


def is_empty(kind: str, text: str) -> bool:
    """Say whether a text says nothing; the name of its schema, which some programs add by themselves, is nothing."""
    if not text.strip("\ufeff \t\r\n"):
        return True
    found = parse(text).value if kind == "json" else None
    return isinstance(found, dict) and found.keys() <= {"$schema"}


def _is_sound(kind: str, text: str) -> bool:
    try:
        if kind == "json" and text.strip("\ufeff \t\r\n"):
            parse(text)
        if kind == "toml":
            blocks.checked_toml(text)
    except Unreadable:
        return False
    return True
