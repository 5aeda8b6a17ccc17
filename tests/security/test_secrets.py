"""Secrets are nowhere: after a story over every surface the text of no key, link or login is in any file, log or answer."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from sqlite3 import connect

import pytest

from tests.figures import figure
from tests.live.servers import Server
from tests.security.secret_story import CHAPTERS, OWN_FILES, Story, marks

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["daphne", "uvicorn"])
def story(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """The story on a server of each kind that says as much as it can."""
    home = tmp_path_factory.mktemp("secrets") / "home"
    running = Server(home, NEXUS_SERVER=request.param, NEXUS_LOG_LEVEL="DEBUG").start()
    try:
        told = Story(running)
        for chapter in CHAPTERS:
            chapter(told)
        yield told
    finally:
        running.close()


def test_the_story_was_told(story: Story) -> None:
    assert set(story.secrets) > {"rest", "mcp", "websocket", "cli", "dashboard", "admin", "link", "login", "csrf"}
    assert sum(" 200 " in f" {text[:4]} " for _, text in story.said) > 50
    assert any("nexus-events.csv" in text for _, text in story.said)
    assert len(list((story.server.home / "backups").glob("*.sqlite3"))) == 1


def test_no_answer_page_export_or_report_says_a_secret(story: Story) -> None:
    found = {
        (name, about)
        for name, secret in story.secrets.items()
        for about, text in story.said
        if any(mark in text for mark in marks(name, secret)) and not (name == "csrf" and "set-cookie" in text.lower())
    }
    assert found == set()
    figure("T", f"answers, pages, exports and reports without a secret, on {kind(story)}", f"{len(story.said):,}")


def kind(story: Story) -> str:
    return story.server.environment["NEXUS_SERVER"]


def hits(story: Story, files: list[Path]) -> set[tuple[str, str]]:
    """Return which secrets are in which files, but for the two that are files of their own."""
    found = set()
    for file in files:
        content = file.read_bytes()
        found |= {
            (name, file.name)
            for name, secret in story.secrets.items()
            if OWN_FILES.get(name) != file.name and any(mark.encode() in content for mark in marks(name, secret))
        }
    return found


def test_no_file_and_no_log_holds_a_secret_while_it_runs_and_after_it_ended(story: Story) -> None:
    home = story.server.home
    log = home.parent / f"{home.name}.log"
    live = [path for path in home.rglob("*") if path.is_file()]
    assert {"nexus.sqlite3", "nexus.sqlite3-wal", "queue.sqlite3", "secret", "operator.key"} <= {
        path.name for path in live
    }
    assert hits(story, [*live, log]) == set()
    assert "DEBUG" in log.read_text()
    story.server.stop()
    left = [path for path in home.rglob("*") if path.is_file()]
    assert hits(story, [*left, log]) == set()
    story.server.start()
    with closing(connect(f"file:{home / 'nexus.sqlite3'}?mode=ro", uri=True)) as database:
        (events,) = database.execute("SELECT count(*) FROM bus_event WHERE type LIKE 'key.%'").fetchone()
    assert events >= 10
    figure(
        "T",
        f"files and log with a secret, at debug level, on {kind(story)}",
        f"0 of {len(left) + 1} for {len(story.secrets)} secrets",
    )


def test_the_login_ends_with_the_database_and_a_copy_of_it_logs_nobody_in(story: Story) -> None:
    home = story.server.home
    with closing(connect(f"file:{home / 'nexus.sqlite3'}?mode=ro", uri=True)) as database:
        rows = [row[0] for row in database.execute("SELECT session_key FROM django_session")]
    assert rows
    person = story.server.client(base_url=story.server.url)
    for row in rows:
        assert person.get("/admin/", headers={"Cookie": f"nexus_session={row}"}).status_code == 302
    known = person.get("/admin/", headers={"Cookie": f"nexus_session={story.secrets['login']}"})
    assert known.status_code == 200
