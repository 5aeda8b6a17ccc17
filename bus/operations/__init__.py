"""Everything that changes the bus; one module a noun."""

from bus.operations.agents import agent_archive, agent_create, agent_update
from bus.operations.inbox import inbox_ack, inbox_extend, inbox_pull, inbox_release, inbox_requeue
from bus.operations.keeping import retention_run
from bus.operations.keys import key_mint, key_revoke
from bus.operations.messages import message_create
from bus.operations.sessions import session_close, session_end, session_heartbeat, session_open
from bus.operations.settings import setting_put
from bus.operations.topic_keeping import topic_archive, topic_delete, topic_release_name, topic_rename
from bus.operations.topics import topic_close, topic_create, topic_cursor_reset, topic_join
from bus.operations.waking import wake_claim, wake_pause

__all__ = [
    "agent_archive",
    "agent_create",
    "agent_update",
    "inbox_ack",
    "inbox_extend",
    "inbox_pull",
    "inbox_release",
    "inbox_requeue",
    "key_mint",
    "key_revoke",
    "message_create",
    "retention_run",
    "session_close",
    "session_end",
    "session_heartbeat",
    "session_open",
    "setting_put",
    "topic_archive",
    "topic_close",
    "topic_create",
    "topic_cursor_reset",
    "topic_delete",
    "topic_join",
    "topic_release_name",
    "topic_rename",
    "wake_claim",
    "wake_pause",
]
