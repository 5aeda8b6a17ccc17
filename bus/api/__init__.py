"""The bus over REST: each line is a method, a resource, and the operation behind it."""

from bus import operations, queries, waits
from bus.api.routes import Routes

__all__ = ["routes"]

routes = Routes()

routes.get("/agents", queries.agent_list)
routes.post("/agents", operations.agent_create, status=201)
routes.get("/agents/{agent}", queries.agent_get)
routes.patch("/agents/{agent}", operations.agent_update)
routes.post("/agents/{agent}/archive", operations.agent_archive)
routes.post("/agents/{agent}/pause", operations.wake_pause)
routes.post("/agents/{agent}/keys", operations.key_mint, status=201)
routes.delete("/agents/{agent}/keys/{key}", operations.key_revoke)

routes.get("/workspaces", queries.workspace_list)
routes.get("/workspaces/resolve", queries.workspace_resolve)

routes.get("/sessions", queries.session_list)
routes.post("/sessions", operations.session_open, status=201)
routes.post("/sessions/{session}/heartbeat", operations.session_heartbeat)
routes.post("/sessions/{session}/close", operations.session_close)
routes.post("/sessions/{session}/end", operations.session_end)

routes.get("/messages", queries.message_list)
routes.post("/messages", operations.message_create, status=201)
routes.get("/messages/{message}", queries.message_get)
routes.get("/messages/{message}/status", queries.message_status)
routes.post("/messages/{message}/requeue", operations.inbox_requeue)

routes.get("/inbox", queries.inbox_peek)
routes.post("/inbox/pull", operations.inbox_pull)
routes.post("/inbox/ack", operations.inbox_ack)
routes.post("/inbox/extend", operations.inbox_extend)
routes.post("/inbox/release", operations.inbox_release)
routes.get("/inbox/wait", waits.inbox_wait)
routes.get("/inbox/count", queries.inbox_count)
routes.get("/inbox/history", queries.inbox_history)

routes.get("/topics", queries.topic_list)
routes.post("/topics", operations.topic_create, status=201)
routes.get("/topics/resolve", queries.topic_resolve)
routes.post("/topics/join", operations.topic_join)
routes.get("/topics/{topic}", queries.topic_read)
routes.patch("/topics/{topic}", operations.topic_rename)
routes.delete("/topics/{topic}", operations.topic_delete)
routes.post("/topics/{topic}/sync", waits.topic_sync)
routes.get("/topics/{topic}/presence", queries.topic_presence)
routes.post("/topics/{topic}/cursor", operations.topic_cursor_reset)
routes.post("/topics/{topic}/close", operations.topic_close)
routes.post("/topics/{topic}/archive", operations.topic_archive)
routes.post("/topics/{topic}/release", operations.topic_release_name)

routes.post("/wake/claim", operations.wake_claim)

routes.get("/events", queries.event_list)
routes.get("/events/wait", waits.event_wait)
routes.get("/events/cursor", queries.event_cursor)

routes.get("/settings", queries.setting_list)
routes.put("/settings/{name}", operations.setting_put)
routes.post("/retention", operations.retention_run)
routes.get("/backups", queries.backup_list)
routes.post("/backups", waits.backup_create, status=201)
