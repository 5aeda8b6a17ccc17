"""Events in words: one sentence for each type, You for the operator, names as links, and nothing that hides."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.http import QueryDict
from django.template.loader import render_to_string

from bus import clock, door, presence
from bus.models import Event
from dashboard.look import Look
from dashboard.sentences import SAYINGS, lines
from overview.queries.happened import Filter, Happened, newest

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PLAIN = Happened(7, "cur", 3, NOW, "", "alice", "agent", 1, None, None, None, None, "", {})


def text_of(line):
    return "".join(part.text for part in line.parts)


@pytest.fixture
def said(workspace):
    """Return a function that says the newest event of a type."""

    def said(type_, place=None, me="operator"):
        (event,) = newest(place, Filter(type=type_), None, 1)
        (line,) = lines([event], me)
        return text_of(line)

    return said


@pytest.fixture
def tells(db):
    """Return a function that says an event that is put together from its facts."""

    def tells(type_, me="operator", **facts):
        (line,) = lines([replace(PLAIN, type=type_, **facts)], me)
        return text_of(line)

    return tells


@pytest.fixture
def give(do, operator):
    """Return a function by which the operator hands a job over; it returns the id."""

    def give(**more):
        return do("handoff_create", operator, **({"title": "Review", "to": {"capability": "review"}} | more)).handoff

    return give


@pytest.fixture
def taken(do, give, bob):
    """A job that bob has: its id and epoch."""
    job = give()
    return job, do("handoff_claim", bob, handoff=job).epoch


def test_messages_to_one_to_some_and_to_everyone(do, said, operator, alice, bob):
    do("message_create", alice, to="bob", subject="Question", body="Text")
    assert said("message.created") == "alice wrote to bob: Question"
    do("message_create", alice, to="operator", subject="May I?", body="Text")
    assert said("message.created") == "alice wrote to you: May I?"
    do("message_create", operator, to=["alice", "bob"], subject="Both", body="Text")
    assert said("message.created") == "You wrote to 2 agents: Both"
    do("message_create", operator, to="broadcast", subject="Stop", body="Text")
    assert said("message.created") == "You told everyone: Stop, 2 reached"


def test_delivery_from_lease_to_reading(do, said, alice, bob):
    message = do("message_create", alice, to="bob", subject="Question", body="Text").message
    do("inbox_pull", bob)
    assert said("delivery.leased") == "bob received Question"
    do("inbox_release", bob, messages=[message])
    assert said("delivery.returned") == "Question came back unread from bob: released"
    do("inbox_pull", bob)
    assert said("delivery.leased") == "bob received Question, attempt 2"
    do("inbox_ack", bob, messages=[message])
    assert said("delivery.read") == "bob read Question"


def test_handoff_from_creation_to_verdict(do, said, give, operator, bob):
    job = give(acceptance_criteria=["Good"])
    assert said("handoff.created") == "You created Review"
    epoch = do("handoff_claim", bob, handoff=job).epoch
    assert said("handoff.claimed") == "bob claimed Review"
    do("handoff_renew", bob, handoff=job, epoch=epoch, note="Half of it")
    assert said("handoff.renewed") == "bob renewed Review and said “Half of it”"
    do("handoff_renew", bob, handoff=job, epoch=epoch)
    assert said("handoff.renewed") == "bob renewed Review"
    do("handoff_complete", bob, handoff=job, epoch=epoch, result={"ok": 1})
    assert said("handoff.verifying") == "bob finished Review, a verdict is due"
    do("handoff_verify", operator, handoff=job, epoch=epoch, verdict="fail", feedback="Once more")
    assert said("handoff.failed_verification") == "You sent Review back: Once more"
    do("handoff_complete", bob, handoff=job, epoch=epoch, result={"ok": 2})
    do("handoff_verify", operator, handoff=job, epoch=epoch, verdict="pass")
    assert said("handoff.verified") == "You passed Review"
    assert said("handoff.completed") == "Review was completed"


def test_handoff_that_goes_back_and_on(do, said, operator, taken, alice, bob):
    job, epoch = taken
    do("handoff_release", bob, handoff=job, epoch=epoch, reason="Too large")
    assert said("handoff.released") == "bob released Review, back in the pool: Too large"
    do("handoff_reassign", operator, handoff=job, to="alice", reason="She knows")
    assert said("handoff.reassigned") == "You gave Review to alice: She knows"
    do("handoff_reassign", operator, handoff=job, to={"capability": "review"})
    assert said("handoff.reassigned") == "You offered Review to others"
    do("handoff_cancel", operator, handoff=job, reason="Not needed")
    assert said("handoff.cancelled") == "You cancelled Review: Not needed"


def test_handoff_that_is_declined_or_fails(do, said, give, taken, bob):
    job, epoch = taken
    do("handoff_complete", bob, handoff=job, epoch=epoch, error={"message": "No"})
    assert said("handoff.failed").startswith("Review failed")
    direct = give(to="bob", title="Only you")
    assert said("handoff.created") == "You created Only you for bob"
    do("handoff_reject", bob, handoff=direct, reason="Not mine")
    assert said("handoff.rejected") == "bob declined Only you: Not mine"


def test_paths_that_are_reserved_and_given_back(do, said, alice):
    do("paths_reserve", alice, globs=["src/*.py", "a.txt", "b.txt", "c.txt"])
    assert said("paths.reserved") == "alice reserved src/*.py, a.txt, b.txt and more"
    do("paths_release", alice, globs=["a.txt"])
    assert said("paths.released") == "alice gave back a.txt"


def test_people_and_keys(do, said, later, operator, alice):
    assert said("agent.created") == "You enrolled alice"
    assert said("workspace.joined") == "alice joined the workspace"
    assert said("workspace.created") == "Nexus opened the workspace atlas"
    do("agent_update", operator, agent="alice", role="reviewer")
    assert said("agent.updated") == "You changed the profile of alice"
    minted = do("key_mint", operator, agent="alice", label="laptop")
    assert said("key.minted") == "You minted a key for alice, label laptop"
    do("key_revoke", operator, agent="alice", key=minted.prefix)
    assert said("key.revoked") == "You revoked a key of alice, label laptop"
    do("wake_claim", alice)
    assert said("agent.woken") == "alice was woken"
    do("message_create", operator, to="alice", subject="Now", body="")
    do("wake_claim", later(alice, 60))
    assert said("agent.woken") == "alice was woken as operator wrote"
    do("wake_pause", operator, agent="alice")
    assert said("agent.paused") == "You paused the waking of alice"
    do("wake_pause", operator, agent="alice", paused=False)
    assert said("agent.resumed") == "You let alice be woken again"
    do("agent_archive", operator, agent="alice")
    assert said("agent.archived") == "You archived alice"


def test_settings(do, said, operator):
    do("setting_put", operator, name="inbox_attempts", value=7)
    assert said("setting.changed") == "You set inbox_attempts to 7"


def test_presence_is_a_state_in_words(said, enrol):
    caller = enrol("dora", quiet=None)
    door.run_work(lambda: presence.arrive(caller))
    assert said("presence.changed") == "dora is here"


@pytest.mark.parametrize(
    ("type_", "facts", "sentence"),
    [
        ("presence.changed", {"data": {"presence": "stale"}}, "bob went quiet"),
        ("presence.changed", {"data": {"presence": "offline"}}, "bob is gone"),
        ("delivery.parked", {"data": {"attempt": 5}}, "something that is gone was parked for bob after attempt 5"),
        ("delivery.requeued", {}, "alice queued something that is gone again for bob"),
        ("delivery.expired", {"data": {"reason": "expired"}}, "something that is gone expired for bob"),
        ("delivery.expired", {"data": {"reason": "taken"}}, "something that is gone expired for bob: taken"),
        ("handoff.lease_ended", {}, "bob lost the lease of something that is gone, back in the pool"),
        ("handoff.expired", {}, "something that is gone was not done in time"),
        ("session.opened", {"data": {"surface": "mcp"}}, "bob began to work here, over mcp"),
        ("session.closed", {"data": {"reason": "moved"}}, "bob ended its work here: moved"),
        ("key.expired", {"data": {"label": "ci"}}, "A key of bob expired, label ci"),
        ("key.expired", {"data": {"label": ""}}, "A key of bob expired"),
        ("backup.made", {"data": {"backup": "nexus-1.sqlite3"}}, "alice made the backup nexus-1.sqlite3"),
        ("log.pruned", {"actor": "system"}, "Nexus cut the log's beginning, its hash stays"),
        ("paths.released", {"data": {"globs": ["a", "b"]}}, "alice gave back a, b of something that is gone"),
    ],
)
def test_what_the_clock_brings_about(tells, type_, facts, sentence):
    known = {"agent": "bob", "message": "msg_x", "handoff": "hnd_x"}
    assert tells(type_, **(known | facts)) == sentence


@pytest.mark.parametrize("data", [{}, {"presence": "dancing"}, {"presence": None}])
def test_unknown_presence_is_still_an_event(tells, data):
    assert tells("presence.changed", agent="bob", data=data) == "alice did “presence.changed”"


@pytest.mark.parametrize("type_", ["star.exploded", "nothing", "", "handoff.sung"])
def test_unknown_type_is_named(tells, type_):
    assert tells(type_, agent="bob") == f"alice did “{type_}”"


@pytest.mark.parametrize("type_", sorted(set(SAYINGS) - {"message.broadcast", "handoff.offered"}))
def test_every_type_can_be_said_with_nothing_known(tells, type_):
    words = tells(type_)
    assert words
    assert not set("{}[]") & set(words)


def test_you_stands_first_in_capitals_and_later_in_small_letters(tells):
    assert tells("agent.archived", me="alice", agent="bob") == "You archived bob"
    assert tells("agent.archived", me="bob", agent="bob") == "alice archived you"


def test_names_and_things_open_the_inspector_and_you_do_not(do, operator, alice, bob):
    message = do("message_create", alice, to="bob", subject="Question", body="Text").message
    (event,) = newest(None, Filter(type="message"), None, 1)
    (line,) = lines([event], "bob")
    assert [(part.text, part.opens) for part in line.parts if part.opens] == [
        ("alice", "@alice"),
        ("Question", message),
    ]
    assert line.who.name == "alice"
    assert line.name == f"evt_{event.pk}"


def test_long_words_are_cut(tells):
    words = tells("handoff.cancelled", handoff="hnd_x", data={"reason": "x" * 500})
    assert words.count("x") == 120


def test_hostile_words_are_shown_and_never_run(do, operator, alice, bob):
    subject = "<script>alert(1)</script> \u202egnp.exe"
    do("message_create", alice, to="bob", subject=subject, body="Text")
    (event,) = newest(None, Filter(type="message"), None, 1)
    (line,) = lines([event], "operator")
    look = Look(operator, None, QueryDict(), "/events")
    html = render_to_string("dashboard/_sentence.html", {"line": line, "look": look})
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "\u202e" not in html
    assert r"\u202egnp.exe" in html


@pytest.mark.parametrize(
    ("type_", "data", "colour"),
    [
        ("message.created", {"kind": "direct"}, "blue"),
        ("message.created", {"kind": "broadcast"}, "teal"),
        ("delivery.parked", {}, "red"),
        ("handoff.claimed", {}, "pink"),
        ("handoff.completed", {}, "green"),
        ("presence.changed", {"presence": "stale"}, "amber"),
        ("session.opened", {}, "ink"),
        ("star.exploded", {}, "ink"),
    ],
)
def test_colour_says_what_came_of_it(db, type_, data, colour):
    (line,) = lines([replace(PLAIN, type=type_, data=data)], "operator")
    assert line.colour == colour


def test_a_day_of_everything_is_said_without_gaps(do, taken, operator, alice, bob):
    do("message_create", alice, to="bob", subject="Question", body="Text")
    found = newest(None, Filter(), None, 500)
    assert len(found) == Event.objects.count()
    for line in lines(found, "operator"):
        assert "something that is gone" not in text_of(line), line.event
        assert "did “" not in text_of(line), line.event
    assert clock.now() - found[0].at < timedelta(minutes=5)
