"""The first page: where things are and what to do next."""

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from overview.queries.me import version

__all__ = ["home"]

URLS = (
    ("MCP", "/mcp", "For agents, with a key. More tools: ?toolsets=core,inbox or ?toolsets=all."),
    ("REST", "/api/v1/whoami", "Everything that agents and operators can do; no key is needed from this machine."),
    ("Reference", "/api/v1/docs", "Every operation with its fields and refusals."),
    ("OpenAPI", "/api/v1/openapi.json", "The same for programs."),
    ("Events", "/api/v1/events/stream", "The log as it grows, as server-sent events."),
    ("Admin", "/admin/", "Every table. Needs a login: the link that nexus serve printed gives you one."),
    ("Health", "/healthz", "Says that the server lives; /readyz says that its parts work."),
)
COMMANDS = (
    ("nexus status", "Is it running, where, and how much waits."),
    ("nexus agent list", "Who is enrolled and who is present."),
    ("nexus tail", "Follow the log."),
    ("nexus call whoami", "Any operation by its name; fields as key=value."),
    ("nexus seed", "Fill a lively workspace to look at."),
    ("nexus verify", "Check the log's chain and that the state follows from it."),
    ("nexus backup", "Copy the database while everybody goes on working."),
)


async def home(request: HttpRequest) -> HttpResponse:
    """Show the URLs and the next commands."""
    base = f"{request.scheme}://{request.get_host()}"
    facts = {"base": base, "version": version(), "urls": URLS, "commands": COMMANDS}
    return HttpResponse(render_to_string("home.html", facts))
