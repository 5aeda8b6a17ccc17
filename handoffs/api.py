"""Handoffs over REST: each line is a method, a resource, and the operation behind it."""

from bus.api.routes import Routes
from handoffs import operations, queries, waits

__all__ = ["routes"]

routes = Routes()

routes.get("/handoffs", queries.handoff_list)
routes.post("/handoffs", operations.handoff_create, status=201)
routes.get("/handoffs/wait", waits.handoff_wait)
routes.post("/handoffs/claim", operations.handoff_claim, operation_id="handoff_claim_best")
routes.get("/handoffs/{handoff}", queries.handoff_get)
routes.post("/handoffs/{handoff}/claim", operations.handoff_claim)
routes.post("/handoffs/{handoff}/renew", operations.handoff_renew)
routes.post("/handoffs/{handoff}/complete", operations.handoff_complete)
routes.post("/handoffs/{handoff}/release", operations.handoff_release)
routes.post("/handoffs/{handoff}/reject", operations.handoff_reject)
routes.post("/handoffs/{handoff}/cancel", operations.handoff_cancel)
routes.post("/handoffs/{handoff}/verify", operations.handoff_verify)
routes.post("/handoffs/{handoff}/reassign", operations.handoff_reassign)
routes.post("/handoffs/{handoff}/break", operations.lease_break)
routes.post("/paths", operations.paths_reserve, status=201)
routes.get("/paths/check", queries.paths_check)
routes.post("/paths/release", operations.paths_release)
