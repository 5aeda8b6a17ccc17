"""Sizes, cuts and the visible form of text that others wrote."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bus.text import cell, one_line, shorten, utf8_size, visible, visible_in, without_secrets

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


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb", "a\\nb"),
        ("a\tb", "a\\tb"),
        ("a\r\nb", "a\\nb"),
        ("\u2028", "\\u2028"),
        ("\x1b[2K\n", "\\x1b[2K\\n"),
        ("é ☆", "é ☆"),
    ],
)
def test_one_line_is_one_line(text: str, shown: str) -> None:
    assert one_line(text) == shown
    assert one_line(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        *(
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "\n=1",
            " =1",
            "  \t+1",
            "\uff1d1+1",
            "\uff0b1",
            "\uff0d1",
            "\uff20x",
        ),
        *("\ufeff=1", "\u200b=1", "\x00=1", "=cmd|' /C calc'!A0", '=HYPERLINK("http://evil.example")', "\tx", "\nx"),
    ],
)
def test_a_cell_is_never_a_formula(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "a=1", "1+1", "1-1", "a@b", "x\ny", " x", "'=1", "☆"])
def test_a_cell_that_is_no_formula_stays_as_it_is(text: str) -> None:
    assert cell(text) == text


def test_of_a_key_only_its_name_is_shown_wherever_it_stands() -> None:
    key = f"nxs_{'0' * 9}a_{'0f' * 32}"
    for length in range(16, len(key) + 1):
        assert without_secrets(f"x{key[:length]}") == "xnxs_000000000a_…"
    value = {"a": [key, {"b": f"Bearer {key}."}], "c": 1, "d": None}
    assert without_secrets(value) == {"a": ["nxs_000000000a_…", {"b": "Bearer nxs_000000000a_…."}], "c": 1, "d": None}
    assert without_secrets("Send `Authorization: Bearer nxs_…`.") == "Send `Authorization: Bearer nxs_…`."


def test_every_text_of_a_value_is_visible() -> None:
    value = {"a": ["x\u202ey", {"b": "\x1b[31m"}], "c": 1, "d": None, "e": True}
    assert visible_in(value) == {"a": ["x\\u202ey", {"b": "\\x1b[31m"}], "c": 1, "d": None, "e": True}
