"""One client on a WebSocket: its calls in the order in which it sends them, waits and pushes beside them."""

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING

from pydantic import ValidationError

from bus import door
from bus.errors import Busy, Conflict, Internal, Refusal
from bus.identity import Caller, placed
from bus.readers import readers
from bus.schemas.base import Cursor, Order
from bus.schemas.events import Types
from bus.turns import turn_of_call, turns
from nexus_site.following import Following
from nexus_site.frames.connection import Connection, Frame, json
from nexus_site.frames.member import Member
from nexus_site.frames.pushes import tell_events, tell_inbox
from overview.queries.me import version

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["HEARTBEAT", "Conversation"]

log = logging.getLogger(__name__)
HEARTBEAT = 20
MOST_WAITS = 16
SHOWN = 64


class Subscribe(Order):
    """Which events to be told of."""

    after: Cursor = None
    types: Types | None = None
    subjects: Types | None = None


class Conversation:
    """What happens on one connection until either side ends it."""

    def __init__(self, connection: Connection, member: Member, tasks: asyncio.TaskGroup) -> None:
        """Keep who talks; what runs beside the calls runs in `tasks`."""
        self._connection, self._member, self._tasks = connection, member, tasks
        self._waits: set[asyncio.Task[None]] = set()
        self._following: Following | None = None
        self._events: asyncio.Task[None] | None = None
        self._words: dict[str, Callable[[Frame], Awaitable[str]]] = {
            "hello": self._hello,
            "ping": self._ping,
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
        }

    async def run(self) -> None:
        """Greet the client and serve it until it leaves, which raises `Left`."""
        await self._connection.tell("hello.result", await self._greeting())
        self._tasks.create_task(tell_inbox(self._connection, self._member))
        while True:
            try:
                frame = await self._connection.frame()
            except Refusal as refusal:
                await self._connection.refuse(refusal)
            else:
                await self._serve(frame)

    async def _greeting(self) -> str:
        caller = await self._member.caller()
        position = await door.call("event_cursor", caller, {})
        return json(
            {
                "agent": caller.agent.name,
                "workspace": caller.workspace.public_id,
                "alias": caller.workspace.alias or None,
                "session": caller.session.public_id if caller.session else None,
                "cursor": position.cursor,
                "heartbeat_seconds": HEARTBEAT,
                "version": version(),
            }
        )

    async def _serve(self, frame: Frame) -> None:
        """Answer a frame; a wait is answered beside the frames that follow it."""
        entry = door.published().get(frame.type)
        if entry is None or entry.kind != "wait":
            await self._answer(frame)
        elif len(self._waits) >= MOST_WAITS:
            full = Busy(f"{MOST_WAITS} waits are open on this connection.", hint="Let one end first.")
            await self._connection.refuse(full, _answers(frame), frame.ref)
        else:
            wait = self._tasks.create_task(self._answer(frame))
            self._waits.add(wait)
            wait.add_done_callback(self._waits.discard)

    async def _answer(self, frame: Frame) -> None:
        """Run an operation, or what a control word asks for, and send the answer or the refusal."""
        try:
            text = await (self._words.get(frame.type) or self._call)(frame)
        except Refusal as refusal:
            await self._connection.refuse(refusal, _answers(frame), frame.ref)
        else:
            await self._connection.tell(_answers(frame), text, frame.ref)

    async def _call(self, frame: Frame) -> str:
        caller = await self._member.caller()
        turn = await turns.take(("key", caller.key.id if caller.key else 0))
        turn_of_call.set(turn)
        try:
            answer = await door.call(frame.type, caller, frame.order)
        except Refusal:
            raise
        except Exception:
            log.exception("the frame %s failed", frame.type[:SHOWN])
            raise Internal from None
        finally:
            turn.end()
        await self._member.follow(frame.type, answer, caller)
        text: str = answer.json_text()
        return text

    async def _hello(self, frame: Frame) -> str:
        raise Conflict("This connection knows who you are.", hint="Open another connection for another key.")

    async def _ping(self, frame: Frame) -> str:
        return "{}"

    async def _subscribe(self, frame: Frame) -> str:
        """Follow the log; a second subscription takes the place of the first."""
        caller = await self._member.caller()
        following, workspace = await readers.look(partial(_following, caller, frame))
        await following.begin(caller)
        self._stop_events()
        self._following = following
        self._events = self._tasks.create_task(tell_events(self._connection, self._member, following, workspace))
        return json({"cursor": following.cursor})

    async def _unsubscribe(self, frame: Frame) -> str:
        """Follow the log no more; the cursor is where a later subscription can go on."""
        self._stop_events()
        following, self._following = self._following, None
        return json({"cursor": following.cursor if following else None})

    def _stop_events(self) -> None:
        if self._events is not None:
            self._events.cancel()
            self._events = None


def _following(caller: Caller, frame: Frame) -> tuple[Following, int]:
    """Return the place in the log of the workspace that a frame names, and that workspace's row."""
    try:
        order = Subscribe.model_validate(frame.order)
    except ValidationError as error:
        raise door.invalid(error, "event_list") from None
    there = placed(caller, order.workspace) if order.workspace else caller
    filters = {"types": order.types, "subjects": order.subjects, "workspace": there.workspace.public_id}
    return Following(order.after, filters), there.workspace.id


def _answers(frame: Frame) -> str:
    return f"{frame.type[:SHOWN]}.result"
