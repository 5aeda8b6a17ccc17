"""A server of one test, which may kill it."""

from tests.live.conftest import own_server

__all__ = ["own_server"]
