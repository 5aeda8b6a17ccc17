"""A lively workspace to export, and another installation to import into."""

import json
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from sqlite3 import connect
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connections

from bus import deadlines, door, exporting, identity, importing
from bus.directory import directory
from bus.models import Workspace
from bus.writer import lane


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that keeps the seeded database from its first use on."""
    return tmp_path_factory.mktemp("seeded")


@pytest.fixture
def harbor(committed: None, seeded: Path) -> Workspace:
    """The seeded workspace `harbor`: mail in every lane, handoffs in every state, files that are held."""
    kept = seeded / "default"
    if kept.exists():
        go_over(kept)
    else:
        (seeded / "harbor" / ".git").mkdir(parents=True)
        call_command("seed", "--workspace", str(seeded / "harbor"))
        lane.run(lambda: None)
        copy(database(), kept)
    return Workspace.objects.get(alias="harbor")


@pytest.fixture
def elsewhere(committed: None, pristine: Path) -> Callable[[], None]:
    """Return a function that goes over to an installation where nothing has happened yet."""
    return partial(go_over, pristine / "default")


def go_over(kept: Path) -> None:
    """Put a kept database in the place of the one in use."""
    lane.run(lambda: None)
    connections.close_all()
    copy(kept, database())
    directory.forget_all()
    deadlines.forget()


def database() -> Path:
    """Return the file of the database in use."""
    return Path(connections["default"].settings_dict["NAME"])


def copy(source: Path, target: Path) -> None:
    """Put one database in the place of another."""
    with closing(connect(source)) as old, closing(connect(target)) as new:
        old.backup(new)


@pytest.fixture
def out(tmp_path: Path) -> Callable[[Workspace], Path]:
    """Return a function that exports a workspace into a new folder."""

    def out(workspace: Workspace) -> Path:
        folder = tmp_path / f"export-{len(list(tmp_path.iterdir()))}"
        exporting.export(workspace.pk, folder)
        return folder

    return out


@pytest.fixture
def bring(committed: None) -> Callable[..., importing.Arrived]:
    """Return a function that imports a folder as the operator."""

    def bring(folder: Path, **wanted: Any) -> importing.Arrived:
        bag = importing.check(folder)
        return door.run_work(partial(importing.load, identity.operator("test"), bag, importing.Wanted(**wanted)))

    return bring


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def lines(folder: Path, name: str) -> list[Any]:
    """Return the lines of one file of an export."""
    return [json.loads(line) for line in (folder / f"{name}.jsonl").read_bytes().split(b"\n")[:-1]]
