"""Every operation that Nexus publishes and the toolset it belongs to; the only list there is."""

import bus.operations
import bus.queries
import bus.waits
import handoffs.operations
import handoffs.queries
import handoffs.waits
import overview.queries
import overview.waits
from bus import door

__all__ = ["MODULES", "TOOLSETS", "publish"]

MODULES = (
    overview.queries,
    bus.queries,
    bus.operations,
    bus.waits,
    handoffs.queries,
    handoffs.operations,
    handoffs.waits,
    overview.waits,
)
TOOLSETS = {
    "core": (
        "whoami agent_list message_create conversation_read inbox_pull inbox_ack inbox_wait handoff_create handoff_list "
        "handoff_claim handoff_renew handoff_complete handoff_release handoff_verify help"
    ),
    "agents": (
        "agent_update agent_get workspace_resolve workspace_list session_open session_heartbeat session_close session_list wake "
        "wake_claim"
    ),
    "messages": "message_status message_get message_list search",
    "inbox": "inbox_extend inbox_release inbox_peek inbox_count inbox_history",
    "events": "event_list event_wait event_cursor",
    "handoffs": "handoff_reject handoff_cancel handoff_reassign handoff_get handoff_wait",
    "topics": (
        "topic_create topic_list topic_resolve topic_join topic_sync topic_read topic_presence topic_cursor_reset topic_close"
    ),
    "files": "paths_reserve paths_check paths_release",
    "operator": (
        "agent_create agent_archive key_mint key_revoke inbox_requeue session_end lease_break retention_run backup_create "
        "backup_list setting_put setting_list wake_pause "
        "topic_rename topic_release_name topic_archive topic_delete"
    ),
}
FIRST = {"whoami": "session_open", "wake": "session_open"}


def publish() -> None:
    """Hand every room's operations to the door, in the order of their toolsets."""
    of = {name: toolset for toolset, names in TOOLSETS.items() for name in names.split()}
    for module in MODULES:
        door.publish(module, of, FIRST)
    door.arrange(list(of))
