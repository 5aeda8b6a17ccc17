"""Both databases before the start: sound, writable, and migrated after a backup."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.management import call_command

from bus import backups, clock, storage
from bus.restoring import ROOMS
from nexus_site.serving.banner import say
from nexus_site.serving.faults import CannotServe

__all__ = ["check", "is_current", "prepare"]

ALIASES = {"default": "", "queue": "django_q"}  # and the only app with tables there
CHECKED_WHOLE = 64 * 1024 * 1024  # a larger file would hold up the start; `nexus doctor` checks any
LEAST_FREE = 32 * 1024 * 1024
BUSY_SECONDS = 5.0
Applied = set[tuple[str, str]]


def prepare() -> None:
    """Check both databases and bring them up to this version; runs under the data directory's lock."""
    applied = {alias: check(_path(alias)) for alias in ALIASES}
    behind = [alias for alias in ALIASES if not _expected(alias) <= applied[alias]]
    _refuse_newer(applied["default"] - _expected("default"))
    if not behind:
        return
    _room_for(_path("default"))
    if applied["default"] and "default" in behind:
        copy, removed = backups.make_before_upgrade(clock.now())
        say(f"Made {copy.name} before the upgrade. The newest {backups.KEPT_UPGRADES} of these are kept.")
        if removed:
            say(f"Removed {', '.join(removed)}.")
    for alias in behind:
        apps_of = [ALIASES[alias]] if ALIASES[alias] else []
        call_command("migrate", *apps_of, database=alias, verbosity=0, interactive=False)


def is_current() -> bool:
    """Say whether both databases are there and have every migration of this version."""
    return all(_expected(alias) <= check(_path(alias), is_quick=True) for alias in ALIASES)


def check(path: Path, *, is_quick: bool = False) -> Applied:
    """Return the migrations applied to a database, none where it is new; raise what keeps it from being used."""
    if not path.exists():
        return set()
    try:
        with closing(sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)) as raw:
            if not is_quick:
                _check_sound(raw, path)
            return _applied(raw)
    except sqlite3.Error as error:
        raise _unusable(path, str(error)) from error


def _check_sound(raw: sqlite3.Connection, path: Path) -> None:
    raw.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if path.stat().st_size <= CHECKED_WHOLE:
        (found,) = raw.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise sqlite3.DatabaseError(f"malformed: {found}")
    (version,) = raw.execute("PRAGMA user_version").fetchone()
    raw.execute("BEGIN IMMEDIATE")
    raw.execute(f"PRAGMA user_version = {version}")  # fails where nothing can be written; beginning alone does not
    raw.execute("ROLLBACK")


def _applied(raw: sqlite3.Connection) -> Applied:
    known = raw.execute("SELECT 1 FROM sqlite_master WHERE name = 'django_migrations'").fetchone()
    return set(raw.execute("SELECT app, name FROM django_migrations")) if known else set()


def _unusable(path: Path, reason: str) -> CannotServe:
    if "locked" in reason:
        return CannotServe(f"Another program has the database {path} locked. End it, then start again.")
    if "readonly" in reason or "unable to open" in reason:
        return CannotServe(f"The database {path} cannot be written ({reason}). Check its owner and permissions.")
    if path == _path("queue"):
        return CannotServe(f"The task queue {path} is damaged ({reason}). Move it away; it is made anew.")
    newest = storage.newest_backup(settings.NEXUS_HOME)
    advice = (
        f"Put the newest backup back: nexus restore {newest}" if newest else "There is no backup: nexus restore FILE"
    )
    return CannotServe(f"The database {path} is damaged ({reason}). {advice} (in {settings.NEXUS_HOME / 'backups'}).")


def _expected(alias: str) -> Applied:
    """Return this version's migrations of a database by the names of their files, which is quick: none is imported."""
    only = ALIASES[alias]
    return {
        (config.label, path.stem)
        for config in apps.get_app_configs()
        if only in ("", config.label)
        for path in Path(config.path, "migrations").glob("[0-9]*.py")
    }


def _refuse_newer(unknown: Applied) -> None:
    newer = sorted(f"{app}.{name}" for app, name in unknown if app in ROOMS)
    if newer:
        raise CannotServe(f"The data is of a newer Nexus ({', '.join(newer[:3])}). Upgrade Nexus, or restore a backup.")


def _room_for(path: Path) -> None:
    size = path.stat().st_size if path.exists() else 0
    free = shutil.disk_usage(path.parent).free
    if free < size + LEAST_FREE:
        raise CannotServe(f"{path.parent} has {free >> 20} MB free, too little to begin. Free some disk space.")


def _path(alias: str) -> Path:
    return Path(str(settings.DATABASES[alias]["NAME"]))
