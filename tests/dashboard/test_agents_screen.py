"""Agents and the talk of two, on a real server: without JavaScript, in a browser, and live."""

import re

import pytest
from django.http import QueryDict
from playwright.sync_api import expect

from bus import clock
from bus.events import newest_id
from dashboard import talking
from dashboard.look import Look
from dashboard.people import height, selector, spark
from dashboard.views.agents import build, fragments, inspect
from overview.queries.happened import happened
from tests.dashboard.browser import NARROW, Eyes, held


@pytest.fixture(scope="module")
def http(served):
    return served.client(base_url=served.url)


@pytest.fixture
def look(operator, workspace):
    """Return a function that looks at `atlas` with a query."""

    def look(query=""):
        return Look(operator, workspace.id, QueryDict(query), "/agents")

    return look


@pytest.fixture
def told(look):
    """Return a function that does something and returns the fragments that it led to."""

    def told(act):
        before = newest_id()
        act()
        return fragments(look(), happened(look().workspace, before))

    return told


def post(http, path, form, page):
    """Send a form as a browser without JavaScript does."""
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', http.get(page).text)
    assert found
    return http.post(path, data={"csrfmiddlewaretoken": found[1], **form}, follow_redirects=True)


def row_of(text, name):
    return text.partition(f'data-item="@{name}"')[2].partition("</tr>")[0]


def secret_in(text):
    found = re.search(r'id="key-text">([^<]*)<', text)
    return found[1] if found else ""


def test_each_agent_is_a_row_or_a_card(http, ann, ben):
    table = http.get("/agents").text
    assert "implementer, Codex" in row_of(table, "ann")
    assert "1 key" in row_of(table, "ben")
    cards = http.get("/agents?view=cards").text
    assert 'class="panel person-card"' in cards
    assert 'data-item="@ben"' in cards


def test_filters_are_in_the_url_and_an_empty_list_says_how_to_clear_them(http, ann, ben):
    assert 'data-item="@ann"' not in http.get("/agents?capability=review").text
    nothing = http.get("/agents?capability=review&q=nobody").text
    assert "Nothing matches" in nothing
    assert "Clear 2 filters" in nothing


def test_a_new_agent_gets_a_key_that_is_shown_once_and_works(http, served):
    form = {"name": "zoe", "harness": "gemini-cli", "role": "tester", "words": "tests, play", "label": "laptop"}
    form |= {"idempotency_key": "once"}
    page = post(http, "/agents/new", form, "/agents/new")
    key = secret_in(page.text)
    assert key.startswith("nxs_")
    assert "no-store" in page.headers["Cache-Control"]
    assert key not in str(page.url)
    me = served.client(base_url=served.url, headers={"Authorization": f"Bearer {key}"}).get("/api/v1/whoami").json()
    assert (me["agent"], me["harness"], me["capabilities"]) == ("zoe", "gemini-cli", ["play", "tests"])
    again = post(http, "/agents/new", form, "/agents/new")
    assert again.status_code == 200
    assert secret_in(again.text) == ""
    assert "shown already" in again.text


@pytest.mark.parametrize("harness", ["claude-code", "codex", "gemini-cli", "cursor", "opencode"])
def test_the_page_of_a_key_has_lines_for_every_harness(http, ann, served, harness):
    page = post(http, "/agents/ann/keys", {"agent": "ann", "label": f"for {harness}"}, "/agents/ann/keys").text
    lines = page.partition(f'id="snippet-{harness}">')[2].partition("</code>")[0]
    assert f"{served.url}/mcp" in lines
    assert "NEXUS_KEY" in lines


def test_a_refused_name_keeps_the_form_and_says_why(http, ann):
    page = post(http, "/agents/new", {"name": "ann", "role": "tester"}, "/agents/new").text
    assert secret_in(page) == ""
    assert "An agent has that name already" in page
    assert 'value="tester"' in page


def test_a_key_may_expire_and_may_only_read(http, ann, served):
    form = {"agent": "ann", "label": "reader", "scope": "read", "days": "7"}
    assert secret_in(post(http, "/agents/ann/keys", form, "/agents/ann/keys").text)
    keys = served.operator().get("agents/ann")["keys"]
    made = next(key for key in keys if key.get("label") == "reader")
    assert made["scope"] == "read"
    assert made["expires_at"] > clock.now().isoformat()


