"""Text from strangers: its size in UTF-8, a cut that keeps it whole, and forms that hide, forge and compute nothing."""

import re
from collections.abc import Callable
from typing import Any

__all__ = ["cell", "one_line", "shorten", "utf8_size", "visible", "visible_in", "without_secrets"]

_CONTROL = r"\x00-\x08\x0b-\x1f\x7f-\x9f"
_BIDI = r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_LINE_BREAKS = r"\u2028\u2029"
_DECEPTIVE = re.compile(f"[{_CONTROL}{_BIDI}{_LINE_BREAKS}]")
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")
_FORMULA = re.compile(r"[\s\x00-\x1f\u200b-\u200f\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
_SECRET = re.compile(r"(nxs_[0-9a-z]+_)[0-9A-Za-z]+")


def utf8_size(text: str) -> int:
    """Return the size in bytes of UTF-8; a lone surrogate counts as the three bytes that replace it."""
    return len(text.encode("utf-8", "surrogatepass"))


def shorten(text: str, limit: int) -> tuple[str, bool]:
    """Return at most the first `limit` characters, whole ones however many bytes they take, and whether it was cut."""
    return text[:limit], len(text) > limit


def visible(text: str) -> str:
    r"""Write control, bidi and ANSI characters out, like `\x1b` and `\u202e`; newline and tab stay."""
    shown = _DECEPTIVE.sub(_escaped, text.replace("\r\n", "\n"))
    return _LONE_SURROGATE.sub("\ufffd", shown)


def one_line(text: str) -> str:
    r"""Do as `visible`, and write newlines and tabs out too, so that no text looks like another line or column."""
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")


def cell(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def without_secrets(value: Any) -> Any:
    """Return a value of JSON whose texts show of a key only the part that names it."""
    return _changed(value, lambda text: _SECRET.sub(r"\1…", text) if "nxs_" in text else text)


def visible_in(value: Any) -> Any:
    """Return a value of JSON whose texts hide nothing."""
    return _changed(value, visible)


def _changed(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {name: _changed(each, change) for name, each in value.items()}
    return [_changed(each, change) for each in value] if isinstance(value, list | tuple) else value


def _escaped(found: re.Match[str]) -> str:
    code = ord(found.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
