"""What the process notes about itself, what the page Health makes of it, and what that costs."""

import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from bus import clock, storage
from bus.errors import NotFound
from bus.gauges import MINUTES, Gauges, gauges, share
from bus.storage import Check
from dashboard.views.settings.charts import ceiling, drawn
from dashboard.views.settings.findings import findings, headline, refused, worst
from overview.queries.health import Backup, health

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def total(name):
    return sum(getattr(minute, name) for minute in gauges.hour())


@pytest.fixture
def home(settings, tmp_path):
    """A data directory with nothing in it."""
    settings.NEXUS_HOME = tmp_path
    return tmp_path


@pytest.fixture
def well(home, workspace):
    """The health of a server where all is well."""
    found = health(clock.now())
    check = Check(found.now - timedelta(hours=1), 4812, 0)
    backup = Backup("nexus-20260301-030000.sqlite3", 41_000_000, found.now - timedelta(hours=2))
    data = replace(found.data, checked=check, backup=backup, backups=7, can_damage=False, free=90_000_000_000)
    work = replace(found.work, tells=True, beat=1.0, is_fresh=True, late=())
    return replace(found, data=data, work=work)


def state_of(found, title):
    return {each.title: each.state for each in found}[title]


def test_an_hour_has_sixty_minutes_and_this_one_is_the_last():
    noted = Gauges()
    noted.read()
    noted.committed(3, 5, 0.25)
    noted.committed(1, 2, 0.05)
    hour = noted.hour()
    now = hour[-1]
    assert len(hour) == MINUTES
    assert (now.reads, now.writes, now.commits, now.deepest, now.slowest_commit) == (1, 4, 2, 5, 0.25)
    assert not any(minute.writes for minute in hour[:-1])


def test_a_connection_is_counted_while_it_is_held_even_if_it_fails():
    noted, held = Gauges(), []

    def fail():
        with noted.holding("sockets"):
            held.append(noted.held["sockets"])
            raise ConnectionError

    with pytest.raises(ConnectionError):
        fail()
    assert (held, noted.held["sockets"]) == ([1], 0)


def test_memory_of_gauges_is_bounded():
    noted = Gauges()
    for _ in range(5000):
        noted.committed(1, 1, 0.001)
        noted.announced(0.002)
    commits, tails = noted.latest()
    assert len(commits) == len(tails) == 500


def test_share_is_what_that_part_does_not_exceed():
    assert share([], 0.5) is None
    assert share([7.0], 0.99) == 7.0
    assert share([float(number) for number in range(100)], 0.99) == 99.0


def test_a_refusal_is_counted_when_it_is_answered():
    before = gauges.hour()[-1].refused["not_found"] + gauges.hour()[-2].refused["not_found"]
    refusal = NotFound()
    assert refusal.shape()["error"]["code"] == "not_found"
    after = gauges.hour()[-1].refused["not_found"] + gauges.hour()[-2].refused["not_found"]
    assert after == before + 1


def test_a_write_is_counted_with_its_commit(committed, do, alice, bob):
    before = total("writes"), total("commits")
    do("message_create", alice, to="bob", subject="Hello", body="")
    assert (total("writes"), total("commits")) > before
    assert gauges.latest()[0][-1] > 0


def test_the_last_check_of_the_log_is_remembered(tmp_path):
    assert storage.last_check(tmp_path) is None
    storage.note_check(tmp_path, Check(NOW, 4812, 0))
    assert storage.last_check(tmp_path) == Check(NOW, 4812, 0)
    (tmp_path / storage.CHECKED).write_text("{")
    assert storage.last_check(tmp_path) is None


def test_tables_are_measured_with_their_indexes(tmp_path):
    path = tmp_path / "some.sqlite3"
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("CREATE TABLE letters (body TEXT)")
        raw.execute("CREATE INDEX by_body ON letters (body)")
        raw.executemany("INSERT INTO letters VALUES (?)", [("x" * 900,)] * 100)
        raw.commit()
    found = storage.parts(path)
    assert found["letters"] > 2 * 90_000
    assert sum(found.values()) == path.stat().st_size
    assert storage.parts(tmp_path / "missing.sqlite3") == {}