def test_the_line_of_a_key_turns_green_with_its_first_call(http, ann, served):
    key = secret_in(post(http, "/agents/ann/keys", {"agent": "ann", "label": "new"}, "/agents/ann/keys").text)
    url = f"/agents/ann/keys/{key.split('_')[1]}/connection"
    waiting = http.get(url)
    assert 'hx-trigger="every 2s"' in waiting.text
    caller = served.client(base_url=served.url, headers={"Authorization": f"Bearer {key}"})
    caller.post("/api/v1/sessions", json={"project_root": str(served.project)}).raise_for_status()
    connected = http.get(url).text
    assert "Connected" in connected
    assert "hx-trigger" not in connected


def test_a_key_is_revoked_and_an_agent_archived_without_javascript(http, served):
    key = secret_in(post(http, "/agents/new", {"name": "yan"}, "/agents/new").text)
    page = "/agents?inspect=@yan"
    assert "Revoke the key" in http.get(page).text
    form = {"agent": "yan", "key": key.split("_")[1], "back": page}
    assert "Key revoked" in post(http, "/do/key_revoke", form, page).text
    assert "no key" in row_of(http.get("/agents").text, "yan")
    assert "Archived" in post(http, "/do/agent_archive", {"agent": "yan", "back": "/agents"}, page).text
    assert 'data-item="@yan"' not in http.get("/agents").text
    assert "What it said stays" in http.get(page).text


def test_the_waking_of_an_agent_is_paused_and_resumed_and_its_history_shown(http, served, ann):
    page = "/agents?inspect=@ann"
    served.operator().post("messages", to="ann", subject="Wake up", body="")
    assert ann.post("wake/claim", waiter="claude-code")["wakes_left"] == 19
    assert "woken 1 time in the last hour" in http.get(page).text
    assert "as operator wrote" in http.get(page).text
    form = {"agent": "ann", "paused": "true", "back": page}
    assert "Nothing wakes ann now" in post(http, "/do/wake_pause", form, page).text
    assert "waking paused" in http.get(page).text
    assert ann.post("wake/claim")["error"]["code"] == "wakes_paused"
    assert "ann may be woken again" in post(http, "/do/wake_pause", form | {"paused": "false"}, page).text
    assert "Pause waking" in http.get(page).text


def test_an_unknown_agent_says_so(http, ann):
    assert "There is no agent of that name here" in http.get("/agents?inspect=@nobody").text


def test_mail_to_the_operator_is_read_by_a_form_and_never_by_looking(http, served, ann):
    sent = ann.post("messages", to="operator", subject="For you", body="Look")["message"]

    def lane():
        return served.operator().get(f"messages/{sent}/status")["recipients"][0]["lane"]

    page = "/agents?inspect=@ann&peer=operator"
    form = http.get(page).text.partition("data-read>")[2].partition("</form>")[0]
    assert "Mark as read" in form
    assert lane() == "unread"
    messages = re.findall(r'name="messages" value="([^"]+)"', form)
    post(http, "/do/inbox_ack", {"messages": messages, "back": page}, page)
    assert lane() == "read"


def test_the_composer_sends_one_line_as_the_operator(http, served, ann):
    page = "/agents?inspect=@ann"
    form = {"to": "ann", "subject": "Well done", "body.json": '""', "body": "", "back": page}
    assert "Sent to ann" in post(http, "/do/message_create", form, page).text
    assert "Well done" in http.get("/agents?inspect=@ann&peer=operator").text


@pytest.mark.parametrize("many", [1, 50])
def test_the_screen_takes_a_fixed_number_of_queries(look, enrol, do, many, django_assert_num_queries):
    agents = [enrol(f"agent-{number}") for number in range(many)]
    do("message_create", agents[0], to="operator", subject="Hello", body="")
    with django_assert_num_queries(7):
        build(look())


@pytest.mark.parametrize("many", [1, 50])
def test_the_panel_takes_a_fixed_number_of_queries(look, do, alice, bob, many, django_assert_num_queries):
    for number in range(many):
        do("message_create", alice, to="bob", subject=f"Number {number}", body="")
    here = look("peer=bob")
    with django_assert_num_queries(17):
        context = inspect(here, "@alice").context
    assert sum(len(items) for _, items in context["days"]) == min(many, 40)


def test_the_panel_opens_at_the_latest_talk_and_takes_strangers(look, do, alice, bob, carol):
    do("message_create", alice, to="bob", subject="Hello", body="")
    assert inspect(look(), "@alice").context["peer"].name == "bob"
    stranger = inspect(look("peer=carol"), "@alice").context
    assert (stranger["peer"].name, stranger["days"]) == ("carol", [])
    assert inspect(look(), "@carol").context["peer"] is None


