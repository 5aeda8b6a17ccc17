"""One line of a body, as the table of messages shows it."""

import pytest

from overview.queries.mailbox.text import line


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("", ""),
        ("# Title\n\ntext", "Title text"),
        ("> quoted\n> more", "quoted more"),
        ("```py\nx = 1\n```\nafter", "x = 1 after"),
        ("see [the docs](https://a.b)", "see the docs"),
        ("snake_case stays", "snake_case stays"),
        ("x" * 900, "x" * 180),
        (f"Ada hands this over. Take it with handoff_claim and hnd_{'0' * 22}; one wins.", "Ada hands this over."),
        (f"Expired: handoff hnd_{'0' * 22}. Not done in time.", "Not done in time."),
    ],
)
def test_line_is_what_a_body_says(body, said):
    assert line(body) == said
