"""The door of `/ws/agent`: greets, counts, and ends connections in one way."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator

from bus import presence
from bus.errors import InvalidInput, RateLimited, Refusal, Unauthorized
from bus.gauges import gauges
from nexus_site.frames.connection import Connection, Ended, Left, Stuck
from nexus_site.frames.conversation import Conversation
from nexus_site.frames.member import Hello, Member
from nexus_site.replies import Receive, Scope, Send

__all__ = ["PATHS", "Sockets", "sockets"]

PATHS = frozenset({"/ws/agent", "/ws/agent/"})
MOST, MOST_OF_KEY = 4096, 64
GREET_WITHIN = 10.0
NORMAL = 1000
FIRST = 'Send {"type": "hello", "key": "nxs_…"} first, or the key in the Authorization header.'


class Sockets:
    """Serves `/ws/agent` and bounds how many connections there are, in all and of one key."""

    def __init__(self, most: int = MOST, most_of_key: int = MOST_OF_KEY) -> None:
        """Start with none."""
        self._most, self._most_of_key = most, most_of_key
        self._open: Counter[int] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; it is accepted first, as only then a client can be told what is wrong."""
        await receive()
        await send({"type": "websocket.accept"})
        connection = Connection(receive, send)
        try:
            with self._counted(0, self._most), gauges.holding("sockets"):
                await self._serve(scope, connection)
        except Stuck:
            scope["nexus.cut"]()
        except Left:
            await connection.close(NORMAL, "")
        except Ended as over:
            await connection.end(over.refusal)
        except Refusal as refusal:
            await connection.end(refusal)

    async def _serve(self, scope: Scope, connection: Connection) -> None:
        greeting = Hello.from_request(scope)
        if not greeting.key:
            greeting = await _greeted(connection, greeting)
        client = scope.get("client") or ("",)
        member = Member(greeting, client[0])
        caller = await member.caller()
        with self._counted(caller.key.id if caller.key else 0, self._most_of_key), presence.connected(caller):
            await _converse(connection, member)

    @contextlib.contextmanager
    def _counted(self, key: int, most: int) -> Iterator[None]:
        """Count a connection of a key (0 stands for all keys), or refuse it where there are too many."""
        if self._open[key] >= most:
            raise RateLimited(f"{most} connections are open already.", hint="Close one first.", limit=most)
        self._open[key] += 1
        try:
            yield
        finally:
            self._open[key] -= 1
            if not self._open[key]:
                del self._open[key]


async def _greeted(connection: Connection, default: Hello) -> Hello:
    """Return what the first frame says, beside what the URL said."""
    try:
        async with asyncio.timeout(GREET_WITHIN):
            frame = await connection.frame()
    except TimeoutError:
        raise Unauthorized("No first frame came.", hint=FIRST) from None
    if frame.type != "hello":
        raise Unauthorized(hint=FIRST)
    greeting = Hello.of({**default.model_dump(exclude_defaults=True), **frame.order})
    if not greeting.key:
        raise InvalidInput("The first frame has no key.", hint=FIRST, field="key")
    return greeting


async def _converse(connection: Connection, member: Member) -> None:
    """Talk until somebody ends it: raises `Left` or `Ended`."""
    try:
        async with asyncio.TaskGroup() as tasks:
            await Conversation(connection, member, tasks).run()
    except BaseExceptionGroup as group:
        raise _reason(group) from None


def _reason(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return why it ended: what failed before who ended it."""
    return next((each for each in group.exceptions if not isinstance(each, Left | Ended)), group.exceptions[0])


sockets = Sockets()