def test_what_agents_write_is_shown_and_does_nothing(look, do, alice, bob, rendered):
    do("agent_update", alice, role="<img src=x onerror=alert(1)>", description="\u202eevil")
    do("message_create", alice, to="bob", subject="<script>alert(1)</script>", body="<b>bold</b> \u202e")
    text = rendered(inspect(look("peer=bob"), "@alice"))
    assert "<script>" not in text
    assert "<img" not in text
    assert "\u202e" not in text
    assert "\\u202e" in text


@pytest.fixture
def rendered(look):
    """Return a function that renders a panel."""
    from django.template.loader import render_to_string

    return lambda panel: render_to_string(panel.template, {**panel.context, "look": look()})


def test_a_message_comes_into_the_talk_from_both_sides_and_into_the_inbox(told, do, alice, bob):
    text = told(lambda: do("message_create", alice, to="bob", subject="Now", body="**here**"))
    for one, other, side in (("alice", "bob", "is-mine"), ("bob", "alice", "is-theirs")):
        bubble = text.partition(f'hx-target="#{talking.talk_id(one, other)}"')[2].partition("</hx-partial>")[0]
        assert side in bubble
        assert "<strong>here</strong>" in bubble
    inbox = text.partition(f'hx-target="#inbox-{bob.agent.id}"')[2].partition("</hx-partial>")[0]
    assert "</i>1</span>" in inbox


def test_a_read_message_changes_its_tick(told, do, enrol, alice):
    dot = enrol("d.o.t")
    message = do("message_create", alice, to="d.o.t", subject="Now", body="").message
    text = told(lambda: do("inbox_ack", dot, messages=[message]))
    assert f'hx-target="#tick-{message}-d\\.o\\.t"' in text
    assert "tick-read" in text


def test_a_claim_changes_the_card_in_the_talk_and_the_work_in_the_row(told, do, alice, bob):
    text = told(lambda: do("handoff_create", alice, to="bob", title="Fix it"))
    job = re.search(r'id="talk-(hnd_\w+)"', text)[1]
    assert text.count(f'id="talk-{job}"') == 3
    text = told(lambda: do("handoff_claim", bob, handoff=job))
    assert f'hx-target="#talk-{job}"' in text
    work = text.partition(f'hx-target="#work-{bob.agent.id}"')[2].partition("</hx-partial>")[0]
    assert "1 claimed" in work


def test_much_at_once_asks_to_read_again(told, do, alice, bob):
    def chatter():
        for number in range(20):
            do("message_create", alice, to="bob", subject=f"Number {number}", body="")

    text = told(chatter)
    assert "Much was said at once" in text
    assert talking.talk_id("alice", "bob") not in text


def test_new_and_archived_agents_come_and_go(told, do, enrol, operator):
    text = told(lambda: enrol("fresh"))
    assert 'hx-target="#people-rows" hx-swap="beforeend"' in text
    assert 'data-item="@fresh"' in text
    text = told(lambda: do("agent_archive", operator, agent="fresh"))
    assert 'hx-swap="delete"' in text
    assert 'data-item="@fresh"' not in text


def test_bars_tell_one_from_none_and_stay_in_their_box():
    heights = [height(sent) for sent in (0, 1, 5, 20, 60, 10_000)]
    assert heights == sorted(heights)
    assert len(set(heights[:5])) == 5
    assert heights[-1] == 20


def test_a_day_is_drawn_as_what_was_said_and_what_was_quiet():
    drawn = spark((0, 3, 0))
    assert drawn.said.startswith("M5 ")
    assert drawn.said.count("M") == 1
    assert drawn.quiet.count("M") == 2


def test_a_selector_names_an_id_with_dots():
    assert selector("tick-msg_1-a.b") == "#tick-msg_1-a\\.b"


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/agents", "/", "/events"])
def test_a_message_appears_in_an_open_talk_on_any_page_and_its_tick_follows(eyes: Eyes, ann, ben, path):
    ann.post("messages", to="ben", subject="First", body="")
    page = eyes.go(f"{path}?inspect=@ann&peer=ben")
    sent = ann.post("messages", to="ben", subject=f"Second at {path}!", body="")["message"]
    bubble = page.locator(".bubble.is-mine", has_text=f"Second at {path}!")
    expect(bubble).to_be_visible()
    ben.post("inbox/ack", messages=[sent])
    expect(bubble.locator(".tick-read")).to_be_visible()


