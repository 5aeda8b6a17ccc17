"""A server that the tests of one module share, the ASGI root in this process, and agents who are strangers."""

from tests.live.conftest import server
from tests.security.strangers import foreign, strangers
from tests.surfaces.conftest import surface

__all__ = ["foreign", "server", "strangers", "surface"]
