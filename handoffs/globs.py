"""Path globs that claims are made of: checked, compared with each other and with paths.

Two patterns are compared by walking one of them while a bit set remembers every place in the other that can mean the
same so far. The steps are bounded by the product of the two lengths, whatever stands in them: nothing is tried twice.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from unicodedata import normalize

from bus.errors import InvalidInput
from bus.text import shorten, visible

__all__ = ["MAX_CHARACTERS", "MAX_SEGMENTS", "check", "matches", "overlap"]

MAX_CHARACTERS = 300
MAX_SEGMENTS = 40

_TREE = "**"
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_ABSOLUTE = re.compile(r"/|[A-Za-z]:")
_NO_WILDCARDS = str.maketrans("*?", "\0\0")
_RULES: tuple[tuple[Callable[[str, str], bool], str, str, dict[str, int]], ...] = (
    (
        lambda sent, normal: max(len(sent), len(normal)) > MAX_CHARACTERS,
        f"A path glob has at most {MAX_CHARACTERS} characters.",
        "Claim a folder above it.",
        {"limit": MAX_CHARACTERS},
    ),
    (
        lambda _, normal: normal.count("/") >= MAX_SEGMENTS,
        f"A path glob has at most {MAX_SEGMENTS} segments.",
        "Claim a folder above it.",
        {"limit": MAX_SEGMENTS},
    ),
    (
        lambda sent, _: bool(_UNPRINTABLE.search(sent)),
        "A path glob holds no control characters.",
        "Send plain text, one glob an entry.",
        {},
    ),
    (lambda sent, _: "\\" in sent, "A path glob is written with `/`, not with a backslash.", "Write `src/app.py`.", {}),
    (
        lambda sent, _: bool(_ABSOLUTE.match(sent)),
        "A path glob is relative to the root of the workspace.",
        "Leave the root out: `src/app.py`.",
        {},
    ),
    (
        lambda _, normal: not normal.strip(),
        "A path glob is empty.",
        "Name a file or a folder; `**` is the whole workspace.",
        {},
    ),
    (
        lambda _, normal: ".." in normal.split("/"),
        "A path glob stays inside the workspace.",
        "Write the path without `..`.",
        {},
    ),
    (
        lambda _, normal: any(_TREE in part and part != _TREE for part in normal.split("/")),
        "In a path glob `**` is a whole segment.",
        "Write `src/**/*.py`; inside a name one `*` is enough.",
        {},
    ),
)


def check(glob: str, field: str = "paths") -> str:
    """Return the glob in its normal form, or refuse it naming `field` and the fix.

    `.` segments and doubled slashes go; a folder written with a slash at its end, `src/`, means `src/**`. Letters are
    composed, as some file systems do, so that a name is the same however its accents are written.
    """
    normal = "/".join(_segments(normalize("NFC", glob)))
    for is_broken, message, fix, limit in _RULES:
        if is_broken(glob, normal):
            raise InvalidInput(message, hint=fix, field=field, sent=shorten(visible(glob), MAX_CHARACTERS)[0], **limit)
    return normal


def overlap(a: str, b: str) -> bool:
    """Say whether some path matches both checked globs."""
    return _paths_meet(_segments(a), _segments(b))


def matches(glob: str, path: str) -> bool:
    """Say whether a checked glob matches a path relative to the root; a path outside of it matches nothing."""
    plain = normalize("NFC", path).translate(_NO_WILDCARDS)
    names = [name for name in plain.split("/") if name not in ("", ".")]
    is_inside = not path.startswith("/") and ".." not in names
    return is_inside and _paths_meet(names, _segments(glob))


@lru_cache(maxsize=4096)
def _segments(glob: str) -> Sequence[str]:
    parts = glob.split("/")
    named = [part for part in parts if part not in ("", ".")]
    if len(parts) > 1 and parts[-1] in ("", "."):
        named.append(_TREE)
    return [part for place, part in enumerate(named) if part != _TREE or named[place - 1 : place] != [_TREE]]


def _paths_meet(a: Sequence[str], b: Sequence[str]) -> bool:
    """Say whether two lists of segments can mean the same path."""

    def agreeing(name: str, row: int) -> int:
        places = [place for place, other in enumerate(b) if row >> place & 1 and other != _TREE]
        return sum(1 << place for place in places if _names_meet(name, b[place]))

    return _meet(a, _TREE, agreeing, _places(b, _TREE), len(b))


@lru_cache(maxsize=4096)
def _names_meet(a: str, b: str) -> bool:
    """Say whether two segments can mean the same name."""
    places = _character_places(b)
    stars, unknown = places.get("*", 0), places.get("?", 0)

    def agreeing(character: str, _: int) -> int:
        return ~stars if character == "?" else places.get(character, 0) | unknown

    return a == b or _meet(a, "*", agreeing, stars, len(b))


@lru_cache(maxsize=1024)
def _character_places(name: str) -> dict[str, int]:
    return {character: _places(name, character) for character in set(name)}


def _places(items: Sequence[str], wanted: str) -> int:
    """Return the bit set of the places where `wanted` stands."""
    return sum(1 << place for place, item in enumerate(items) if item == wanted)


def _meet(items: Sequence[str], star: str, agreeing: Callable[[str, int], int], stars: int, length: int) -> bool:
    """Walk `items` beside another pattern of `length` items whose stars stand at `stars`.

    Bit n of `row` is set while the items so far can mean the same as the first n of the other pattern;
    `agreeing(item, row)` says which of the others in `row` can mean the same as this item.
    """
    row, whole = 1, (2 << length) - 1
    for item in items:
        row |= (row & stars) << 1
        after = -(row & -row) if item == star else (row & agreeing(item, row)) << 1 | row & stars
        row = after & whole
    row |= (row & stars) << 1
    return bool(row >> length & 1)
