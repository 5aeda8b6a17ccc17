"""What is to be taken out of a text is not in it in another spelling either."""

import json
import re

import pytest

from bus.errors import InvalidInput
from dashboard.redaction import MARK, Redaction


def test_other_strings_of_json_stay_as_they_were_written():
    said = r'{"a": "\u0041 \"b\"", "c": "secret \"d\""} and "an end\"'
    assert Redaction(["secret"]).text(said) == said.replace("secret", MARK)
    assert Redaction(["x"]).text(said) == said


def test_a_quotation_mark_too_many_hides_only_its_own_line():
    said = 'a 5" disk\n{"path": "C:\\\\Users\\\\anna"}'
    assert "anna" not in Redaction([r"C:\\Users\\anna"]).text(said)


def test_strings_in_strings_without_end_are_taken_out_whole():
    said = "line\nline"
    for _ in range(9):
        said = json.dumps(said)
    assert Redaction(["line\nline"]).text(said).strip('\\"') == MARK


@pytest.mark.parametrize(
    "written",
    [
        r"[click](https://h.example/secret\_token/x)",
        "[click](https://h.example/secret&#95;token)",
        "[click](https://h.example/%73ecret_token)",
        "[click](https://h.example/%2573ecret_token)",
        "[click](https://h.example/%252525252573ecret_token)",
        "[click][r]\n\n[r]: https://h.example/secret\\_token",
        "[click](mailto:anna&#64;example.com)",
        "[click](https://h&uuml;tte.example)",
        "[click](https://h.example/?a=1&amp;b=secret\\_token)",
    ],
)
def test_addresses_of_links_are_read_as_a_browser_reads_them(written):
    html = Redaction(["secret_token", "anna@example.com", "hütte"]).markdown(
        f"[on](https://o.example) **See** {written}"
    )
    assert re.findall('href="([^"]*)"', html) == ["https://o.example"]
    assert f"<strong>See</strong> <a>{MARK} click</a>" in html


def test_the_text_of_a_link_that_shows_its_address_goes_with_it():
    html = Redaction(["anna@example.com"]).markdown("Ask <https://h.example/anna%40example.com>, or not.")
    assert html == f"<p>Ask <a>{MARK}</a>, or not.</p>\n"


def test_other_links_stay():
    for written in ("[click](https://h.example/a?b=1&c=2%26#d)", "<https://h.example/%C3%BC>"):
        assert Redaction(["secret", "nofollow", "href"]).markdown(written) == Redaction().markdown(written)
        assert 'href="https://h.example/' in Redaction().markdown(written)


@pytest.mark.parametrize("pattern", ["x{100000000000}", "(" * 20_000 + ")" * 20_000, "(", "x*", ""])
def test_what_is_no_pattern_is_refused_at_once(pattern):
    with pytest.raises(InvalidInput):
        Redaction([pattern])


@pytest.mark.parametrize("pattern", ["(?=secret)", r"\b", "(?<=secret)", r"x?(?<=t)"])
def test_a_pattern_that_takes_nothing_out_is_refused_where_it_finds_that(pattern):
    cut = Redaction([pattern])
    assert cut.text("") == ""
    for said in (cut.text, cut.markdown):
        with pytest.raises(InvalidInput, match="takes nothing out"):
            said("a secret")
    with pytest.raises(InvalidInput, match="takes nothing out"):
        cut.markdown("[to](https://h.example/%73ecret)")


@pytest.mark.parametrize("written", ["first o*n*e\n\ntwo last", "first o*n*e\n```\n\ntwo last\n```"])
def test_what_reaches_over_paragraphs_is_taken_out_of_both(written):
    html = Redaction([r"one\s+two"]).markdown(written)
    assert html.replace("\n", "") == f"<p>first {MARK} last</p>"
