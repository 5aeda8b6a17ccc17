"""Servers for a module or for one test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.servers import Server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server that the tests of one module share."""
    running = Server(tmp_path_factory.mktemp("nexus") / "home").start()
    yield running
    running.close()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """A running server of one test, which may kill it."""
    running = Server(tmp_path / "home").start()
    yield running
    running.close()