@pytest.mark.slow
def test_what_is_said_while_the_page_is_read_again_stands_in_the_talk_once(eyes: Eyes, ann, ben):
    ann.post("messages", to="ben", subject="Before", body="")
    page = eyes.go("/messages?inspect=@ann&peer=ben")
    expect(page.locator("#pill")).to_have_text("Live")
    page.get_by_label("Search this talk").focus()  # so that the talk itself is not read again
    asked = held(page, "**/messages?inspect=*")
    page.evaluate("""() => {
      const wait = (name, then) => window.addEventListener(name, then, { once: true });
      window.put = new Promise((done) => wait("nexus:read", () => wait("nexus:swapped", done)));
      window.dispatchEvent(new CustomEvent("nexus:resync"));
    }""")
    route = asked()
    ann.post("messages", to="ben", subject="Said meanwhile", body="Once")
    said = page.locator("#inspector .bubble", has_text="Said meanwhile")
    expect(said).to_have_count(1)
    route.continue_()
    page.evaluate("window.put")
    expect(said).to_have_count(1)


@pytest.mark.slow
def test_opened_mail_to_the_operator_is_read_by_itself(eyes: Eyes, ann, served):
    sent = ann.post("messages", to="operator", subject="Seen", body="")["message"]
    page = eyes.go("/agents?inspect=@ann&peer=operator")
    expect(page.locator(".bubble", has_text="Seen").locator(".tick-read")).to_be_visible()
    assert served.operator().get(f"messages/{sent}/status")["recipients"][0]["lane"] == "read"


@pytest.mark.slow
def test_a_reply_from_the_composer_reaches_the_agent(eyes: Eyes, ann):
    page = eyes.go("/agents?inspect=@ann")
    page.locator(".talk-composer-subject").fill("From the person")
    page.locator(".talk-composer button.btn-primary").click()
    expect(page.locator("#toasts")).to_contain_text("Sent to ann")
    assert "From the person" in str(ann.get("inbox"))


@pytest.mark.slow
def test_the_composer_shows_how_a_text_will_look(eyes: Eyes, ann):
    page = eyes.go("/agents?inspect=@ann")
    page.locator(".talk-composer-subject").focus()
    page.locator(".talk-composer-body").fill("It is **done**.")
    page.locator(".talk-composer").get_by_role("button", name="Preview").click()
    expect(page.locator(".talk-composer .compose-preview strong")).to_have_text("done")
    expect(page.locator(".talk-composer-body")).to_have_value("It is **done**.")


@pytest.mark.slow
def test_a_key_made_in_the_dialog_connects_live(eyes: Eyes, served):
    page = eyes.go("/agents")
    page.get_by_role("link", name="New agent").click()
    page.locator("dialog input[name=name]").fill("walter")
    page.get_by_role("button", name="Create and show the key").click()
    key = page.locator("#key-text").inner_text()
    expect(page.locator(".connection")).to_contain_text("Waiting for the first call")
    served.client(base_url=served.url, headers={"Authorization": f"Bearer {key}"}).get("/api/v1/whoami")
    expect(page.locator(".connection.is-there")).to_be_visible(timeout=20_000)
    page.get_by_text("OpenCode", exact=True).click()
    expect(page.locator("#snippet-opencode")).to_be_visible()
    expect(page.locator("#snippet-codex")).to_be_hidden()


@pytest.mark.slow
def test_a_form_that_no_page_sends_does_not_fail(http):
    odd = (
        {"words": ["code", "review"]},
        {"words.json": "1"},
        {"days": ["1", "7"]},
        {"days": "9" * 5000},
        {"days": "x"},
    )
    for number, fields in enumerate(odd):
        assert secret_in(post(http, "/agents/new", {"name": f"odd{number}", **fields}, "/agents/new").text)


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/agents", "/agents?view=cards", "/agents?inspect=@ann", "/agents/new"])
def test_nothing_is_wider_than_a_phone(browser, served, ann, path):
    eyes = Eyes(browser, served.url, viewport=NARROW)
    page = eyes.go(path)
    assert page.evaluate("document.documentElement.scrollWidth") == NARROW["width"]
    assert page.evaluate("document.querySelector('main').scrollWidth") <= NARROW["width"]
    edges = "Math.max(0, ...[...document.querySelectorAll('#inspector footer .btn')].map((each) => each.getBoundingClientRect().right))"
    assert page.evaluate(edges) <= NARROW["width"]
    problems = eyes.problems()
    eyes.close()
    assert problems == []
