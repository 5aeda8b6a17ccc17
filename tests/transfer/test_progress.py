"""The line that tells how far a long command is."""

import pytest

from nexus_site.cli.progress import Bar, line


@pytest.mark.parametrize(
    ("done", "total", "said"),
    [
        (1234, None, "messages             1,234"),
        (0, 10, "messages      [........................]   0%  0 of 10"),
        (5, 10, "messages      [############............]  50%  5 of 10"),
        (12, 10, "messages      [########################] 100%  12 of 10"),
    ],
)
def test_it_shows_a_share_where_the_total_is_known(done, total, said):
    assert line("messages", done, total) == said


def test_where_nobody_looks_it_says_nothing(capsys):
    bar = Bar()
    bar("messages", 5)
    bar.end()
    assert capsys.readouterr() == ("", "")


def test_on_a_terminal_it_writes_one_line_over_and_over(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    bar = Bar({"messages": 10})
    for done in range(10):
        bar("messages", done)
    bar.end()
    said = capsys.readouterr().err
    assert said.startswith("\r\x1b[Kmessages      [....")
    assert "\n" not in said
    assert said.endswith("\r\x1b[K")
