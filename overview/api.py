"""What one agent or operator sees across rooms, over REST."""

from bus.api.routes import Routes
from overview import queries, waits

__all__ = ["routes"]

routes = Routes()

routes.get("/whoami", queries.whoami)
routes.get("/help", queries.help)
routes.get("/wake", waits.wake)
routes.get("/conversations/{peer}", queries.conversation_read)
routes.get("/search", queries.search)
