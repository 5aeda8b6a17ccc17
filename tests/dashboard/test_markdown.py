"""Markdown from anybody becomes HTML that can do nothing."""

from html.parser import HTMLParser

import pytest

from dashboard.markdown import TAGS, rendered
from tests.dashboard.payloads import PAYLOADS

SCHEMES = ("http://", "https://", "mailto:")


class Seen(HTMLParser):
    """Every element and attribute of a piece of HTML, as a browser would see them."""

    def __init__(self, html):
        super().__init__()
        self.elements = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))


def assert_harmless(html):
    for tag, attributes in Seen(html).elements:
        assert tag in TAGS
        assert set(attributes) <= {"href", "rel"}
        if "href" in attributes:
            assert attributes["href"].lower().startswith(SCHEMES)
            assert {"noopener", "nofollow"} <= set(attributes["rel"].split())


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize(
    "around",
    ["{}", "# {}", "- {}", "> {}", "**{}**", "[{}](https://a.example)", "| a |\n|---|\n| {} |", "```{}\n{}\n```"],
)
def test_no_payload_becomes_more_than_text(payload, around):
    assert_harmless(rendered(around.replace("{}", payload)))


def test_there_are_forty_payloads_or_more():
    assert len(set(PAYLOADS)) >= 40


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**bold** and `code`", "<p><strong>bold</strong> and <code>code</code></p>"),
        ("<b>x</b>", "<p>&lt;b&gt;x&lt;/b&gt;</p>"),
        ("~~gone~~", "<p><s>gone</s></p>"),
        ("", ""),
        ("a\u202eb", "<p>a\\u202eb</p>"),
        ("a\x1b[31mb", "<p>a\\x1b[31mb</p>"),
    ],
)
def test_text_is_shown_as(text, html):
    assert rendered(text).strip() == html


def test_links_lead_out_without_telling_where_from():
    assert rendered("[a](https://a.example/?x=1&y=2)").strip() == (
        '<p><a href="https://a.example/?x=1&amp;y=2" rel="noopener nofollow noreferrer">a</a></p>'
    )


@pytest.mark.parametrize(
    "target",
    [
        "javascript:x",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:x",
        "/do/backup_create",
        "//a.example",
        "?inspect=x",
    ],
)
def test_other_targets_are_no_links(target):
    assert "href" not in rendered(f"[a]({target})")


def test_images_are_links_and_never_loaded():
    html = rendered("![A chart](https://a.example/chart.png)")
    assert "<img" not in html
    assert 'href="https://a.example/chart.png"' in html
    assert "A chart" in html


def test_tables_and_lists_stay():
    html = rendered("| a | b |\n|:--|--:|\n| 1 | 2 |\n\n1. one\n2. two")
    assert "<td>1</td>" in html
    assert "<li>one</li>" in html
    assert "style" not in html
