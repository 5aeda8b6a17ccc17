"""Who calls over REST: a key, else a logged-in person, else the person at this machine (not with NEXUS_LOOPBACK=login).

A key that is sent decides: a wrong one is refused, it never falls back to the person at the machine.
"""

import ipaddress
import re
from functools import partial

from django.conf import settings
from django.http import HttpRequest
from ninja.utils import check_csrf

from bus import identity, people
from bus.directory import directory
from bus.errors import Forbidden, Unauthorized, WrongOrigin
from bus.identity import Caller
from bus.readers import readers

__all__ = ["SURFACE", "Access", "access", "is_at_this_machine", "person"]

SURFACE = "rest"
PORT = re.compile(r":\d+$")
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
LOG_IN = "Open the link that `nexus serve` prints (once more when it runs already), or send a key."
FORWARDED = ("HTTP_FORWARDED", "HTTP_VIA", "HTTP_X_FORWARDED", "HTTP_X_REAL_IP")


class Access:
    """Authenticates a request for ninja and describes how in OpenAPI."""

    openapi_security_schema = {
        "type": "http",
        "scheme": "bearer",
        "description": "An agent's key. A person at the server's own machine needs none.",
    }

    async def __call__(self, request: HttpRequest) -> Caller:
        """Return the caller behind a request, or refuse it."""
        sent = request.headers.get("Authorization")
        if sent is not None:
            keyed: Caller = await readers.look(partial(_keyed, request, _secret(sent)))
            return keyed
        _refuse_other_sites(request)
        found = await person(request, SURFACE, _workspace(request))
        return _with_csrf(request, found) if found.person else found


async def person(request: HttpRequest, surface: str, workspace: str) -> Caller:
    """Return the operator behind a request without a key: who is logged in, else, where that is open, who is here."""
    _refuse_other_origins(request)
    if settings.SESSION_COOKIE_NAME in request.COOKIES:
        logged_in: Caller | None = await readers.run(partial(_logged_in, request, surface, workspace))
        if logged_in is not None:
            return logged_in
    if not is_at_this_machine(request):
        raise Unauthorized()
    if settings.LOOPBACK == "login":
        raise Unauthorized("On this server the person at the machine logs in too.", hint=LOG_IN)
    here = partial(identity.operator, surface, _address(request), workspace=workspace)
    operator: Caller = await readers.look(here)
    return operator


def _secret(header: str) -> str:
    scheme, _, secret = header.partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthorized("The Authorization header is not `Bearer` and a key.")
    return secret.strip()


def _keyed(request: HttpRequest, secret: str) -> Caller:
    key = directory.key(secret)
    if key is None:
        raise Unauthorized("That key is unknown or revoked.")
    session = request.headers.get("Nexus-Session", "")
    return identity.from_key(key, SURFACE, _address(request), workspace=_workspace(request), session=session)


def _logged_in(request: HttpRequest, surface: str, workspace: str) -> Caller | None:
    """Return the operator behind a login; only staff are operators."""
    user = request.user
    if not (user.is_active and user.is_staff):
        return None
    name = people.operator_for(user)
    username = user.get_username()
    return identity.operator(surface, _address(request), name=name, person=username, workspace=workspace)


def _with_csrf(request: HttpRequest, caller: Caller) -> Caller:
    if request.method not in SAFE and check_csrf(request) is not None:
        raise Forbidden("The CSRF token is missing or wrong.", hint="Send the `nexus_csrf` cookie as `X-CSRFToken`.")
    return caller


def _refuse_other_sites(request: HttpRequest) -> None:
    """Refuse what a page elsewhere makes the browser fetch: a wait holds a connection, a read may open a session."""
    site = request.headers.get("Sec-Fetch-Site", "none")
    if site not in ("none", "same-origin"):
        raise WrongOrigin(site=site[:20])


def _refuse_other_origins(request: HttpRequest) -> None:
    """Refuse what a script elsewhere reads, also from a browser that sends no Sec-Fetch-Site; a link sends no Origin."""
    origin, host = request.headers.get("Origin"), request.headers.get("Host", "").lower()
    if origin is not None and origin.lower() not in (f"http://{host}", f"https://{host}"):
        raise WrongOrigin(origin=origin[:200])


def is_at_this_machine(request: HttpRequest) -> bool:
    """Say whether a request comes straight from this machine: a loopback address and name, and no proxy between."""
    name = PORT.sub("", request.headers.get("Host", ""))
    if name.lower() not in settings.LOOPBACK_NAMES or any(header.startswith(FORWARDED) for header in request.META):
        return False
    try:
        address = ipaddress.ip_address(_address(request))
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def _address(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


def _workspace(request: HttpRequest) -> str:
    return request.GET.get("workspace", "")


access = Access()
