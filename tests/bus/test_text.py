"""Sizes, cuts and the visible form of text that others wrote."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bus.text import shorten, utf8_size, visible

ANY_TEXT = st.text(st.characters(categories=None))
SENDABLE_TEXT = st.text()


@pytest.mark.parametrize(("text", "size"), [("", 0), ("abc", 3), ("é", 2), ("€", 3), ("🦊", 4), ("\ud800", 3)])
def test_size_is_counted_in_bytes_of_utf8(text: str, size: int) -> None:
    assert utf8_size(text) == size


@settings(deadline=None)
@given(ANY_TEXT)
def test_size_is_that_of_the_visible_replacement_of_surrogates(text: str) -> None:
    replaced = "".join("\ufffd" if "\ud800" <= character <= "\udfff" else character for character in text)
    assert utf8_size(text) == len(replaced.encode())


@pytest.mark.parametrize(
    ("limit", "start", "is_cut"),
    [(0, "", True), (1, "a", True), (2, "a€", True), (3, "a€🦊", True), (4, "a€🦊é", False), (9, "a€🦊é", False)],
)
def test_limit_counts_whole_characters(limit: int, start: str, is_cut: bool) -> None:
    assert shorten("a€🦊é", limit) == (start, is_cut)


@settings(deadline=None)
@given(SENDABLE_TEXT, st.integers(0, 60))
def test_cut_is_a_beginning_that_utf8_can_hold(text: str, limit: int) -> None:
    start, is_cut = shorten(text, limit)
    assert text.encode().startswith(start.encode())
    assert len(start) <= limit
    assert is_cut == (start != text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("\x9b31m", r"\x9b31m"),
        ("abc\u202etxt.exe", r"abc\u202etxt.exe"),
        ("\u2066a\u2069", r"\u2066a\u2069"),
        ("\u200e\u200f\u061c", r"\u200e\u200f\u061c"),
        ("one\u2028two", r"one\u2028two"),
        ("\x00\x7f\x85", r"\x00\x7f\x85"),
        ("over\rwritten", r"over\x0dwritten"),
        ("a\ud800b", "a\ufffdb"),
    ],
)
def test_deceptive_characters_are_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize("text", ["two\nlines\tand a tab", "naïve 日本語 🦊", "👩\u200d🚀", "שלום", r"\x1b[0m"])
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert visible(text) == text


def test_windows_line_ends_become_newlines() -> None:
    assert visible("one\r\ntwo\r\n") == "one\ntwo\n"


@settings(deadline=None)
@given(ANY_TEXT)
def test_visible_text_holds_nothing_deceptive(text: str) -> None:
    shown = visible(text)
    assert {unicodedata.category(character) for character in shown if character not in "\n\t"}.isdisjoint(
        {"Cc", "Cs", "Zl", "Zp"}
    )
    bidi = {unicodedata.bidirectional(character) for character in shown}
    assert bidi.isdisjoint({"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"})


@settings(deadline=None)
@given(ANY_TEXT)
def test_visible_text_stays_as_it_is_the_second_time(text: str) -> None:
    assert visible(visible(text)) == visible(text)
