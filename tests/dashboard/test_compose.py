"""The composer: a page that works by forms alone, and a dialog that gives back what was typed."""

import re

import pytest
from playwright.sync_api import expect

from tests.dashboard.browser import NARROW, Eyes

pytestmark = pytest.mark.slow


@pytest.fixture
def http(served, ann, ben):
    for agent in (ann, ben):
        agent.get("whoami")  # selectors and broadcasts reach who was heard
    return served.client(base_url=served.url)


def post(http, path="/compose", **fields):
    """Send the form as a browser without JavaScript does."""
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', http.get("/compose").text)[1]
    return http.post(path, data={"csrfmiddlewaretoken": token, **fields}, follow_redirects=True)


def test_message_reaches_every_agent_that_was_ticked(http, ann, ben):
    reply = post(http, kind="message", to=["ann", "ben"], title="To both of you", body="**Now**")
    assert "Sent to 2 agents" in reply.text
    assert reply.url.path == "/messages"
    for agent in (ann, ben):
        assert "To both of you" in [each["subject"] for each in agent.get("messages", limit=5)["messages"]]


def test_message_goes_to_whoever_has_a_capability(http, ben):
    reply = post(http, kind="message", capability="review", title="For reviewers", body="")
    assert "Sent to ben" in reply.text
    assert ben.get("messages", limit=1)["messages"][0]["to"] == {"capability": "review"}


def test_broadcast_reaches_everybody_present(http, ann, ben):
    assert "Sent to " in post(http, kind="broadcast", title="Freeze", body="At four").text
    assert ann.get("messages", limit=1)["messages"][0]["kind"] == "broadcast"


def test_handoff_carries_all_that_was_filled_in(http, ben):
    reply = post(
        http,
        kind="handoff",
        to="ben",
        title="Fix the login",
        body="It loops",
        priority="8",
        lease_seconds="600",
        criteria="Tests are green\n\nNo new warnings\n",
        verify_by="ann",
        paths="src/login/**\nsrc/session.py",
        due_at="2099-01-31T14:00",
    )
    assert "Handed off" in reply.text
    assert reply.url.path == "/handoffs"
    listed = ben.get("handoffs", available=True)["handoffs"]
    found = ben.get(f"handoffs/{next(each['handoff'] for each in listed if each['title'] == 'Fix the login')}")
    assert found["acceptance_criteria"] == ["Tests are green", "No new warnings"]
    assert found["paths"] == ["src/login/**", "src/session.py"]
    assert (found["priority"], found["due_at"][:16]) == (8, "2099-01-31T14:00")


@pytest.mark.parametrize(
    ("fields", "name", "said"),
    [
        ({"kind": "message", "to": "ann"}, "title", "Say in one line"),
        ({"kind": "message", "title": "Hello"}, "to", "Choose at least one agent"),
        ({"kind": "message", "title": "Hello", "to": "nobody-here"}, "to", "There is no agent named"),
        ({"kind": "message", "title": "Hello", "to": "ann", "priority": "12"}, "priority", "less than or equal to 9"),
        ({"kind": "message", "title": "x" * 300, "to": "ann"}, "title", "at most 200 characters"),
        ({"kind": "message", "title": "Hello", "to": "ann", "body": "x" * 70_000}, "body", "at most 65536 bytes"),
        ({"kind": "handoff", "title": "Hello", "to": "ann", "lease_seconds": "soon"}, "lease_seconds", "valid integer"),
        ({"kind": "handoff", "title": "Hello", "to": "ann", "due_at": "someday"}, "due_at", "valid datetime"),
        ({"kind": "handoff", "title": "Hello", "to": "ann", "due_at": "2001-01-01T00:00"}, "due_at", "future"),
    ],
)
def test_refused_form_comes_back_as_typed_with_the_reason_by_the_field(http, fields, name, said):
    reply = post(http, **{"body": "What I <wrote>", **fields})
    assert reply.status_code == 200
    (why,) = re.findall(rf'id="why-{name}">([^<]*)<', reply.text)
    assert said in why
    assert "What I &lt;wrote&gt;" in reply.text or len(fields.get("body", "")) > 1000
    assert f'value="{fields["kind"]}" checked' in reply.text


def test_what_belongs_to_no_field_is_said_at_the_foot(http):
    reply = post(http, kind="message", title="Hello", to="ann", workspace="nowhere")
    assert re.search(r'role="alert">There is no such workspace', reply.text)


def test_link_can_begin_a_handoff_for_somebody(http):
    text = http.get("/compose", params={"kind": "handoff", "to": "ben"}).text
    assert 'value="handoff" checked' in text
    assert 'name="to" value="ben" checked' in text
    assert 'name="to" value="ann" checked' not in text


def test_preview_is_harmless_and_keeps_what_was_typed(http):
    text = post(http, "/compose/preview", kind="message", title="T", body="**hi** <script>x()</script>").text
    assert "<strong>hi</strong> &lt;script&gt;" in text
    assert "**hi** &lt;script&gt;" in text
    assert http.get("/compose/preview").status_code == 405


def test_form_of_another_site_is_refused(http):
    assert http.post("/compose", data={"kind": "broadcast", "title": "Hello"}).status_code == 403


def test_dialog_sends_without_leaving_the_page(eyes: Eyes, ann, ben):
    page = eyes.go("/settings")
    page.keyboard.press("c")
    sheet = page.locator("#sheet")
    expect(sheet.get_by_label("Subject")).to_be_focused()
    page.keyboard.type("From the dialog")
    sheet.get_by_label("Text").fill("Hello **you**")
    sheet.get_by_role("button", name="Preview").click()
    expect(sheet.locator(".compose-preview strong")).to_have_text("you")
    sheet.get_by_role("button", name="Send").click()
    expect(sheet.locator("#why-to")).to_have_text("Choose at least one agent, or a capability")
    expect(sheet.get_by_label("Subject")).to_have_value("From the dialog")
    sheet.get_by_role("checkbox", name="ben").check()
    sheet.get_by_label("Text").press("Control+Enter")
    expect(page.locator("#toasts")).to_contain_text("Sent to ben")
    expect(sheet).to_be_hidden()
    expect(page).to_have_url(re.compile("/settings$"))
    assert ben.get("messages", limit=1)["messages"][0]["subject"] == "From the dialog"


def test_only_the_fields_of_the_chosen_sort_are_shown(eyes: Eyes, ann):
    page = eyes.go("/compose")
    expect(page.get_by_label("Done when")).to_be_hidden()
    page.get_by_text("Handoff", exact=True).click()
    expect(page.get_by_label("Done when")).to_be_visible()
    page.get_by_text("Broadcast", exact=True).click()
    expect(page.locator(".compose-people")).to_be_hidden()


def test_phone_shows_the_whole_form(browser, served, ann):
    eyes = Eyes(browser, served.url, viewport=NARROW)
    page = eyes.go("/compose?kind=handoff")
    assert page.evaluate("document.documentElement.scrollWidth") == NARROW["width"]
    expect(page.locator("[data-send]")).to_be_in_viewport()
    assert eyes.problems() == []
    eyes.close()