def test_only_keys_that_open_something_count(home, do, operator, alice, bob, later):
    soon = (clock.now() + timedelta(days=3)).isoformat()
    over = clock.now() + timedelta(seconds=60)
    do("key_mint", operator, agent="alice", expires_at=soon)
    do("key_mint", operator, agent="alice", expires_at=over.isoformat())
    prefix = do("key_mint", operator, agent="bob").prefix
    do("key_revoke", operator, agent="bob", key=prefix)
    keys = health(clock.now() + timedelta(seconds=61)).keys
    assert (keys.live, keys.expiring) == (3, 1)
    assert keys.oldest_at is not None
    assert keys.oldest_at <= clock.now()


def test_health_takes_four_queries_however_many_keys_there_are(home, do, operator, alice):
    def counted():
        with (
            CaptureQueriesContext(connections["default"]) as here,
            CaptureQueriesContext(connections["queue"]) as there,
        ):
            health(clock.now())
        return len(here), len(there)

    assert counted() == (2, 2)
    for _ in range(20):
        do("key_mint", operator, agent="alice")
    assert counted() == (2, 2)


def test_newest_backup_is_the_one_shown(home, workspace):
    for stamp in ("20260228-030000", "20260301-030000"):
        (home / "backups").mkdir(exist_ok=True)
        (home / "backups" / f"nexus-{stamp}.sqlite3").write_bytes(b"copy")
    data = health(NOW).data
    assert data.backups == 2
    assert data.backup == Backup("nexus-20260301-030000.sqlite3", 4, datetime(2026, 3, 1, 3, tzinfo=UTC))


def test_all_is_well_is_said_in_one_sentence(well):
    found = findings(well)
    assert worst(found) == "ok"
    assert headline(found) == "All is well"
    assert state_of(found, "The log is whole") == "ok"


def test_what_is_worth_knowing_does_not_alarm(well):
    found = findings(replace(well, data=replace(well.data, can_damage=True)))
    assert (worst(found), headline(found)) == ("know", "All is well, one thing to know")
    found = findings(replace(well, data=replace(well.data, can_damage=True, backup=None)))
    assert headline(found) == "All is well, two things to know"


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        ({"is_alive": False}, "The writer has stopped"),
        ({"depth": 1000}, "The writer is far behind"),
        ({"tells": False}, "Nobody is told of what happens"),
        ({"behind": 20_000}, "News comes late"),
        ({"is_fresh": False, "beat": 90.0}, "The background worker hangs"),
    ],
)
def test_what_is_broken_leads(well, changes, title):
    found = findings(replace(well, work=replace(well.work, **changes)))
    assert state_of(found, title) == "bad"
    assert headline(found) == "One thing to mend"


@pytest.mark.parametrize(
    ("changes", "title", "state"),
    [
        ({"checked": None}, "The log was not checked yet", "info"),
        ({"checked": Check(NOW, 10, 3)}, "The log or its tables were changed by hand", "bad"),
        ({"backup": None}, "There is no backup yet", "know"),
        ({"backup": Backup("old", 1, NOW - timedelta(days=9000))}, "The last backup is old", "know"),
        ({"free": 1000}, "The disk is full", "bad"),
        ({"free": 500_000_000}, "The disk fills up", "know"),
    ],
)
def test_files_that_need_care_are_named(well, changes, title, state):
    found = findings(replace(well, data=replace(well.data, **changes)))
    assert state_of(found, title) == state


def test_refusals_are_told_by_their_reasons(well):
    assert refused(replace(well, refused=Counter())) == "none"
    assert refused(replace(well, refused=Counter(rate_limited=35))) == "35, all rate limited"
    assert refused(replace(well, refused=Counter(busy=2, not_found=3))) == "5: 3 not found, 2 busy"


def test_lines_stay_inside_their_picture():
    line, area = drawn([0, 5, 10], 10, 34)
    assert line == "M0.0 33.0L118.0 17.0L236.0 1.0"
    assert area == f"{line}L236 34L0 34Z"
    assert drawn([0, 0], 0, 34)[0] == "M0.0 33.0L236.0 33.0"
    assert [ceiling(value) for value in (1, 3, 6, 11, 480)] == [1, 5, 10, 20, 500]
