"""The two ways to call an operation: over REST where a server runs, else through the database with a lane of its own.

A command does not know which one it got.
"""

import atexit
import http.client
import json
import os
import urllib.parse
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from nexus_site.cli.command import USAGE, Failed, Json
from nexus_site.cli.routes import route_of
from nexus_site.config import Config
from nexus_site.serving import lock
from nexus_site.serving.home import OPERATOR_KEY

__all__ = ["Local", "Remote", "Way", "bring_up_to_date", "configuration", "faults", "load", "operator_key", "way"]

API = "/api/v1/"
PATIENCE = 330.0  # the longest wait an operation takes, and some


class Way(Protocol):
    """How operations are called."""

    def call(self, name: str, arguments: Json) -> Json:
        """Return the answer, or raise `Failed` with the refusal."""
        ...


def configuration() -> Config:
    """Return what the environment says; a bad value ends the command."""
    from nexus_site import config

    with faults():
        return config.read()


def way(key: str = "") -> Way:
    """Return the way to the server of NEXUS_URL or of the data directory, else to the database itself.

    Without a key it is the operator who calls.
    """
    home = configuration().home
    running = lock.running(home)
    url = os.environ.get("NEXUS_URL", "")
    if url and (running is None or url.rstrip("/") != running.url):
        return Remote(url, key)
    if running is not None:
        return Remote(running.url, key or operator_key(home))
    return Local(home, key)


def operator_key(home: Path) -> str:
    """Return the key of whoever may read the data directory, empty where there is none."""
    try:
        return (home / OPERATOR_KEY).read_text().strip()
    except OSError:
        return ""


class Remote:
    """Calls operations over REST, by the routes that the server's OpenAPI description names."""

    def __init__(self, url: str, key: str) -> None:
        """Say where the server is, and who calls; an empty key is the person at the server's machine."""
        self.url = url.rstrip("/")
        parts = urllib.parse.urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            hint = "Set it like http://127.0.0.1:8642."
            raise Failed.because(f"NEXUS_URL is no web address: {url!r}.", hint, USAGE, "invalid_input")
        self._is_plain, self._netloc = parts.scheme == "http", parts.netloc
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}

    def call(self, name: str, arguments: Json) -> Json:
        """Return the answer of the operation."""
        route = route_of(self._description, name, arguments)
        path, query, body = route.filled(arguments)
        return self.request(route.method, path + (f"?{query}" if query else ""), body)

    @cached_property
    def _description(self) -> Json:
        return self.request("GET", f"{API}openapi.json", None)

    def request(self, method: str, path: str, body: Json | None) -> Json:
        """Send one request and return the JSON it is answered with; raise what the server refused."""
        with self.open(method, path, body) as response:
            status, text = response.status, response.read()
        answer = _parsed(text)
        if status >= 400 and "error" in answer:
            raise Failed(answer)
        if status >= 300 or not answer:
            raise Failed.because(f"{self.url} answered {status} and no JSON.", "Is it Nexus? See `nexus status`.")
        return answer

    def exchange(self, path: str, body: Json, **headers: str) -> Json:
        """Send one JSON-RPC request and return its answer, in one document or as the last event of a stream."""
        with self.open("POST", path, body, **headers) as response:
            text = response.read()
        events = [line[5:] for line in text.splitlines() if line.startswith(b"data:")]
        answer = _parsed(events[-1] if events else text)
        if "result" not in answer and "error" not in answer:
            raise Failed.because(f"{self.url} did not answer over MCP.", "Is it Nexus? See `nexus status`.")
        return answer

    @contextmanager
    def open(self, method: str, path: str, body: Json | None, **headers: str) -> Iterator[http.client.HTTPResponse]:
        """Send one request and give the response as it begins; a server that is not there ends the command."""
        make = http.client.HTTPConnection if self._is_plain else http.client.HTTPSConnection
        connection = make(self._netloc, timeout=PATIENCE)
        sent = None if body is None else json.dumps(body).encode()
        more = {} if sent is None else {"Content-Type": "application/json"}
        with closing(connection):
            try:
                connection.request(method, path, sent, {**self._headers, **more, **headers})
                response = connection.getresponse()
            except (OSError, http.client.HTTPException) as error:
                raise Failed.because(f"{self.url} does not answer: {error}.", "See `nexus status`.") from error
            with response:
                yield response


def _parsed(text: bytes) -> Json:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


class Local:
    """Calls operations in this process, on the database."""

    def __init__(self, home: Path, key: str) -> None:
        """Say which data, and who calls; an empty key is the operator."""
        self._home, self._key = home, key

    def call(self, name: str, arguments: Json) -> Json:
        """Return the answer of the operation."""
        from bus.errors import Refusal

        load(self._home)
        bring_up_to_date(self._home)
        from bus import door

        try:
            answer = door.run(name, self._caller(), arguments)
        except Refusal as refusal:
            raise Failed(json.loads(json.dumps(refusal.shape(), default=str))) from refusal
        return dict(json.loads(answer.json_text()))

    def _caller(self) -> Any:
        from bus import identity
        from bus.directory import directory
        from bus.errors import Unauthorized

        if not self._key:
            return identity.operator("cli")
        key = directory.key(self._key)
        if key is None:
            raise Unauthorized("That key is unknown or revoked.")
        return identity.from_key(key, "cli")


@contextmanager
def faults() -> Iterator[None]:
    """End the command with a sentence where the configuration is wrong or the data cannot be used."""
    from django.core.exceptions import ImproperlyConfigured

    from nexus_site.serving.faults import CannotServe

    try:
        yield
    except ImproperlyConfigured as error:
        raise Failed.because(str(error), "", code=USAGE, kind="invalid_input") from error
    except CannotServe as fault:
        raise Failed.because(fault.message, "", code=fault.code) from fault


def load(home: Path, settings: str = "nexus_site.settings") -> None:
    """Load Nexus into this process, with these settings unless the environment names others."""
    import django

    from nexus_site.serving import home as homes

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", settings)
    with faults():
        homes.prepare(home)
        django.setup()


def bring_up_to_date(home: Path) -> None:
    """Make the databases where they are new, and migrate them where they are old; and close them in the end."""
    from django.db import connections

    from bus.writer import lane
    from nexus_site.serving import database

    atexit.register(connections.close_all)
    atexit.register(lane.close)
    with faults():
        if database.is_current():
            return
        with lock.alone(home) as is_alone:
            if not is_alone:
                raise Failed.because("A server is just starting on this data.", "Try again in a moment.")
            database.prepare()
