"""Who is at the other end of a WebSocket: a key always, in the Authorization header or in the first frame."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Self
from urllib.parse import parse_qs

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bus import door
from bus.directory import KeyEntry, directory
from bus.errors import Refusal, Unauthorized
from bus.identity import Caller, from_key
from bus.readers import readers
from bus.schemas.base import Text64, Text200
from nexus_site.frames.connection import Ended
from nexus_site.replies import Scope

__all__ = ["Hello", "Member"]

SURFACE = "websocket"
OPENING = frozenset({"session_open", "wake", "whoami"})
IN_URL = frozenset({"workspace", "inbox"})


class Hello(BaseModel):
    """The first frame: who you are and what you want to be told."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    key: Text200 = Field("", description="The agent's key.")
    session: Text64 = Field("", description="A session of that key; default: its newest open one.")
    workspace: Text64 = Field("", description="Workspace id or alias; default: the session's.")
    inbox: bool = Field(True, description="Whether to be told of mail that can be pulled.")

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """Return what was given, or raise `InvalidInput` naming what is wrong."""
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            raise door.invalid(error, "help") from None

    @classmethod
    def from_request(cls, scope: Scope) -> Self:
        """Return what the URL and the headers say; without an Authorization header the key is empty."""
        headers, asked = scope["nexus.headers"], parse_qs(scope["query_string"].decode("latin-1"))
        given = {name: values[-1] for name, values in asked.items() if name in IN_URL}
        if b"authorization" in headers:
            given["key"] = _token(headers[b"authorization"].decode("latin-1"), is_doubled=_is_doubled(scope))
            given["session"] = headers.get(b"nexus-session", b"").decode("latin-1")
        return cls.of({name: value for name, value in given.items() if value})


def _is_doubled(scope: Scope) -> bool:
    return b"authorization" in scope["nexus.doubled"]


def _token(authorization: str, *, is_doubled: bool) -> str:
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or is_doubled or not token.strip():
        raise Unauthorized()
    return token.strip()


class Member:
    """The key behind a connection, and the session and workspace that its calls run in."""

    def __init__(self, greeting: Hello, address: str) -> None:
        """Keep what the first frame says; `caller` checks it."""
        self.wants_inbox = greeting.inbox
        self._key, self._workspace, self._session = greeting.key, greeting.workspace, greeting.session
        self._address = address

    async def caller(self) -> Caller:
        """Return the caller of this moment; raises `Ended` when the key or the session is over."""
        try:
            found: Caller = await readers.look(self._caller)
        except Refusal as refusal:
            raise Ended(refusal) from None
        return found

    def _caller(self) -> Caller:
        key = self._live()
        return from_key(key, SURFACE, self._address, workspace=self._workspace, session=self._session)

    def _live(self) -> KeyEntry:
        key = directory.key(self._key)
        if key is None:
            raise Unauthorized()
        return key

    async def follow(self, name: str, answer: Any, caller: Caller) -> None:
        """Go on in the session that an answer opened; a repeated answer may name one that is over by now."""
        if name not in OPENING:
            return
        if answer.duplicate and await readers.look(partial(directory.session, answer.session)) is None:
            return
        before = caller.session.public_id if caller.session else ""
        if answer.session and answer.session != before:
            self._session, self._workspace = answer.session, ""
