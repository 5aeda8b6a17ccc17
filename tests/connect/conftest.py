"""A server, and a person at its machine."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.connect.person import Person
from tests.live.conftest import server
from tests.live.servers import Server

__all__ = ["ann", "server"]


@pytest.fixture
def ann(tmp_path: Path, server: Server) -> Iterator[Person]:
    """A person on whose machine a server runs; what she connected is forgotten afterwards, with her home."""
    yield Person(tmp_path, server.home)
    shutil.rmtree(server.home / "connect", ignore_errors=True)
