"""What keeps a server from starting is said in a sentence, with an exit code."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.serving.processes import django, modes, nexus

USAGE, DATA = 2, 3


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory that was used before."""
    home = tmp_path_factory.mktemp("settled") / "home"
    assert nexus(home, "call", "whoami").returncode == 0
    return home


@pytest.fixture
def home(settled: Path, tmp_path: Path) -> Path:
    """A copy of the used data directory, for one test to spoil."""
    copy = tmp_path / "home"
    copy.mkdir(mode=0o700)
    for path in settled.iterdir():
        if path.is_file():
            (copy / path.name).write_bytes(path.read_bytes())
    return copy


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("NEXUS_PORT", "many"),
        ("NEXUS_SERVER", "apache"),
        ("NEXUS_DATABASE_URL", "postgres://elsewhere"),
        ("NEXUS_INBOX_ATTEMPTS", "none"),
        ("NEXUS_HOME", "relative/path"),
    ],
)
def test_a_wrong_variable_is_named(tmp_path: Path, variable: str, value: str) -> None:
    ended = nexus(tmp_path / "home", "serve", "--port", "0", **{variable: value})
    assert ended.returncode == USAGE
    assert variable in ended.stderr
    assert "Traceback" not in ended.stderr


def test_beyond_this_machine_hosts_must_be_named(tmp_path: Path) -> None:
    ended = nexus(tmp_path / "home", "serve", "--port", "0", "--host", "0.0.0.0")
    assert ended.returncode == USAGE
    assert "NEXUS_ALLOWED_HOSTS" in ended.stderr


def test_beyond_this_machine_a_person_must_be_able_to_log_in(home: Path) -> None:
    ended = nexus(home, "serve", "--port", "0", "--host", "0.0.0.0", NEXUS_ALLOWED_HOSTS="box")
    assert ended.returncode == USAGE
    assert "createsuperuser" in ended.stderr


def test_an_address_of_another_machine_is_refused(home: Path) -> None:
    ended = nexus(home, "serve", "--port", "0", "--host", "192.0.2.1", NEXUS_ALLOWED_HOSTS="box")
    assert ended.returncode == DATA
    assert "192.0.2.1" in ended.stderr


def test_a_project_root_that_is_not_there_is_refused(tmp_path: Path) -> None:
    ended = nexus(tmp_path / "home", "serve", "--project-root", str(tmp_path / "nowhere"))
    assert ended.returncode == USAGE
    assert "nowhere" in ended.stderr


def test_a_folder_of_somebody_else_is_not_taken_over(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "letters.txt").touch()
    ended = nexus(tmp_path, "serve", "--port", "0")
    assert ended.returncode == USAGE
    assert "letters.txt" in ended.stderr
    assert tmp_path.stat().st_mode & 0o777 == 0o755
    assert os.listdir(tmp_path) == ["letters.txt"]


def test_an_open_data_directory_of_ours_is_closed(home: Path) -> None:
    home.chmod(0o755)
    assert nexus(home, "call", "whoami").returncode == 0
    assert home.stat().st_mode & 0o777 == 0o700


def test_a_file_that_is_no_database_is_refused(home: Path) -> None:
    (home / "nexus.sqlite3").write_text("These are not the bytes of a database.")
    _refused(home, "nexus.sqlite3", "damaged", "nexus restore")


def test_a_damaged_database_is_refused(home: Path) -> None:
    with (home / "nexus.sqlite3").open("r+b") as file:
        file.seek(4096 * 10)
        file.write(b"\xff" * 4096 * 20)
    _refused(home, "nexus.sqlite3", "damaged", "nexus restore")


def test_a_damaged_queue_is_refused(home: Path) -> None:
    (home / "queue.sqlite3").write_text("These are not the bytes of a database.")
    _refused(home, "queue.sqlite3", "damaged", "Move it away")


def test_a_database_that_cannot_be_opened_is_refused(home: Path) -> None:
    (home / "nexus.sqlite3").unlink()
    (home / "nexus.sqlite3").mkdir()
    _refused(home, "nexus.sqlite3", "cannot be written")


def test_data_of_a_newer_nexus_is_refused(home: Path) -> None:
    with closing(sqlite3.connect(home / "nexus.sqlite3")) as raw, raw:
        raw.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('bus', '9999_later', '2030-01-01')")
    _refused(home, "newer Nexus", "bus.9999_later")


def _refused(home: Path, *words: str) -> None:
    ended = nexus(home, "serve", "--port", "0")
    assert ended.returncode == DATA
    assert all(word in ended.stderr for word in words), ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.slow
def test_old_data_is_backed_up_before_it_is_upgraded(home: Path) -> None:
    django(home, "from django.core.management import call_command; call_command('migrate', 'sessions', 'zero')")
    assert nexus(home, "call", "whoami").returncode == 0
    (backup,) = (home / "backups").iterdir()
    assert backup.name.startswith("before-upgrade-")
    assert modes(home / "backups") == {"-rw-------"}
    with closing(sqlite3.connect(backup)) as raw:
        assert not raw.execute("SELECT 1 FROM sqlite_master WHERE name = 'django_session'").fetchone()
    with closing(sqlite3.connect(home / "nexus.sqlite3")) as raw:
        assert raw.execute("SELECT 1 FROM sqlite_master WHERE name = 'django_session'").fetchone()


def test_data_that_is_up_to_date_is_not_backed_up(home: Path) -> None:
    assert nexus(home, "call", "whoami").returncode == 0
    assert not (home / "backups").exists()
