"""Saying something: who is reached, who is told, and what is refused."""

import pytest

from bus.audience import NoRecipients, UnknownAgent
from bus.errors import InvalidInput, NotFound

pytestmark = pytest.mark.django_db

WORDS = {"subject": "Parser is green", "body": "All 214 tests pass."}


def test_a_direct_message_waits_in_the_inbox_of_the_named_agent(do, alice, bob):
    sent = do("message_create", alice, to="bob", **WORDS)
    assert [(each.agent, each.presence, each.unread) for each in sent.recipients] == [("bob", "present", 1)]
    (message,) = do("inbox_peek", bob).messages
    assert (message.message, message.kind, message.from_, message.origin, message.body) == (
        sent.message,
        "direct",
        "alice",
        "agent",
        WORDS["body"],
    )


def test_a_broadcast_reaches_the_present_and_says_who_was_left_out(do, alice, bob, carol):
    sent = do("message_create", alice, to="broadcast", **WORDS)
    assert [each.agent for each in sent.recipients] == ["bob"]
    assert sent.excluded_stale == ["carol"]
    assert do("inbox_peek", carol).messages == []


def test_include_stale_reaches_quiet_agents_too(do, alice, bob, carol):
    sent = do("message_create", alice, to="broadcast", include_stale=True, **WORDS)
    assert sorted(each.agent for each in sent.recipients) == ["bob", "carol"]


def test_a_name_always_queues(do, alice, carol):
    sent = do("message_create", alice, to="Carol", **WORDS)
    assert [(each.agent, each.presence) for each in sent.recipients] == [("carol", "stale")]


def test_a_capability_reaches_those_who_have_it(do, alice, bob, carol):
    sent = do("message_create", alice, to={"capability": ["review", "paint"]}, **WORDS)
    assert [each.agent for each in sent.recipients] == ["bob"]


def test_a_list_is_a_union_and_reaches_each_agent_once(do, alice, bob, carol):
    sent = do("message_create", alice, to=["carol", "bob", {"capability": "review"}], **WORDS)
    assert sorted(each.agent for each in sent.recipients) == ["bob", "carol"]


def test_nobody_reached_is_refused_and_names_the_quiet_ones(do, alice, carol):
    with pytest.raises(NoRecipients) as refused:
        do("message_create", alice, to="broadcast", **WORDS)
    assert "carol" in refused.value.details["excluded_stale"]


def test_an_unknown_agent_is_refused_with_suggestions(do, alice, bob):
    with pytest.raises(UnknownAgent) as refused:
        do("message_create", alice, to="bobb", **WORDS)
    assert refused.value.details["suggestions"] == ["bob"]


def test_an_agent_of_another_workspace_is_unknown(do, alice, mallory):
    with pytest.raises(UnknownAgent):
        do("message_create", alice, to="mallory", **WORDS)


def test_a_message_to_oneself_is_refused(do, alice):
    with pytest.raises(UnknownAgent, match="yourself"):
        do("message_create", alice, to="alice", **WORDS)


def test_a_reply_goes_to_the_sender_of_what_it_answers(do, alice, bob):
    asked = do("message_create", alice, to="bob", **WORDS)
    sent = do("message_create", bob, reply_to=asked.message, subject="Re: Parser", body="Thanks.")
    assert [each.agent for each in sent.recipients] == ["alice"]
    assert do("inbox_peek", alice).messages[0].reply_to == asked.message


def test_a_reply_to_what_one_cannot_see_is_refused(do, alice, bob, carol):
    private = do("message_create", alice, to="bob", **WORDS)
    with pytest.raises(NotFound):
        do("message_create", carol, reply_to=private.message, subject="Re", body="I read along")


def test_without_addressee_and_reply_it_says_what_is_missing(do, alice):
    with pytest.raises(InvalidInput) as refused:
        do("message_create", alice, **WORDS)
    assert refused.value.details["field"] == "to"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"subject": "x" * 201}, "subject"),
        ({"subject": ""}, "subject"),
        ({"body": "é" * 33_000}, "body"),
        ({"metadata": {"note": "x" * 9_000}}, "metadata"),
        ({"priority": 10}, "priority"),
        ({"references": [{"kind": "file", "id": "a"}] * 21}, "references"),
        ({"to": {"capability": []}}, "to"),
        ({"to": {}}, "to"),
        ({"to": ["bob"] * 51}, "to"),
        ({"to": {"tag": {str(number) * 60: ["x" * 60] for number in range(50)}}}, "to"),
        (
            {
                "to": [
                    {"capability": [f"{word}-{number}" for number in range(50)]}
                    for word in "abcdefghijklmnopqrstuvwxyz"
                ]
            },
            "to",
        ),
        ({"expires_at": "9999-12-31T23:59:59-12:00"}, "expires_at"),
        ({"expires_at": "2030-01-01T00:00:00"}, "expires_at"),
        ({"sender": "carol"}, "sender"),
    ],
)
def test_bad_fields_are_named_with_the_limit(do, alice, bob, change, field):
    with pytest.raises(InvalidInput) as refused:
        do("message_create", alice, **({"to": "bob"} | WORDS | change))
    assert refused.value.details["fields"][0]["field"].split(".")[0] == field


