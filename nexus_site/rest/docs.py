"""The description of the REST surface: OpenAPI for programs and a page for people, both without outside resources."""

import re
from functools import cache

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from pydantic_core import to_json

from nexus_site.reference.facts import facts, toolsets
from nexus_site.reference.refusals import every
from nexus_site.rest import api

__all__ = ["docs", "document", "openapi"]

PREFIX = "/api/v1/"
REFUSED = {
    "description": "Refused: nothing was changed.",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["error"],
                "properties": {
                    "error": {
                        "type": "object",
                        "required": ["code", "message", "details", "hint"],
                        "properties": {
                            "code": {"type": "string"},
                            "message": {"type": "string"},
                            "details": {"type": "object"},
                            "hint": {"type": "string", "description": "How to mend it."},
                            "retry_after": {"type": "number", "description": "Seconds to wait."},
                        },
                    }
                },
            }
        }
    },
}


@cache
def document() -> bytes:
    """Return the OpenAPI document as JSON."""
    schema = api.get_openapi_schema(path_prefix=PREFIX)
    schema["components"]["responses"] = {"Refused": REFUSED}
    return to_json(schema)


@cache
def _page() -> str:
    parts = {name: shape for fact in facts() for name, shape in fact.parts.items()}
    shown = {
        "toolsets": toolsets(),
        "parts": [parts[name] for name in sorted(parts)],
        "refusals": [refusal() for refusal in every()],
    }
    return re.sub(r"`([^`<]+)`", r"<code>\1</code>", render_to_string("reference.html", shown))


async def openapi(request: HttpRequest) -> HttpResponse:
    """Answer the OpenAPI description."""
    return HttpResponse(document(), content_type="application/json")


async def docs(request: HttpRequest) -> HttpResponse:
    """Show the reference page."""
    return HttpResponse(_page())
