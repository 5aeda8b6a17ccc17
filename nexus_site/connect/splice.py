"""Puts members and elements into JSON by adding text, and takes them out by cutting text: the rest keeps every byte."""

import json
from dataclasses import dataclass
from typing import Any

from nexus_site.connect.jsonc import Item, Node, Unreadable, parse
from nexus_site.connect.pieces import Piece, newline_of

__all__ = ["Edit", "cut", "insertion"]

UNIT = "  "


@dataclass(frozen=True)
class Edit:
    """The value that a path of keys shall have, or, with `append`, that the array there shall hold."""

    path: tuple[str, ...]
    value: Any
    append: bool = False


def insertion(text: str, edit: Edit) -> tuple[Piece | None, int]:
    """Return what to put in (None where it is there), and how many keys of the path were there already."""
    node, depth = _deepest(parse(text), edit.path)
    rest = edit.path[depth:]
    wanted = "{" if rest else "[" if edit.append else node.kind
    if node.kind != wanted:
        raise Unreadable(f"{'.'.join(edit.path[:depth]) or 'the whole'} is no {'object' if rest else 'array'}")
    if not rest and not edit.append:
        return _replacement(text, node, edit.value), depth
    if not rest:
        return (None if edit.value in node.value else _addition(text, node, None, edit.value)), depth
    value = [edit.value] if edit.append else edit.value
    for key in reversed(rest[1:]):
        value = {key: value}
    return _addition(text, node, rest[0], value), depth


def _deepest(node: Node, path: tuple[str, ...]) -> tuple[Node, int]:
    for depth, key in enumerate(path):
        item = node.get(key)
        if item is None:
            return node, depth
        node = item.node
    return node, len(path)


def _replacement(text: str, node: Node, value: Any) -> Piece | None:
    if node.value == value:
        return None
    unit = _unit(text, parse(text)) if "\n" in text else None
    return Piece(node.start, _written(text, value, _indent(text, node.start), unit), text[node.start : node.end])


def _addition(text: str, node: Node, key: str | None, value: Any) -> Piece:
    """Return a new last item; a first one where a comment stands behind the last, so that it keeps its place."""
    newline, outer = newline_of(text), _indent(text, node.start)
    unit: str | None = _unit(text, parse(text))
    indent, gap = outer + (unit or UNIT), newline
    if node.items:
        before = text[node.start + 1 : node.items[0].start]
        indent = before.rpartition("\n")[2]
        if "\n" not in before or indent.strip():
            unit, indent, gap = None, outer, " "
    label = "" if key is None else f"{json.dumps(key)}: "
    inner = indent if unit else ""
    item = (gap + inner if unit else "") + label + _written(text, value, indent, unit)
    if not node.items:
        is_open = "\n" in text[node.start : node.end]
        return Piece(node.start + 1, item + ("" if is_open else newline + outer))
    return _placed(text, node, item, " " if unit is None else "")


def _placed(text: str, node: Node, item: str, gap: str) -> Piece:
    last = node.items[-1]
    at = last.node.end if last.comma is None else last.comma + 1
    if text[at : node.end - 1].partition("\n")[0].strip():
        return Piece(node.start + 1, f"{item},{gap}")
    return Piece(at, f",{gap}{item}" if last.comma is None else f"{gap}{item},")


def _written(text: str, value: Any, indent: str, unit: str | None) -> str:
    written = json.dumps(value, indent=unit, ensure_ascii=False)
    return written.replace("\n", newline_of(text) + indent)


def _indent(text: str, at: int) -> str:
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _unit(text: str, root: Node) -> str:
    """Return by how much the file indents."""
    before = text[root.start + 1 : root.items[0].start] if root.items else ""
    unit = before.rpartition("\n")[2]
    return unit if unit and not unit.strip() else UNIT


def cut(text: str, edit: Edit, depth: int) -> str:
    """Return the text without what an edit put there, and without the containers it made where they are empty now."""
    path = edit.path
    container, known = _deepest(parse(text), path if edit.append else path[:-1])
    if known < len(path) - (not edit.append):
        return text
    for item in reversed(container.items):
        if item.node.value == edit.value if edit.append else item.key == path[-1]:
            text = _without(text, container, item)
            break
    for length in range(len(path) - (not edit.append), depth, -1):
        parent, reached = _deepest(parse(text), path[: length - 1])
        member = parent.get(path[length - 1])
        if reached < length - 1 or member is None or member.node.items or not member.node.kind:
            break
        text = _without(text, parent, member)
    return text


def _without(text: str, container: Node, item: Item) -> str:
    """Return the text without one item, its line and its comma; the last takes the comma before it along."""
    place = container.items.index(item)
    start, end = item.start, item.node.end
    line = text.rfind("\n", 0, start)
    if line > container.start and not text[line:start].strip():
        start = line - 1 if text[line - 1] == "\r" else line
    if item.comma is not None:
        end = item.comma + 1
        if start == item.start:
            end += len(text[end:]) - len(text[end:].lstrip(" \t"))
        return text[:start] + text[end:]
    text = text[:start] + text[end:]
    before = container.items[place - 1].comma if place else None
    return text if before is None else text[:before] + text[before + 1 :]
