"""Streams that tell a subscriber what changed, in both eras."""

import asyncio
import json

from nexus_site.mcp.transport import transport
from tests.protocol.wires import modern, rpc, until


class Told:
    """A stream that tells what changed."""

    def __init__(self, agent, wire):
        self.agent, self.wire = agent, wire
        self.task = asyncio.create_task(wire.run())

    @property
    def uris(self):
        """The resources named so far, in order."""
        lines = [line[6:] for line in self.wire.reply.body.decode().splitlines() if line.startswith("data: ")]
        messages = [json.loads(line) for line in lines if line]
        return [each["params"]["uri"] for each in messages if each.get("method", "").endswith("resources/updated")]

    async def of(self, *uris):
        """Wait until each of these was named."""
        await until(lambda: asyncio.sleep(0, set(uris) <= set(self.uris) or self.task.done()))
        assert set(uris) <= set(self.uris)

    async def close(self):
        self.wire.gone.set()
        await asyncio.wait_for(self.task, 20)


def has_stream(agent):
    return "_GET_stream" in transport._manager._server_instances[agent.headers["mcp-session-id"]]._request_streams


def listen(agent, *uris):
    headers, body = modern(rpc("subscriptions/listen", {"notifications": {"resourceSubscriptions": list(uris)}}))
    return agent.wire(body, **{name.replace("-", "_"): value for name, value in headers.items()})
