"""Marked blocks: at the end of TOML and Markdown, and as one extension in goose's YAML."""

import re
import tomllib
from collections.abc import Sequence

from nexus_site.connect.jsonc import Unreadable
from nexus_site.connect.pieces import Piece, newline_of

__all__ = ["BEGIN", "END", "appended", "extension", "without_block", "without_extension", "without_tables"]

BEGIN, END = "nexus:begin", "nexus:end"
CHILD = re.compile(r"( +)[^\s#-]")
NO_KEY = re.compile(r"""[{["']|-(\s|$)|---.""")  # with what a text begins that is no list of keys one below the other
NO_MEMBER = re.compile(r" +[{[]| *-(\s|$)")
ODD_KEY = re.compile(r"""(["']?)extensions\1\s*:""")
ANOTHER = re.compile(r"---|\.\.\.")


def appended(text: str, body: str, comment: tuple[str, str]) -> Piece:
    """Return a marked block at the end of the text."""
    newline = newline_of(text)
    lead = "" if not text else newline if text.endswith("\n") else newline * 2
    opening, closing = comment
    lines = [f"{opening}{BEGIN}{closing}", *body.rstrip("\n").split("\n"), f"{opening}{END}{closing}", ""]
    return Piece(len(text), lead + newline.join(lines))


def without_block(text: str, comment: tuple[str, str]) -> str:
    """Return the text without the lines from mark to mark."""
    opening, closing = comment
    first, last = f"{opening}{BEGIN}{closing}", f"{opening}{END}{closing}"
    if first not in text or last not in text.partition(first)[2]:
        return text
    before, _, rest = text.partition(first)
    return before + rest.partition(last)[2].removeprefix("\r").removeprefix("\n")


def checked_toml(text: str, names: Sequence[str] = ()) -> None:
    """Refuse a text that is no TOML, or that has a table of this name."""
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Unreadable(f"it is no TOML: {error}") from None
    for name in names[:-1]:
        found = found.get(name, {})
    if names and names[-1] in found:
        raise Unreadable(f"it has a [{'.'.join(names)}] of its own: take that out first")


def without_tables(text: str, block: str) -> str:
    """Return the text without each table of a block, for when other lines were put between them."""
    for table in block.replace("\r\n", "\n").strip("\n").split("\n\n"):
        shown = table.replace("\n", newline_of(text))
        if text.count(shown) == 1:
            text = text.replace(shown, "", 1)
    for mark in (f"# {BEGIN}", f"# {END}"):
        text = "".join(line for line in text.splitlines(keepends=True) if line.strip() != mark)
    return text


def extension(text: str, body: str) -> Piece:
    """Return the extension `nexus` as the first of goose's extensions; `body` is indented by nothing."""
    newline, lines = newline_of(text), text.splitlines(keepends=True)
    _check_keys(lines)
    at = 0
    for number, line in enumerate(lines):
        if line.startswith("extensions:"):
            return _into_extensions(lines, number, at, body)
        at += len(line)
    lead = newline if text and not text.endswith("\n") else ""
    return Piece(len(text), f"{lead}extensions:{newline}{_tagged(body, '  ', newline)}")


def _check_keys(lines: Sequence[str]) -> None:
    """Refuse a text in which a line more, or one `extensions:` more, would mean something else."""
    said = _significant(lines)
    if said and said[0].rstrip() == "---":
        del said[0]
    if said and NO_KEY.match(said[0]):
        raise Unreadable("its keys are in braces, quotes or a list: write them plainly, one below the other")
    if any(ODD_KEY.match(line) and not line.startswith("extensions:") for line in said):
        raise Unreadable("its key extensions is written otherwise: write it as extensions:")
    if any(ANOTHER.match(line) for line in said):
        raise Unreadable("it holds more than one document: write one")


def _significant(lines: Sequence[str]) -> list[str]:
    return [line for line in lines if line.strip() and not line.lstrip().startswith("#")]


def _into_extensions(lines: list[str], number: int, at: int, body: str) -> Piece:
    line, following = lines[number], lines[number + 1 :]
    newline = newline_of(line)
    rest = line.removeprefix("extensions:").partition(" #")[0].strip()
    if rest in ("{}", "null", "~"):
        start = at + line.index(rest)
        return Piece(start, newline + _tagged(body, "  ", newline).removesuffix(newline), rest)
    if rest:
        raise Unreadable("its extensions are written in one line: write them one below the other")
    if (below := _significant(following)) and NO_MEMBER.match(below[0]):
        raise Unreadable("its extensions are in braces or a list: write each as a key, one below the other")
    child = next((found for each in following if (found := CHILD.match(each))), None)
    indent = child[1] if child and _is_inside(following) else "  "
    if any(each.rstrip() == f"{indent}nexus:" for each in _inside(following)):
        raise Unreadable("it has an extension nexus of its own: take that out first")
    ended = line.endswith("\n")
    return Piece(at + len(line), ("" if ended else newline) + _tagged(body, indent, newline))


def _inside(following: Sequence[str]) -> list[str]:
    """Return the lines up to the next key at the margin."""
    ends = (number for number, line in enumerate(following) if line.strip() and line[0] not in " #\r\n")
    return list(following[: next(ends, len(following))])


def _is_inside(following: Sequence[str]) -> bool:
    return any(CHILD.match(line) for line in _inside(following))


def _tagged(body: str, indent: str, newline: str) -> str:
    lines = [f"# {BEGIN}", *body.rstrip("\n").split("\n"), f"# {END}"]
    return "".join(f"{indent}{line}{newline}" for line in lines)


def without_extension(text: str) -> str:
    """Return the text without the extension `nexus`, however it is written by now."""
    kept: list[str] = []
    depth: int | None = None
    inside = False
    for line in text.splitlines(keepends=True):
        indent = len(line) - len(line.lstrip(" "))
        if line.strip() and line[0] not in " #":
            inside = line.startswith("extensions:")
        if depth is not None and line.strip() and indent <= depth:
            depth = None
        if inside and indent and line.strip() in ("nexus:", f"# {BEGIN}", f"# {END}"):
            depth = indent if line.strip() == "nexus:" else depth
            continue
        if depth is None:
            kept.append(line)
    return "".join(kept)
