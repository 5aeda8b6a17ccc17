"""Backups are whole, checked and private; restoring puts one back and keeps what was there."""

import asyncio
import fcntl
import shutil
import sqlite3
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction

from bus import backups, clock, door, identity, restoring, tasks
from bus.errors import Conflict, DatabaseDamaged, Forbidden, InvalidInput
from bus.models import Event, Message


@pytest.fixture
def home(settings, tmp_path):
    """A data directory of its own."""
    settings.NEXUS_HOME = tmp_path / "home"
    settings.NEXUS_HOME.mkdir()
    return settings.NEXUS_HOME


@pytest.fixture
def own_file(pristine, home, django_db_blocker, forgetful):
    """Point every new connection at a database in that directory."""
    path = home / "nexus.sqlite3"
    with django_db_blocker.unblock():
        here = connection.settings_dict
        usual = here["NAME"]
        shutil.copyfile(pristine / "default", path)
        connections.close_all()
        here["NAME"] = path
        yield path
        connections.close_all()
        here["NAME"] = usual


@pytest.fixture
def note(own_file):
    """Return a function that records an event in this thread, and returns how many there are."""

    def note():
        with transaction.atomic():
            door.run_work(lambda: backups.record(identity.system(), backups.Copy(Path("none"), 0, clock.now())))
        return Event.objects.count()

    return note


def count_events(path):
    with closing(sqlite3.connect(path)) as raw:
        return raw.execute("SELECT count(*) FROM bus_event").fetchone()[0]


def test_a_backup_holds_everything_and_belongs_to_its_owner_only(committed, home, do, operator, alice, bob):
    do("message_create", alice, to="bob", subject="Kept", body="")
    before = Event.objects.count()
    made = do("backup_create", operator)
    path = backups.folder() / made.backup
    assert count_events(path) == before
    assert (stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(path.parent.stat().st_mode)) == (0o600, 0o700)
    assert made.bytes == path.stat().st_size
    assert [each.name for each in path.parent.iterdir()] == [made.backup]
    event = Event.objects.get(type="backup.made")
    assert event.payload == {"backup": made.backup, "bytes": made.bytes}
    assert [each.backup for each in do("backup_list", operator).backups] == [made.backup]


