"""Data directories with two agents of one repository, without a server, and a server."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.serving.processes import Serve
from tests.stdio.pipes import Pipe, enrol


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the data directory that the tests of a module share."""
    folder = tmp_path_factory.mktemp("stdio")
    (folder / "shop").mkdir()
    enrol(folder / "home", folder / "shop", "alice", "bob")
    return folder / "home"


@pytest.fixture
def pipe(home: Path) -> Iterator[Callable[..., Pipe]]:
    """Return a function that starts `nexus stdio`."""
    started: list[Pipe] = []

    def start(*words: str, **more: str) -> Pipe:
        started.append(Pipe(home, *words, **more))
        return started[-1]

    yield start
    for each in started:
        each.clear_away()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """A running server that the tests of one module share."""
    running = Serve(tmp_path_factory.mktemp("beside") / "home")
    yield running
    running.stop()
    running.clear_away()
