"""The admin as a person meets it: a real server, the printed link, and a browser with cookies."""

import json
import re
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

import pytest

from tests.serving.processes import PATIENCE, Serve

pytestmark = pytest.mark.slow
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')
KEY = re.compile(r"nxs_[a-z0-9]+_[0-9a-f]{64}")


class Visitor:
    """A browser without JavaScript."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.opener: OpenerDirector = build_opener(HTTPCookieProcessor(CookieJar()))

    def get(self, url: str) -> str:
        """Return the page at a URL, wherever it leads."""
        return self._read(Request(url if "://" in url else self.base + url))

    def send(self, url: str, **fields: Any) -> str:
        """Fill in the form at a URL."""
        page = self.get(url)
        once = re.search(r'name="once" value="([\w-]+)"', page)
        filled = {"csrfmiddlewaretoken": TOKEN.findall(page)[-1], **({"once": once[1]} if once else {}), **fields}
        origin = {"Origin": self.base, "Sec-Fetch-Site": "same-origin"}
        return self._read(Request(self.base + url, urlencode(filled, doseq=True).encode(), origin))

    def _read(self, request: Request) -> str:
        with self.opener.open(request, timeout=PATIENCE) as response:
            text: str = response.read().decode()
        return text


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Serve]:
    server = Serve(tmp_path / "home")
    yield server
    server.stop()
    server.clear_away()


def test_the_printed_link_leads_to_an_admin_that_acts_and_exports(served: Serve) -> None:
    visitor = Visitor(served.said["url"])
    visitor.get(served.said["dashboard"])
    assert "Agents present" in visitor.get("/admin/")
    shown = visitor.send("/admin/bus/agent/create/", name="erin", scope="agent", any_workspace="on")
    (key,) = set(KEY.findall(shown))
    me = served.ask("/api/v1/whoami", Authorization=f"Bearer {key}")
    assert me["agent"] == "erin"
    events = "/admin/bus/event/"
    assert "operator · admin · 127.0.0.1" in visitor.get(f"{events}?q=key.minted")
    everything = {"action": "export_jsonl", "select_across": "1", "index": "0", "_selected_action": "1"}
    lines = [json.loads(line) for line in visitor.send(events, **everything).splitlines()]
    minted = next(line for line in lines if line["type"] == "key.minted" and line["agent"] == "erin")
    assert (minted["person"], minted["surface"], minted["address"]) == ("operator", "admin", "127.0.0.1")
    assert key not in json.dumps(lines)
    assert "Made nexus-" in visitor.send("/admin/bus/setting/backup/")
