"""Taking chosen patterns out of what leaves the house: out of every text first, and once more out of what Markdown makes of it."""

import json
import re
from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace
from functools import partial
from html import unescape
from typing import Any
from urllib.parse import unquote

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from markdown_it.common.normalize_url import normalizeLinkText

from bus.errors import InvalidInput
from dashboard.markdown import rendered

__all__ = ["MARK", "Redaction"]

MARK = "█████"
KEYS = r"nxs_[0-9a-z]+_[0-9A-Za-z]+"
# The last quotation mark may be missing, so that no text makes this look twice at the same character.
STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"?')
DEEPEST = 4  # strings in strings and addresses quoted anew; what is deeper is taken out whole
TAG = re.compile(r"<[^>]*>")
LINK = re.compile(r'<a href="([^"]*)"[^>]*>(.*?)</a>', re.DOTALL)
BREAK = re.compile(r"\n{2,}")


class Redaction:
    """Replaces what matches any of the patterns, and every key of Nexus, by a bar of always the same length."""

    def __init__(self, patterns: Sequence[str] = ()) -> None:
        """Take regular expressions; one that is broken is refused, and one that takes nothing out where that shows."""
        self._patterns = [_compiled(pattern) for pattern in (KEYS, *patterns)]
        self.count = 0

    def text(self, text: str) -> str:
        """Return a text without what matches, in its strings of JSON also without what only shows unescaped."""
        return self._cut(text, 0)

    def all(self, value: Any) -> Any:
        """Return a value with all texts in it redacted: in lists, in objects by key and value, in data classes."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.all(key): self.all(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self.all(each) for each in value]
        if is_dataclass(value) and not isinstance(value, type):
            return replace(value, **{each.name: self.all(getattr(value, each.name)) for each in fields(value)})
        return value

    def markdown(self, text: str) -> SafeString:
        """Return redacted Markdown as HTML; where a match only shows once it is rendered, the text stands there plain."""
        html = rendered(self.text(text))
        plain = _plain(html)
        if not self._is_in(plain):
            return mark_safe(LINK.sub(self._link, html))  # nosec B308, B703
        parts = (f"<p>{escape(part)}</p>" for part in BREAK.split(self.text(plain)) if part.strip())
        return mark_safe("".join(parts))  # nosec B308, B703

    def _link(self, found: re.Match[str]) -> str:
        """Return a link as it is, or without an address that matches, and without a text that shows it."""
        address, shown = found.groups()
        if not self._is_in_address(unescape(address)):
            return found.group()
        self.count += 1
        return f"<a>{MARK}</a>" if self._is_in_address(_plain(shown)) else f"<a>{MARK} {shown}</a>"

    def _is_in_address(self, address: str) -> bool:
        """Say whether an address matches as it is written, as it is shown, or unquoted, also if it is so again and again."""
        if self._is_in(normalizeLinkText(address)):
            return True
        for _ in range(DEEPEST):
            if self._is_in(address):
                return True
            if (read := unquote(address)) == address:
                return False
            address = read
        return True

    def _cut(self, text: str, depth: int) -> str:
        text = STRING.sub(partial(self._string, depth=depth), text)
        for pattern in self._patterns:
            text = pattern.sub(self._bar, text)
        return text

    def _bar(self, found: re.Match[str]) -> str:
        _taken(found)
        self.count += 1
        return MARK

    def _string(self, found: re.Match[str], depth: int) -> str:
        """Return a string of JSON, in quotation marks, without what matches what it stands for."""
        written = found.group()
        if depth == DEEPEST and "\\" in written:
            self.count += 1
            return MARK
        try:
            said = json.loads(written, strict=False)
        except ValueError:
            return written
        cut = self._cut(said, depth + 1)
        return written if cut == said else json.dumps(cut, ensure_ascii=False)

    def _is_in(self, text: str) -> bool:
        return any(_taken(found) for pattern in self._patterns if (found := pattern.search(text)))


def _plain(html: str) -> str:
    return unescape(TAG.sub("", html))


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        found = re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        hint = "Write it as a Python regular expression."
        raise InvalidInput(f"{pattern[:60]!r} is no pattern: {error}.", hint=hint, sent=pattern[:200]) from None
    if empty := found.search(""):
        _taken(empty)
    return found


def _taken(found: re.Match[str]) -> str:
    """Return what matches; a pattern that matches between two characters is refused, as that takes nothing out."""
    if not found.group():
        pattern = str(found.re.pattern)
        message, hint = f"{pattern[:60]!r} takes nothing out: it matches an empty text.", "Write what it must find."
        raise InvalidInput(message, hint=hint, sent=pattern[:200])
    return found.group()
