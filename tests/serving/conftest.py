"""Servers for a module or for one test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.serving.processes import Serve


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """A running server that the tests of one module share."""
    running = Serve(tmp_path_factory.mktemp("serving") / "home")
    yield running
    running.stop()
    running.clear_away()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Serve]]:
    """Return a function that starts a server on the test's own data directory."""
    started: list[Serve] = []

    def start(*words: str) -> Serve:
        started.append(Serve(tmp_path / "home", *words))
        return started[-1]

    yield start
    for running in started:
        running.clear_away()
