"""Where things are, and what is shown when there is no page."""

import re

import pytest

from nexus_site import asgi
from tests.protocol.wires import wire


async def page(path, **headers):
    reply = await wire("GET", path, headers).run()
    return reply, reply.body.decode()


async def test_about_names_the_urls_and_the_next_commands(surface):
    reply, text = await page("/settings/about")
    assert reply.status == 200
    for part in ("http://127.0.0.1:8642/mcp", "/api/v1/docs", "/healthz", "nexus agent add", "nexus tail"):
        assert part in text


async def test_about_shows_the_address_it_was_reached_by(surface):
    _, text = await page("/settings/about", host="localhost:9000")
    assert "http://localhost:9000/mcp" in text


async def test_every_link_of_about_leads_somewhere(surface):
    _, text = await page("/settings/about")
    links = {link.partition("#")[0] for link in re.findall(r'href="(/[^"]*)"', text)} - {
        "/mcp",
        "/api/v1/events/stream",
    }
    assert links >= {"/api/v1/docs", "/static/css/tokens.css", "/healthz", "/welcome"}
    for link in links:
        reply, _ = await page(link)
        assert reply.status in (200, 302), link


async def test_plain_page_loads_nothing_from_elsewhere(surface):
    _, text = await page("/nowhere")
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', text)
    assert "<script" not in text
    assert "style=" not in text


@pytest.mark.parametrize("path", ["/nowhere", "/apis", "/login", "/static/missing.css"])
async def test_unknown_page_is_a_plain_page(surface, path):
    reply, text = await page(path)
    assert (reply.status, reply.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "There is no such page" in text


async def test_unknown_api_url_is_the_error_shape_through_django_too(surface):
    reply = await wire("GET", "/api/v2/whoami").run(asgi.django)
    assert (reply.status, reply.json["error"]["code"]) == (404, "not_found")


async def test_asset_is_sent_once_and_to_nobody_elsewhere(surface):
    first, text = await page("/static/nexus.css")
    again, _ = await page("/static/nexus.css", **{"if-none-match": first.headers["etag"]})
    assert (first.status, first.headers["content-type"]) == (200, 'text/css; charset="utf-8"')
    assert "color-scheme: light dark" in text
    assert "access-control-allow-origin" not in first.headers
    assert (again.status, again.body) == (304, b"")


async def test_part_of_an_asset_is_sent_when_asked_for(surface):
    reply, text = await page("/static/nexus.css", range="bytes=0-5")
    assert (reply.status, text) == (206, "@layer")


async def test_probe_answers_without_django_s_chain(surface):
    reply, _ = await page("/healthz")
    assert (reply.status, reply.json) == (200, {"status": "alive"})