def test_what_is_not_committed_is_not_in_a_backup_and_does_not_hold_it_up(own_file, note):
    written = note()
    with closing(sqlite3.connect(own_file, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM bus_session")
        writer.execute("INSERT INTO bus_deadline (kind, at) VALUES ('half', '2030-01-01')")
        copy = backups.make(clock.now())
        writer.execute("ROLLBACK")
    assert count_events(copy.path) == written
    with closing(sqlite3.connect(copy.path)) as raw:
        assert raw.execute("SELECT count(*) FROM bus_deadline").fetchone() == (0,)


def test_the_newest_copies_are_kept(committed, home, do, operator):
    do("setting_put", operator, name="backup_copies", value=2)
    made = [do("backup_create", operator) for _ in range(4)]
    assert [len(each.removed) for each in made] == [0, 0, 1, 1]
    kept = [each.backup for each in do("backup_list", operator).backups]
    assert sorted(kept) == sorted(each.backup for each in made[2:])


def test_the_same_key_makes_one_copy(committed, home, do, attempt, assert_refused, operator):
    first = do("backup_create", operator, idempotency_key="nightly")
    again = do("backup_create", operator, idempotency_key="nightly")
    assert (again.backup, again.duplicate, first.duplicate) == (first.backup, True, None)
    assert [each.backup for each in do("backup_list", operator).backups] == [first.backup]
    assert Event.objects.filter(type="backup.made").count() == 1
    do("setting_put", operator, name="backup_copies", value=2, idempotency_key="other")
    assert_refused(attempt("backup_create", operator, idempotency_key="other"), "conflict")
    assert len(do("backup_list", operator).backups) == 1


def at_once(do, caller, keys):
    """Make backups in as many threads as there are keys; return the answers."""
    start = threading.Barrier(len(keys))

    def make(key):
        start.wait()
        try:
            return do("backup_create", caller, idempotency_key=key)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(keys)) as pool:
        return list(pool.map(make, keys))


def test_backups_at_once_do_not_meet(committed, home, do, operator):
    made = at_once(do, operator, [f"key {number}" for number in range(4)])
    assert {each.backup for each in made} == {path.name for path in backups.folder().iterdir()}
    assert sorted(count_events(backups.folder() / each.backup) for each in made) == [
        Event.objects.count() - number for number in (4, 3, 2, 1)
    ]
    assert [each.bytes for each in made] == [(backups.folder() / each.backup).stat().st_size for each in made]


def test_a_key_that_is_repeated_at_once_makes_one_copy_and_removes_no_more(committed, home, do, operator):
    do("setting_put", operator, name="backup_copies", value=2)
    kept = do("backup_create", operator)

    async def once():
        order = {"idempotency_key": "once"}
        return await asyncio.gather(*[door.call("backup_create", operator, order) for _ in range(4)])

    answers = async_to_sync(once)()
    assert sorted(each.duplicate or False for each in answers) == [False, True, True, True]
    assert {path.name for path in backups.folder().iterdir()} == {kept.backup, answers[0].backup}
    again = at_once(do, operator, ["again"] * 4)
    assert {path.name for path in backups.folder().iterdir()} == {answers[0].backup, again[0].backup}


def test_of_the_copies_that_upgrades_make_the_newest_three_are_kept(own_file):
    strange = [
        backups.folder() / name for name in ("before-upgrade-mine.sqlite3", "before-restore-20200101-000000.sqlite3")
    ]
    for path in strange:
        path.touch()
    daily, now = backups.make(clock.now()), clock.now()
    moments = [
        now,
        now + timedelta(seconds=1),
        now + timedelta(seconds=1),
        now + timedelta(seconds=2),
        now + timedelta(days=1),
    ]
    made = [backups.make_before_upgrade(moment) for moment in moments]
    names = [copy.name for copy, _ in made]
    assert [removed for _, removed in made] == [[], [], [], [names[0]], [names[1]]]
    left = {path.name for path in backups.folder().iterdir()}
    assert left == {*names[2:], daily.name, *(path.name for path in strange)}


def test_files_that_are_no_backups_are_left_alone(committed, home, do, operator):
    do("setting_put", operator, name="backup_copies", value=1)
    strange = [backups.folder() / name for name in ("notes.txt", "nexus-99999999-999999.sqlite3", "nexus.sqlite3")]
    for path in strange:
        path.touch()
    do("backup_create", operator)
    do("backup_create", operator)
    assert all(path.exists() for path in strange)
    assert len(do("backup_list", operator).backups) == 1


def test_agents_may_not_make_or_see_backups(db, home, do, alice):
    for name in ("backup_create", "backup_list"):
        with pytest.raises(Forbidden):
            do(name, alice)


def test_a_damaged_database_gives_no_backup(own_file):
    connections.close_all()
    page = 4096
    with open(own_file, "r+b") as file:
        for number in range(2, 60):
            file.seek(number * page)
            file.write(b"\x05" * 64)
    with pytest.raises((backups.BackupDamaged, DatabaseDamaged)):
        backups.make(clock.now())
    assert [*backups.folder().iterdir()] == []


def test_the_task_makes_one_a_day(committed, home):
    first = tasks.backup()
    assert first
    assert tasks.backup() == ""
    old = clock.now() - timedelta(days=2)
    (backups.folder() / first).rename(backups.folder() / f"nexus-{old:%Y%m%d-%H%M%S}.sqlite3")
    assert tasks.backup()


def test_of_many_tasks_at_once_one_makes_the_backup(committed, home):
    start = threading.Barrier(8)

    def task(_):
        start.wait()
        try:
            return tasks.backup()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        made = [name for name in pool.map(task, range(8)) if name]
    assert [copy.name for copy in backups.kept()] == made
    assert Event.objects.filter(type="backup.made").count() == 1


def test_the_command_makes_and_lists(committed, home, capsys):
    call_command("backup", "--list")
    assert "no backups yet" in capsys.readouterr().out
    call_command("backup")
    assert "checked" in capsys.readouterr().out
    call_command("backup", "--list")
    assert "nexus-" in capsys.readouterr().out


def test_restoring_puts_everything_back_and_keeps_what_was_there(own_file, note, capsys):
    note()
    copy = backups.make(clock.now())
    later = note()
    newest = Event.objects.latest("pk").pk
    connections.close_all()
    call_command("restore", copy.name)
    said = capsys.readouterr().out
    assert "all is well" in said
    assert Event.objects.count() == later - 1
    (aside,) = backups.folder().glob("before-restore-*.sqlite3")
    assert str(aside) in said
    assert count_events(aside) == later
    assert stat.S_IMODE(own_file.stat().st_mode) == 0o600
    note()
    assert Event.objects.latest("pk").pk > newest


def test_a_crash_while_restoring_leaves_the_database_in_its_place(own_file, note, monkeypatch):
    note()
    copy = backups.make(clock.now())
    written = note()
    connections.close_all()
    rename = Path.rename

    def stop(path, target):
        if path.suffix == ".part":
            raise OSError("power cut")
        return rename(path, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", stop)
        with pytest.raises(OSError, match="power cut"):
            restoring.restore(copy.path, clock.now())
    assert count_events(own_file) == written
    restoring.restore(copy.path, clock.now())
    assert (count_events(own_file), len([*backups.folder().glob("before-*")])) == (written - 1, 2)


def test_restoring_into_an_empty_directory_works(own_file, note):
    written = note()
    copy = backups.make(clock.now())
    connections.close_all()
    for path in own_file.parent.glob("nexus.sqlite3*"):
        path.unlink()
    assert restoring.restore(copy.path, clock.now()) is None
    assert Event.objects.count() == written


def test_a_damaged_database_can_be_replaced(own_file, note):
    written = note()
    copy = backups.make(clock.now())
    connections.close_all()
    own_file.write_bytes(b"this was a database once")
    aside = restoring.restore(copy.path, clock.now())
    assert aside.read_bytes().startswith(b"this was")
    assert Event.objects.count() == written


def test_restoring_is_refused_while_a_server_runs(own_file, note, home):
    note()
    copy = backups.make(clock.now())
    with open(home / restoring.LOCK, "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(CommandError, match="server runs"):
            call_command("restore", str(copy.path))
    assert not [*backups.folder().glob("before-*")]


def test_restoring_is_refused_while_another_program_has_the_database_open(own_file, note):
    written = note()
    copy = backups.make(clock.now())
    connections.close_all()
    with closing(sqlite3.connect(own_file)) as other:
        other.execute("SELECT count(*) FROM bus_event").fetchone()
        with pytest.raises(Conflict, match="Another program"):
            restoring.restore(copy.path, clock.now())
    assert Event.objects.count() == written


def _no_database(path):
    path.write_text("plain text, and quite a lot of it " * 100)


def _other_database(path):
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("CREATE TABLE recipes (name)")


def _newer(path):
    backups.make(clock.now()).path.rename(path)
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('bus', '9999_later', '2030-01-01')")


def _cut_short(path):
    whole = backups.make(clock.now()).path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_no_database, "cannot be restored"),
        (_other_database, "no Nexus data"),
        (_newer, "newer Nexus"),
        (_cut_short, "cannot be restored"),
        (lambda path: None, "There is no file"),
    ],
)
def test_what_is_no_sound_backup_is_refused_before_anything_moves(own_file, note, tmp_path, make, said):
    written = note()
    path = tmp_path / "given.sqlite3"
    make(path)
    connections.close_all()
    with pytest.raises((InvalidInput, Conflict), match=said):
        restoring.restore(path, clock.now())
    assert Event.objects.count() == written
    assert not [*backups.folder().glob("before-*")]


def test_the_same_second_gives_two_names(own_file):
    now = clock.now()
    assert len({backups.make(now).name, backups.make(now).name, backups.make(now).name}) == 3
    assert len(backups.kept()) == 3
    assert Message.objects.count() == 0
