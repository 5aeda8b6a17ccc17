"""Requests take turns by who sends them, before anything is read for them; see `bus.turns`."""

from collections.abc import Hashable
from functools import partial

from django.core.exceptions import SynchronousOnlyOperation

from bus.directory import directory
from bus.errors import RateLimited, Refusal
from bus.readers import readers
from bus.turns import STRANGER, turn_of_call, turns
from nexus_site.guard import App
from nexus_site.replies import Message, Receive, Scope, Send, refuse

__all__ = ["fair"]

ASSETS = "/static/"


def fair(app: App) -> App:
    """Return `app` with requests that take turns; a turn ends when the answer begins."""

    async def taking(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(ASSETS):
            await app(scope, receive, send)
            return
        try:
            turn = await turns.take(await _owner(scope))
        except RateLimited as refusal:
            await refuse(scope, send, refusal)
            return

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                turn.end()
            await send(message)

        turn_of_call.set(turn)
        try:
            await app(scope, receive, sent)
        finally:
            turn.end()

    return taking


async def _owner(scope: Scope) -> Hashable:
    """Return whose request it is: a key's, or whoever's at an address."""
    address = (scope.get("client") or ("",))[0]
    sent: bytes | None = scope["nexus.headers"].get(b"authorization")
    if sent is None:
        return ("", address)
    secret = sent.partition(b" ")[2].strip().decode("latin-1")
    try:
        known: Hashable = directory.owner(secret)
    except SynchronousOnlyOperation:
        try:
            known = await readers.run(partial(directory.owner, secret))
        except Refusal:
            return ("", address)  # the database fails: the surface says so in its own shape
    return known or (STRANGER, address)
