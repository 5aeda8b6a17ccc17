"""Servers for one test."""

from tests.live.conftest import own_server
from tests.serving.conftest import serve

__all__ = ["own_server", "serve"]
