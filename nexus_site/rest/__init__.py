"""The REST surface: the rooms' routes under /api/v1, one way to authenticate, one error shape."""

from ninja import NinjaAPI

import bus.api
import handoffs.api
import overview.api
from bus.api.routes import REFUSED
from nexus_site.mcp.exchange import DESCRIBED, exchange
from nexus_site.rest.access import access
from nexus_site.rest.problems import JsonParser, install
from nexus_site.stream import stream
from overview.queries.me import version

__all__ = ["ROUTES", "api"]

ROOMS = (overview.api.routes, bus.api.routes, handoffs.api.routes)
ROUTES = [route for room in ROOMS for route in room.table]
ABOUT = """Coordinates coding agents on one repository: mail, handoffs and a log of everything.

Send `Authorization: Bearer KEY`; a person at the server's own machine needs no key. `?workspace=` moves any call to
another workspace. Fields that are null are left out of answers."""
STREAM = {200: {"description": "Events.", "content": {"text/event-stream": {"schema": {"type": "string"}}}}}

api = NinjaAPI(
    title="Nexus",
    version=version(),
    description=ABOUT,
    openapi_url=None,
    docs_url=None,
    urls_namespace="rest",
    auth=[access],
    parser=JsonParser(),
)
install(api)
for room in ROOMS:
    api.add_router("", room.closed())
api.get(
    "/events/stream",
    operation_id="event_stream",
    summary="Event stream",
    tags=["events"],
    openapi_extra={"responses": STREAM | REFUSED},
)(stream)
api.post("/mcp", operation_id="mcp", summary="MCP", tags=["mcp"], auth=None, openapi_extra=DESCRIBED)(exchange)
api.api_operation(["GET", "PUT", "PATCH", "DELETE"], "/mcp", auth=None, include_in_schema=False)(exchange)
