"""One arena for each module; it must be well at the end of it."""

from collections.abc import Iterator

import pytest

from tests.fuzz.arena import Arena
from tests.live.servers import Server


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    """Return a server that is checked when the module is done."""
    server = Server(tmp_path_factory.mktemp("fuzz") / "home").start()
    try:
        arena = Arena(server)
        yield arena
        arena.check()
    finally:
        server.close()
