"""Everything that reads the bus; one module a noun."""

from bus.queries.agents import agent_get, agent_list
from bus.queries.events import event_cursor, event_list
from bus.queries.inbox import inbox_count, inbox_history, inbox_peek
from bus.queries.keeping import backup_list
from bus.queries.messages import message_get, message_list, message_status
from bus.queries.sessions import session_list
from bus.queries.settings import setting_list
from bus.queries.topics import topic_list, topic_presence, topic_read, topic_resolve
from bus.queries.workspaces import workspace_list, workspace_resolve

__all__ = [
    "agent_get",
    "agent_list",
    "backup_list",
    "event_cursor",
    "event_list",
    "inbox_count",
    "inbox_history",
    "inbox_peek",
    "message_get",
    "message_list",
    "message_status",
    "session_list",
    "setting_list",
    "topic_list",
    "topic_presence",
    "topic_read",
    "topic_resolve",
    "workspace_list",
    "workspace_resolve",
]
