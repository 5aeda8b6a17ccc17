"""Whatever is wrong with a request, the answer is the one error shape."""

import pytest
from django.core.exceptions import RequestDataTooBig
from django.http import Http404
from django.test import RequestFactory
from ninja.errors import HttpError, ValidationError

from bus.errors import Busy
from nexus_site.rest import api
from nexus_site.rest.problems import refused

NOTE = {"to": "bob", "subject": "Hello", "body": "There"}
LONG = "x" * 65_537
WRONG = {
    "missing field": ("POST", "/messages", {"to": "bob", "body": "There"}, 422, "invalid_input"),
    "unknown field": ("POST", "/messages", NOTE | {"colour": "red"}, 422, "invalid_input"),
    "wrong type": ("POST", "/messages", NOTE | {"priority": "high"}, 422, "invalid_input"),
    "out of range": ("POST", "/messages", NOTE | {"priority": 10}, 422, "invalid_input"),
    "too long": ("POST", "/messages", NOTE | {"body": LONG}, 422, "invalid_input"),
    "too long in bytes": ("POST", "/messages", NOTE | {"body": "é" * 40_000}, 422, "invalid_input"),
    "unknown agent": ("POST", "/messages", NOTE | {"to": "bobb"}, 422, "unknown_agent"),
    "agent elsewhere": ("POST", "/messages", NOTE | {"to": "mallory"}, 422, "unknown_agent"),
    "nobody reached": ("POST", "/messages", NOTE | {"to": {"capability": "cook"}}, 422, "no_recipients"),
    "unknown id": ("GET", "/messages/msg_unknown", None, 404, "not_found"),
    "unknown id to ack": ("POST", "/inbox/ack", {"messages": ["msg_unknown"]}, 404, "not_found"),
    "unknown handoff": ("POST", "/handoffs/hnd_unknown/claim", {}, 404, "not_found"),
    "bad cursor": ("GET", "/messages?cursor=cur_nonsense", None, 422, "invalid_input"),
    "bad number": ("GET", "/inbox?limit=ten", None, 422, "invalid_input"),
    "unknown parameter": ("GET", "/inbox?colour=red", None, 422, "invalid_input"),
    "broken JSON": ("POST", "/inbox/pull", b'{"limit": ', 422, "invalid_input"),
    "no UTF-8": ("POST", "/inbox/pull", b'{"limit": "\xff"}', 422, "invalid_input"),
    "half a character": ("POST", "/messages", b'{"to":"bob","subject":"\\ud800","body":"b"}', 422, "invalid_input"),
    "not a number": (
        "POST",
        "/messages",
        b'{"to":"bob","subject":"a","body":"b","metadata":{"a":NaN}}',
        422,
        "invalid_input",
    ),
    "nested too deep": ("POST", "/inbox/pull", b'{"limit": ' + b"[" * 5000, 422, "invalid_input"),
    "no object": ("POST", "/inbox/pull", [1], 422, "invalid_input"),
    "oversized": ("POST", "/messages", b'{"body": "' + b"x" * 1_048_577, 413, "too_large"),
    "unknown route": ("GET", "/nowhere", None, 404, "not_found"),
    "wrong method": ("DELETE", "/inbox", None, 405, "method_not_allowed"),
}


@pytest.mark.parametrize("name", sorted(WRONG))
async def test_bad_input_is_refused_in_the_one_shape(rest, alice, bob, mallory, name, assert_refused):
    method, path, body, status, code = WRONG[name]
    reply = await rest("alice").send(method, path, body)
    assert reply.status == status
    assert reply.headers["content-type"] == "application/json"
    assert_refused(reply.json, code)
    assert (await rest("bob").get("/inbox/count"))["unread"] == 0


async def test_refusal_names_each_field_and_what_was_sent(rest, alice, assert_refused):
    answer = await rest("alice").post("/messages", subject="", body=1)
    fields = assert_refused(answer, "invalid_input")["details"]["fields"]
    assert {(field["field"], field["sent"]) for field in fields} == {("subject", "''"), ("body", "1")}


async def test_media_other_than_json_is_refused(rest, alice, assert_refused):
    own = {"origin": "http://127.0.0.1:8642", "content_type": "application/x-www-form-urlencoded"}
    reply = await rest("alice").send("POST", "/inbox/pull", b"limit=1", **own)
    assert reply.status == 415
    assert_refused(reply.json, "unsupported_media")


def test_busy_says_when_to_come_back():
    response = refused(Busy(retry_after=0.2))
    assert (response.status_code, response["Retry-After"]) == (503, "1")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Http404(), 404, b"not_found"),
        (RequestDataTooBig(), 413, b"too_large"),
        (HttpError(400, "Cannot parse request body"), 422, b"invalid_input"),
        (ValidationError([{"loc": ("query", "after"), "msg": "is wrong"}]), 422, b"invalid_input"),
        (ZeroDivisionError("a secret"), 500, b"internal"),
    ],
)
def test_every_exception_becomes_the_one_shape(error, status, code):
    response = api.on_exception(RequestFactory().get("/api/v1/whoami"), error)
    assert response.status_code == status
    assert b'"code":"' + code + b'"' in response.content
    assert b"secret" not in response.content


async def test_a_call_without_a_body_needs_no_content_type_where_a_key_shows_that_no_page_sent_it(rest, alice):
    reply = await rest("alice").send("POST", "/inbox/pull", None, content_type=None)
    assert (reply.status, reply.json) == (200, {"messages": [], "waiting": 0})
    assert (await rest("alice").send("POST", "/inbox/pull", b"{}", content_type=None)).status == 415
    assert (await rest().send("POST", "/inbox/pull", None, content_type=None)).status == 415
