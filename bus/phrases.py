"""What somebody typed into a search: words, "quoted phrases" and beginnings*, in any text whatever.

Invariant: no text is an error. Each word reaches the index between quotation marks, where none of its letters means
anything; what has no letter and no digit is left out. The index knows words by their letters and digits, whatever their
case and accents: `user_id` is the phrase "user id", and `payments-api` is found by `payments` too.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

__all__ = ["UNSEEN", "WORD", "Phrase", "expression", "folded", "holding", "phrases", "spans"]

LONGEST, MOST = 200, 16
TYPED = re.compile(r'"([^"]*)"?(\*)?|([^\s"]+)')
WORD = re.compile(r"[^\W_]+")
UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
BEFORE, AFTER, BETWEEN = r"(?<![^\W_])", r"(?![^\W_])", r"[\W_]+"


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that must follow each other; the last may go on where `is_open`."""

    words: tuple[str, ...]
    is_open: bool = False

    @property
    def text(self) -> str:
        """Return it as the index reads it."""
        return f'"{" ".join(self.words)}"' + ("*" if self.is_open else "")

    def ending(self, word: str) -> "Phrase":
        """Return it with another last word, at which it ends."""
        return Phrase((*self.words[:-1], word))


def phrases(text: str, *, is_typing: bool = False) -> tuple[Phrase, ...]:
    """Return what to look for: of the first 200 characters the first 16 words; while typing, the last may go on."""
    found: list[Phrase] = []
    left = MOST
    typed = unicodedata.normalize("NFC", UNSEEN.sub(" ", text[:LONGEST]))
    for quoted, quoted_star, plain in TYPED.findall(typed):
        words = tuple(WORD.findall(quoted or plain))[:left]
        if words:
            found.append(Phrase(words, plain.endswith("*") or bool(quoted_star)))
            left -= len(words)
    if is_typing and found and text[-1:].isalnum():
        found[-1] = Phrase(found[-1].words, is_open=True)
    return tuple(found)


def expression(wanted: Iterable[Sequence[Phrase]]) -> str:
    """Return phrases in the language of the index: of each group one must be there."""
    return " AND ".join(f"({' OR '.join(phrase.text for phrase in group)})" for group in wanted)


def spans(text: str, wanted: Sequence[Phrase]) -> list[tuple[int, int]]:
    """Return where phrases stand in a text, in order: where each begins and ends; none reaches into another."""
    if not wanted:
        return []
    return [found.span() for found in _pattern(tuple(wanted)).finditer(folded(text))]


def holding(text: str) -> Callable[[str], bool]:
    """Return what says whether a name holds each phrase of a text, also within words; signs alone must be there as they are."""
    wanted = [folded(" ".join(phrase.words)) for phrase in phrases(text)]
    signs = UNSEEN.sub(" ", text[:LONGEST]).split()

    def holds(name: str) -> bool:
        if not wanted:
            return bool(signs) and all(sign in name for sign in signs)
        words = " ".join(WORD.findall(folded(unicodedata.normalize("NFC", name))))
        return all(each in words for each in wanted)

    return holds


def folded(text: str) -> str:
    """Return a text in small letters without accents, each letter in its place."""
    return text.lower() if text.isascii() else text.translate(_folds())


@cache
def _pattern(wanted: tuple[Phrase, ...]) -> re.Pattern[str]:
    longest_first = sorted(wanted, key=lambda each: -len(each.words))
    return re.compile("|".join(_alternative(each) for each in longest_first))


def _alternative(phrase: Phrase) -> str:
    words = BETWEEN.join(re.escape(folded(word)) for word in phrase.words)
    return BEFORE + words + ("" if phrase.is_open else AFTER)


@cache
def _folds() -> dict[int, str]:
    """Return the plain small letter of each letter that has one of the same length."""
    letters = (chr(code) for code in range(0x41, 0x10000))
    plain = {ord(letter): _plain(letter) for letter in letters if letter.isalpha()}
    return {code: small for code, small in plain.items() if len(small) == 1 and small != chr(code)}


def _plain(letter: str) -> str:
    parts = unicodedata.normalize("NFD", letter)
    return (parts[0] if all(map(unicodedata.combining, parts[1:])) else letter).lower()
