"""The two-way thread with one peer: messages and handoffs."""

from bus import audience, cursors
from bus.identity import Caller
from bus.letters import page
from bus.queries.messages import between
from handoffs.queries import between as handoffs_between
from overview.schemas.views import Conversation, ConversationRead

__all__ = ["conversation_read"]


def conversation_read(caller: Caller, order: ConversationRead) -> Conversation:
    """Read your two-way thread with one agent, newest first: messages with their lanes, and handoffs with their states."""
    peer = audience.known(caller, order.peer)
    before = cursors.decode("conversation", order.cursor)[0] if order.cursor is not None else None
    views, rows = between(caller, peer.id, limit=order.limit + 1, before=before)
    shown = page(views[: order.limit])
    more = len(shown) < len(views)
    return Conversation(
        peer=peer.name,
        messages=shown,
        handoffs=handoffs_between(caller.workspace.id, caller.agent.id, peer.id) if before is None else [],
        next_cursor=cursors.encode("conversation", rows[len(shown) - 1]) if more else None,
    )
