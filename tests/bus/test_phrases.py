"""What is typed into a search is words, phrases and beginnings, whatever it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.models import SearchEntry
from bus.phrases import MOST, holding, phrases, spans
from bus.search import asked

ODD = [
    *("*", '"', '"' * 10_000, "a" * 10_000, "()", "^", "-", "a OR b", "NEAR(a b, 2)", "title : a", "{title body}: a"),
    *(
        "a AND NOT b",
        "\x00",
        "a\x00b",
        "\ud800",
        "\udfffa",
        "\u202ea\u202c",
        "' OR 1=1 --",
        "%",
        "_",
        "\\",
        '"a',
        'a"b"c',
    ),
    *("²", "\ua7ba*", "\U0001f600", "e\u0301", "\ufeff", "\ue000\ue001", "a" + "\u0301" * 150, "* * *", '""*', "a**"),
]
TEXTS = st.text(st.characters(), max_size=300) | st.text('"*()^:-{}+ abANDORNOTNEAR\x00\ud800', max_size=300)


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("login form", ["login", "form"]),
        ('"login form" page', ["login form", "page"]),
        ("log*", ["log*"]),
        ('"login fo"*', ["login fo*"]),
        ("user_id", ["user id"]),
        ("payments-api src/a.py", ["payments api", "src a py"]),
        ("a OR b", ["a", "OR", "b"]),
        ('"not closed', ["not closed"]),
        ("?! -- *", []),
    ],
)
def test_what_is_typed_is_words_phrases_and_beginnings(typed, asked):
    assert read(phrases(typed)) == asked


def test_the_last_word_may_go_on_while_somebody_types():
    assert read(phrases("log fo", is_typing=True)) == ["log", "fo*"]
    assert read(phrases("log fo ", is_typing=True)) == ["log", "fo"]


def test_at_most_sixteen_words_are_asked_for():
    assert sum(len(each.words) for each in phrases("a b c d e f g h " * 20)) == MOST


@pytest.mark.parametrize("text", ODD, ids=lambda text: ascii(text[:12]))
def test_odd_text_is_no_error(db, text):
    assert list(find(text)) == []


@pytest.mark.django_db
@given(TEXTS)
def test_any_text_is_no_error(text):
    assert list(find(text)) == []
    assert all(0 <= start < end <= len(text) for start, end in spans(text, phrases(text)))
    assert not holding(text)("")


def read(wanted):
    return [" ".join(each.words) + ("*" if each.is_open else "") for each in wanted]


def find(text):
    wanted = phrases(text)
    return SearchEntry.objects.filter(words__matches=asked(wanted)) if wanted else []


@pytest.mark.parametrize(
    ("text", "typed", "found"),
    [
        ("The login form", "form", ["form"]),
        ("Formal forms inform", "form", []),
        ("Formal forms inform", "form*", ["Form", "form"]),
        ("user_id, user-id, userid", "user_id", ["user_id", "user-id"]),
        ("Ein CAFÉ, un café, a cafe", "café", ["CAFÉ", "café", "cafe"]),
        ("한글 문서", "한글", ["한글"]),
        ("a login and a form", '"login form"', []),
    ],
)
def test_hits_are_where_the_words_stand(text, typed, found):
    assert [text[start:end] for start, end in spans(text, phrases(typed))] == found
