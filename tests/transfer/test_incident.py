"""An incident as one file: whole, harmless, and without what was to be taken out."""

import json
import re
from html import unescape

import pytest

from bus import clock
from bus.errors import InvalidInput, NotFound
from bus.models import Message
from dashboard.incident import page
from dashboard.redaction import MARK
from handoffs.models import Handoff
from overview.queries.incident import incident
from tests.dashboard.browser import chromium


@pytest.fixture
def shown():
    """Return a function that returns the page around a thing."""
    return lambda name, *patterns: page(incident(name, clock.now()), clock.now(), patterns)


@pytest.fixture
def thread(do, alice, bob):
    """Return a function that makes a thread of so many messages, each answering the one before; returns their ids."""

    def thread(count):
        ids = [do("message_create", alice, to="bob", subject="Message 0", body="Body 0.").message]
        for number in range(1, count):
            who = bob if number % 2 else alice
            order = {"subject": f"Message {number}", "body": f"Body {number}.", "reply_to": ids[-1]}
            ids.append(do("message_create", who, **order).message)
        return ids

    return thread


def text_of(html):
    return unescape(re.sub(r"<[^>]*>", " ", html.split("</style>")[1]))


def test_the_whole_thread_is_there_from_any_of_its_messages(shown, thread):
    ids = thread(250)
    html = shown(ids[100])
    assert re.findall(r'<li class="said depth-\d" id="(msg_\w+)">', html) == ids
    assert all(f"Body {number}." in html for number in range(250))


def test_a_handoff_brings_its_mail_its_history_and_its_result(shown, do, alice, bob):
    made = do(
        "handoff_create", alice, to="bob", title="Mend the lock", body="It **sticks**.", payload={"door": 7}
    ).handoff
    claim = do("handoff_claim", bob, handoff=made)
    do("message_create", bob, to="alice", subject="A question", body=f"Which key, for {made}?")
    do("handoff_complete", bob, handoff=made, epoch=claim.epoch, result={"oil": "yes"})
    html = shown(made)
    said = text_of(html)
    for words in ("Mend the lock", "A question", '"door": 7', '"oil": "yes"', "bob claimed Mend the lock"):
        assert words in " ".join(said.split()), words
    assert "It <strong>sticks</strong>." in html
    assert ">completed</span>" in html


def test_a_message_brings_the_handoffs_that_its_thread_speaks_of(shown, do, alice, bob):
    made = do("handoff_create", alice, to="bob", title="Mend the lock").handoff
    order = {"to": "bob", "subject": "See this", "body": "", "references": [{"kind": "handoff", "id": made}]}
    first = do("message_create", alice, **order).message
    answer = do("message_create", bob, subject="Seen", body="", reply_to=first).message
    html = shown(answer)
    assert f'<article class="job" id="{made}">' in html
    assert f'<a href="#{made}">Mend the lock</a>' in html


def test_what_agents_write_can_do_nothing(shown, do, alice, bob):
    evil = "<script>alert(1)</script><img src=http://evil/x> [a](javascript:alert(1)) ![i](http://evil/y) \u202e \"' onload=x"
    name = do("message_create", alice, to="bob", subject=evil, body=evil, metadata={evil: evil}).message
    html = shown(name)
    assert "<script" not in html
    assert "<img" not in html
    assert "javascript:" not in re.sub(r">[^<]*<", "><", html)
    assert "\u202e" not in html


def test_patterns_are_taken_out_everywhere(shown, do, alice, bob):
    secret = "hunter2"
    body = f"It is {secret}, or h**unter2**, or &#104;unter2, or h\\unter2 and `{secret}`.\n\n[link](http://x/{secret})"
    order = {"metadata": {secret: [secret]}, "references": [{"kind": "file", "id": f"src/{secret}.py"}]}
    first = do("message_create", alice, to="bob", subject=f"About {secret}", body=body, **order).message
    made = do("handoff_create", alice, to="bob", title=f"Rotate {secret}", body=secret, paths=[f"{secret}/**"]).handoff
    claim = do("handoff_claim", bob, handoff=made)
    do("handoff_release", bob, handoff=made, epoch=claim.epoch, reason=f"{secret} is known")
    for name in (first, made):
        html = shown(name, "hunter2")
        assert secret not in html
        assert secret not in text_of(html).replace(" ", "")
        assert MARK in html


