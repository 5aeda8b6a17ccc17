"""Forms that act: what of a form is sent, what comes back, where one is led, and who may."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client, RequestFactory

from bus.errors import InvalidInput
from dashboard.acting import fields
from overview.queries.happened import Filter, newest

HTMX = {"HX-Request": "true"}


@pytest.fixture
def client(committed, workspace, alice, bob):
    """The browser of whoever sits at the machine."""
    return Client(HTTP_HOST="localhost")


@pytest.fixture
def sent(client, do, operator):
    """Return a function that posts a form for message_create and returns the message."""

    def sent(**form):
        order = {"to": "bob", "subject": "Look", "body": "Text"} | form
        answer = client.post("/do/message_create", order)
        assert answer.status_code == 302
        event = newest(None, Filter(type="message.created"), None, 1)[0]
        return do("message_get", operator, message=event.message)

    return sent


def order_of(operation, **form):
    return fields(RequestFactory().post(f"/do/{operation}", form), operation)


def last_type():
    return newest(None, Filter(), None, 1)[0].type


def test_empty_fields_and_those_of_the_page_are_left_out():
    form = {"to": "bob", "reply_to": "", "csrfmiddlewaretoken": "x", "back": "/", "said": "Done"}
    assert order_of("message_create", **form) == {"to": "bob"}


def test_one_name_in_a_field_that_takes_lists_is_a_list():
    assert order_of("inbox_ack", messages="msg_a") == {"messages": ["msg_a"]}
    assert order_of("inbox_ack", messages=["msg_a", "", "msg_b"]) == {"messages": ["msg_a", "msg_b"]}


def test_repeated_names_are_a_list():
    assert order_of("message_create", to=["alice", "bob"]) == {"to": ["alice", "bob"]}


def test_json_fields_are_values():
    order = order_of("message_create", **{"metadata.json": '{"a": [1, null]}', "to.json": ""})
    assert order == {"metadata": {"a": [1, None]}}


@pytest.mark.parametrize("text", ["{", "nothing", "[" * 100_000, "{'a': 1}"])
def test_what_is_no_json_is_refused(text):
    with pytest.raises(InvalidInput) as refused:
        order_of("message_create", **{"metadata.json": text})
    assert "`metadata` is not JSON" in refused.value.message


def test_form_becomes_an_operation_of_the_operator(sent):
    message = sent(**{"reply_to": "", "metadata.json": '{"a": 1}', "priority": "2"})
    assert (message.from_, message.subject, message.metadata) == ("operator", "Look", {"a": 1})


def test_plain_form_leads_back_with_what_was_done(client):
    form = {"to": "bob", "subject": "Look", "body": "Text", "back": "/messages?who=bob"}
    answer = client.post("/do/message_create", form)
    assert (answer.status_code, answer["Location"]) == (302, "/messages?who=bob")
    assert "Sent to bob" in client.get(answer["Location"]).content.decode()


@pytest.mark.parametrize(
    "back", ["https://evil.example/", "//evil.example", "javascript:alert(1)", r"\\evil.example", "", "http:///x"]
)
def test_nobody_is_led_off_the_site(client, back):
    answer = client.post("/do/backup_nothing", {"back": back})
    assert (answer.status_code, answer["Location"]) == (302, "/")


def test_script_gets_a_toast_and_is_told_that_it_is_done(client):
    form = {"to": "bob", "subject": "Look", "body": "Text"}
    answer = client.post("/do/message_create", form, headers=HTMX)
    assert answer["HX-Trigger"] == "nexus:acted"
    assert "toast-green" in answer.content.decode()
    assert "Sent to bob" in answer.content.decode()


def test_what_the_form_says_itself_is_escaped(client):
    form = {"to": "bob", "subject": "Look", "body": "Text", "said": "<b>Bold</b>"}
    text = client.post("/do/message_create", form, headers=HTMX).content.decode()
    assert "&lt;b&gt;Bold" in text
    assert "<b>Bold" not in text


@pytest.mark.parametrize(
    ("operation", "form", "words"),
    [
        ("message_create", {"to": "bob", "body": "Text"}, "subject: Field required"),
        ("message_create", {"to": "nobody", "subject": "Look", "body": "Text"}, "nobody"),
        ("handoff_cancel", {"handoff": "hnd_00000000000000000000000000"}, "There is no such"),
        ("nothing_at_all", {}, "There is no operation named 'nothing_at_all'"),
        ("session_heartbeat", {}, "session"),
        ("session_open", {"project_root": "/nowhere"}, "not on this machine"),
    ],
)
def test_refusal_is_told_in_words_and_nothing_happens(client, operation, form, words):
    before = newest(None, Filter(), None, 1)[0].pk
    answer = client.post(f"/do/{operation}", form, headers=HTMX)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "HX-Trigger" not in answer.headers
    assert "toast-red" in text
    said = re.sub(r"&#x27;", "'", re.search(r"<p>(.+?)</p>", text, re.S)[1])
    assert words in said
    assert "`" not in said
    assert newest(None, Filter(), None, 1)[0].pk == before


def test_refusal_without_script_is_on_the_page_one_comes_back_to(client):
    answer = client.post("/do/handoff_cancel", {"handoff": "hnd_no", "back": "/events"})
    assert (answer.status_code, answer["Location"]) == (302, "/events")
    assert "toast-" in client.get("/events").content.decode()


def test_only_forms_act(client):
    answer = client.get("/do/retention_run")
    assert (answer.status_code, answer["Allow"]) == (405, "POST")


def test_form_without_its_token_is_refused_and_does_nothing(client):
    guarded = Client(enforce_csrf_checks=True, HTTP_HOST="localhost")
    guarded.force_login(User.objects.create_superuser("dana"))
    before = last_type()
    form = {"to": "bob", "subject": "Look", "body": "Text"}
    assert guarded.post("/do/message_create", form).status_code == 403
    assert last_type() == before
    page = guarded.get("/settings/limits").content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
    assert guarded.post("/do/message_create", form | {"csrfmiddlewaretoken": token}).status_code == 302
    assert last_type() == "message.created"


def test_strangers_do_nothing(client):
    before = last_type()
    stranger = Client(REMOTE_ADDR="192.0.2.7", HTTP_HOST="localhost")
    form = {"to": "bob", "subject": "Look", "body": "Text"}
    text = stranger.post("/do/message_create", form, headers=HTMX).content.decode()
    assert "toast-red" in text
    assert last_type() == before
