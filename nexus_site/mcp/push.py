"""Push: who subscribed to a resource is told when it changes, by the tail and without asking again and again.

There is one `Watch` an MCP session, told on the stream that it reads, and one a stream of the modern era.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import mcp_types as types
from mcp.server import ServerRequestContext

from bus.errors import NotFound, Refusal
from bus.gauges import gauges
from bus.identity import Caller, from_key
from nexus_site.mcp import kernel, resources
from nexus_site.mcp.watch import TooMany, Watch

__all__ = ["handlers"]

Context = ServerRequestContext[Any, Any]
MOST_STREAMS = 64


def _finder(scope: Any) -> Callable[[], Caller]:
    """Return how to find out who a request's client is by now."""
    key, address, choice, sitting = (
        scope["nexus.caller"].key,
        scope["nexus.caller"].address,
        scope["nexus.choice"],
        scope["nexus.sitting"],
    )
    named = scope["nexus.headers"].get(b"nexus-session", b"").decode("latin-1")

    def find() -> Caller:
        session = sitting.session if sitting is not None else named
        return from_key(key, "mcp", address, workspace=choice.workspace, session=session)

    return find


async def _subscribe(context: Context, params: types.SubscribeRequestParams) -> types.EmptyResult:
    scope = _scope(context)
    sitting = scope["nexus.sitting"]
    if sitting.watch is None or sitting.telling.done():
        watch = Watch(_finder(scope), scope["nexus.caller"])
        session = scope["nexus.headers"][b"mcp-session-id"].decode("latin-1")
        sitting.begin_watch(watch, _tell(watch, partial(scope["nexus.tell"], session)))
    try:
        await sitting.watch.add(params.uri)
    except Refusal as refusal:
        resources.refused(refusal, context.protocol_version)
    return types.EmptyResult()


async def _tell(watch: Watch, tell: Callable[[str], Any]) -> None:
    """Tell an MCP session what changed until it ends."""
    with watch.listening():
        while news := await watch.news():
            for uri in news:
                if not await tell(uri):
                    watch.owe(uri)


async def _unsubscribe(context: Context, params: types.UnsubscribeRequestParams) -> types.EmptyResult:
    sitting = _scope(context)["nexus.sitting"]
    if sitting.watch is not None:
        sitting.watch.drop(params.uri)
    return types.EmptyResult()


_streams: dict[int, int] = defaultdict(int)


async def _listen(context: Context, params: types.SubscriptionsListenRequestParams) -> types.SubscriptionsListenResult:
    scope, asked = _scope(context), params.notifications.resource_subscriptions or []
    caller = scope["nexus.caller"]
    watch = Watch(_finder(scope), caller)
    meta = {kernel.SUBSCRIPTION_ID_META_KEY: context.request_id}
    with _counted(caller.key.id, context.protocol_version), watch.listening(), gauges.holding("mcp"):
        uris = await _granted(watch, asked, context.protocol_version)
        acknowledged = types.SubscriptionsAcknowledgedNotificationParams(
            notifications=types.SubscriptionFilter(resource_subscriptions=uris or None), meta=meta
        )
        await context.session.send_notification(
            types.SubscriptionsAcknowledgedNotification(params=acknowledged), related_request_id=context.request_id
        )
        while news := await watch.news():
            for uri in news:
                changed = types.ResourceUpdatedNotificationParams(uri=uri, meta=meta)
                told = types.ResourceUpdatedNotification(params=changed)
                await context.session.send_notification(told, related_request_id=context.request_id)
    return types.SubscriptionsListenResult(meta=meta)


async def _granted(watch: Watch, asked: list[str], version: str) -> list[str]:
    """Watch what is asked for and can be read; return it."""
    for uri in dict.fromkeys(asked):
        try:
            await watch.add(uri)
        except NotFound:
            continue
        except Refusal as refusal:
            resources.refused(refusal, version)
    return [uri for uri in dict.fromkeys(asked) if uri in watch.uris]


@contextmanager
def _counted(key: int, version: str) -> Iterator[None]:
    """Count a key's streams, and refuse more than there may be."""
    if _streams[key] >= MOST_STREAMS:
        resources.refused(TooMany(most=MOST_STREAMS), version)
    _streams[key] += 1
    try:
        yield
    finally:
        _streams[key] -= 1
        if not _streams[key]:
            del _streams[key]


def _scope(context: Context) -> Any:
    request: Any = context.request
    return request.scope


def handlers() -> dict[str, Any]:
    """Return what the server answers about subscriptions."""
    return {
        "on_subscribe_resource": _subscribe,
        "on_unsubscribe_resource": _unsubscribe,
        "on_subscriptions_listen": _listen,
    }