@pytest.mark.parametrize(("levels", "is_taken"), [(190, True), (260, False), (990, False), (5000, False)])
def test_what_is_nested_deeper_than_readers_follow_is_refused(
    do, attempt, alice, bob, assert_refused, levels, is_taken
):
    deep = 1
    for _ in range(levels):
        deep = [deep]
    answer = attempt("message_create", alice, to="bob", subject="x", body="x", metadata={"deep": deep})
    assert is_taken or assert_refused(answer, "invalid_input")["details"] == {"limit": 200}
    assert len(do("inbox_pull", bob).json_text()) < 2000
    flat = {"flat": [[], {}] * 400}
    assert do("message_create", alice, to="bob", subject="x", body="x", metadata=flat).message


@pytest.mark.parametrize("value", ["half a \ud83d", float("nan"), float("inf")])
def test_what_no_text_can_hold_is_refused_before_it_is_stored(do, alice, bob, value):
    with pytest.raises(InvalidInput):
        do("message_create", alice, to="bob", metadata={"deep": [value]}, **WORDS)


def test_the_sender_sees_what_became_of_it_and_nobody_else_does(do, alice, bob, carol):
    sent = do("message_create", alice, to=["bob", "carol"], **WORDS)
    do("inbox_ack", bob, messages=[sent.message])
    status = do("message_status", alice, message=sent.message)
    assert [(each.agent, each.lane) for each in status.recipients] == [("bob", "read"), ("carol", "unread")]
    with pytest.raises(NotFound):
        do("message_status", bob, message=sent.message)


def test_only_sender_and_recipients_can_read_a_message(do, alice, bob, carol, mallory, operator):
    sent = do("message_create", alice, to="bob", **WORDS)
    assert do("message_get", bob, message=sent.message).body == WORDS["body"]
    assert do("message_get", operator, message=sent.message).subject == WORDS["subject"]
    for other in (carol, mallory):
        with pytest.raises(NotFound):
            do("message_get", other, message=sent.message)
        assert do("message_list", other).messages == []


def test_a_list_is_paged_newest_first_without_gaps(do, alice, bob):
    for number in range(7):
        do("message_create", alice, to="bob", subject=f"Note {number}", body="-")
    seen, cursor = [], None
    while True:
        page = do("message_list", bob, limit=3, cursor=cursor)
        seen += [message.subject for message in page.messages]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == [f"Note {number}" for number in reversed(range(7))]


def test_a_long_item_of_a_list_is_cut_and_the_whole_can_be_read(do, alice, bob):
    body = "word " * 1_500
    sent = do("message_create", alice, to="bob", subject="Long", body=body)
    (item,) = do("message_list", bob).messages
    assert item.truncated
    assert len(item.body) == 2_000
    assert do("message_get", bob, message=sent.message).body == body


def test_a_list_stops_at_24_kb(do, alice, bob):
    for number in range(20):
        do("message_create", alice, to="bob", subject=f"Long {number}", body="word " * 780)
    page = do("message_list", bob, limit=20)
    assert len(page.json_text()) < 26_000
    assert page.next_cursor is not None


def test_text_peer_kind_and_lane_narrow_a_list(do, alice, bob, carol):
    first = do("message_create", alice, to="bob", subject="About 100%", body="progress").message
    second = do("message_create", carol, to="bob", subject="Other", body="thing").message
    assert [each.message for each in do("message_list", bob, query="100%").messages] == [first]
    assert [each.message for each in do("message_list", bob, peer="carol").messages] == [second]
    assert do("message_list", bob, kind="broadcast").messages == []
    do("inbox_ack", bob, messages=[first])
    assert [each.message for each in do("message_list", bob, lane="read").messages] == [first]


def test_a_conversation_is_read_from_both_sides(do, alice, bob, carol):
    asked = do("message_create", alice, to="bob", **WORDS).message
    answered = do("message_create", bob, reply_to=asked, subject="Re", body="ok").message
    do("message_create", carol, to="bob", subject="Aside", body="-")
    for me, peer in ((alice, "bob"), (bob, "alice")):
        assert [each.message for each in do("conversation_read", me, peer=peer).messages] == [answered, asked]


def test_references_alone_cannot_make_a_list_large(do, alice, bob):
    references = [{"kind": "url", "id": f"https://example.org/{'x' * 450}", "label": "y" * 200}] * 20
    for _ in range(4):
        do("message_create", alice, to="bob", references=references, **WORDS)
    page = do("message_list", bob)
    assert len(page.json_text()) < 26_000
    assert all(message.truncated for message in page.messages)


def test_a_time_without_a_zone_is_refused(do, alice):
    with pytest.raises(InvalidInput):
        do("message_list", alice, since="2026-01-01T00:00:00")