ESCAPED = ('"quoted name"', r"C:\\Users\\anna", r"line one\nline two", r"^whole$")
TOLD = {
    "who": 'the "quoted name" is here',
    "path": "C:\\Users\\anna",
    "two": "line one\nline two",
    "exact": "whole",
    'key "quoted name"': 1,
    "number": 7,
}


def test_patterns_find_what_json_writes_with_escapes(shown, do, alice, bob):
    deep = json.dumps({"text": json.dumps(TOLD)})
    body = f"```json\n{json.dumps(TOLD)}\n```"
    first = do("message_create", alice, to="bob", subject="S", body=body, metadata=TOLD | {"deep": deep}).message
    names = [first]
    for field in ("result", "error"):
        names.append(do("handoff_create", alice, to="bob", title=field, payload=TOLD | {"deep": deep}).handoff)
        claim = do("handoff_claim", bob, handoff=names[-1])
        do("handoff_complete", bob, handoff=names[-1], epoch=claim.epoch, **{field: TOLD | {"deep": [deep]}})
    for name in names:
        said = text_of(shown(name, *ESCAPED))
        for part in ("quoted name", "anna", "line two", '"whole'):
            assert part not in said, part
        assert '"number": 7' in said


def test_a_name_can_be_taken_out(shown, do, alice, bob):
    html = shown(do("message_create", alice, to="bob", subject="Hello", body="From alice.").message, "(?i)alice")
    assert "alice" not in html.lower()
    assert "bob" in html


def test_keys_are_always_taken_out(shown, do, alice, bob, keys):
    html = shown(do("message_create", alice, to="bob", subject="Key", body=f"Use {keys['bob']}").message)
    assert keys["bob"].split("_")[1] not in html


@pytest.mark.parametrize("pattern", ["(", "x*", ""])
def test_a_pattern_that_finds_nothing_or_everything_is_refused(shown, do, alice, bob, pattern):
    name = do("message_create", alice, to="bob", subject="Hello", body="").message
    with pytest.raises(InvalidInput):
        shown(name, pattern)


@pytest.mark.parametrize("name", ["msg_nobody", "hnd_nobody", "alice", ""])
def test_what_is_not_there_is_refused(db, shown, name):
    with pytest.raises(NotFound):
        shown(name)


@pytest.mark.slow
def test_it_opens_offline_and_asks_for_nothing(harbor, shown, tmp_path):
    """Every message and handoff of the seeded workspace in turn, in a browser without a network."""
    subjects = dict(Message.objects.exclude(kind="handoff").values_list("public_id", "subject"))
    titles = dict(Handoff.objects.values_list("public_id", "title"))
    for name in {**subjects, **titles}:
        (tmp_path / f"{name}.html").write_text(shown(name, "harbor"), encoding="utf-8")
    with chromium() as browser:
        context = browser.new_context(offline=True, viewport={"width": 390, "height": 844})
        asked: list[str] = []
        complaints: list[str] = []
        looked = context.new_page()
        looked.route("**/*", lambda route: (asked.append(route.request.url), route.continue_()))
        looked.on("console", lambda said: complaints.append(said.text))
        for name, title in {**subjects, **titles}.items():
            looked.goto((tmp_path / f"{name}.html").as_uri())
            assert looked.locator("h1").inner_text() == title.replace("harbor", MARK)
            assert looked.evaluate("document.documentElement.scrollWidth <= innerWidth")
            assert looked.locator(f"#{name}").is_visible()
    assert asked == [(tmp_path / f"{name}.html").as_uri() for name in {**subjects, **titles}]
    assert complaints == []
