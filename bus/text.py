"""Text from strangers: its size in UTF-8, a cut that keeps it whole, and a form that hides nothing."""

import re

__all__ = ["shorten", "utf8_size", "visible"]

_CONTROL = r"\x00-\x08\x0b-\x1f\x7f-\x9f"
_BIDI = r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_LINE_BREAKS = r"\u2028\u2029"
_DECEPTIVE = re.compile(f"[{_CONTROL}{_BIDI}{_LINE_BREAKS}]")
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")


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


def _escaped(found: re.Match[str]) -> str:
    code = ord(found.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
