"""Everything that goes wrong, in the one error shape."""

import logging
import math
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.parser import Parser
from pydantic_core import from_json, to_json

from bus.errors import Internal, InvalidInput, NotFound, Refusal, TooLarge, Unauthorized, UnsupportedMedia

__all__ = ["JsonParser", "NoRoute", "install", "refused"]

log = logging.getLogger(__name__)
JSON = "application/json"


class NoRoute(NotFound):
    """There is no such route."""

    hint = "The routes are listed at /api/v1/docs."


class JsonParser(Parser):
    """Reads a body as ninja asks for it; what is not JSON is refused in our words."""

    def parse_body(self, request: HttpRequest) -> object:  # type: ignore[override]
        """Return the value of a JSON body."""
        if request.content_type != JSON:
            raise UnsupportedMedia(sent=(request.content_type or "")[:80])
        try:
            return from_json(request.body, allow_inf_nan=False)
        except ValueError as error:
            raise InvalidInput(f"The body is not JSON: {error}.", hint="Send valid JSON in UTF-8.") from None


def refused(refusal: Refusal) -> HttpResponse:
    """Return a refusal as a response."""
    response = HttpResponse(to_json(refusal.shape()), status=refusal.status, content_type=JSON)
    if refusal.status == Unauthorized.status:
        response["WWW-Authenticate"] = "Bearer"
    if refusal.retry_after is not None:
        response["Retry-After"] = str(max(1, math.ceil(refusal.retry_after)))
    return response


def install(api: NinjaAPI) -> None:
    """Let `api` answer every exception in the one shape."""
    for kind in (Exception, Http404, HttpError, Refusal, RequestDataTooBig, ValidationError):
        api.add_exception_handler(kind, _answered)


def _answered(request: HttpRequest, error: Any) -> HttpResponse:
    return refused(_refusal(request, error))


def _refusal(request: HttpRequest, error: Exception) -> Refusal:
    """Return what an exception means to the caller; what we did not expect is logged."""
    match error:
        case Refusal():
            return error
        case Http404():
            return NoRoute()
        case RequestDataTooBig():
            return TooLarge()
        case HttpError():  # ninja's own, around what the parser said
            cause = error.__cause__
            return cause if isinstance(cause, Refusal) else InvalidInput(str(error))
        case ValidationError():  # the door checks orders, so this is about the rest of a request
            fields = [{"field": str(part["loc"][-1]), "problem": part["msg"]} for part in error.errors]
            return InvalidInput(f"`{fields[0]['field']}`: {fields[0]['problem']}.", fields=fields)
    log.error("%s %s failed", request.method, request.path, exc_info=error)
    return Internal()
