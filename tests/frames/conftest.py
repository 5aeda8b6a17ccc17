"""Sockets in this process, opened by agents."""

from collections.abc import AsyncIterator, Callable

import pytest

from bus.tail import tail
from nexus_site.mcp.transport import transport
from tests.frames.wires import Socket


@pytest.fixture
async def surface(committed: None) -> AsyncIterator[list[Socket]]:
    """Close what a test opened, and stop what the application started by itself."""
    opened: list[Socket] = []
    yield opened
    for socket in opened:
        if not socket.task.done():
            await socket.leave()
    await transport.stop()
    await tail.stop()


@pytest.fixture
def dial(surface: list[Socket], keys: dict[str, str]) -> Callable[..., Socket]:
    """Return a function that opens a socket, with an agent's key in the header where one is named."""

    def dial(name: str = "", path: str = "/ws/agent", **headers: str) -> Socket:
        known = {"authorization": f"Bearer {keys[name]}"} if name else {}
        surface.append(Socket(path, **known, **headers))
        return surface[-1]

    return dial


@pytest.fixture
def connect(dial: Callable[..., Socket]):
    """Return a function that opens a socket for an enrolled agent and returns it after the greeting."""

    async def connect(name: str, path: str = "/ws/agent", **headers: str) -> Socket:
        socket = dial(name, path, **headers)
        assert (await socket.raw())["type"] == "websocket.accept"
        socket.greeting = (await socket.frame("hello.result"))["data"]
        return socket

    return connect
