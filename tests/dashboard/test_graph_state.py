"""What the graph's addresses answer of this moment: agents, work in hand, edges, moves and traffic."""

from datetime import timedelta

import pytest

from bus import clock
from overview.queries.graph import graph_after, graph_now, moves, traffic
from overview.queries.happened import happened
from tests.dashboard.watching import Watcher


@pytest.fixture
def watch(committed, workspace):
    return Watcher()


def of(state, name):
    return next(each for each in state["agents"] if each["name"] == name)


def edge(state, sender, recipient):
    return next((each for each in state["edges"] if (each["from"], each["to"]) == (sender, recipient)), None)


def work(state):
    (found,) = state["work"]
    return found


def test_agents_are_told_with_profile_presence_and_the_operator_who_looks(watch, alice, bob, carol):
    state = watch.state()
    assert [each["name"] for each in state["agents"]] == ["alice", "bob", "carol", "operator"]
    bob = of(state, "bob")
    assert (bob["kind"], bob["harness"], bob["capabilities"], bob["presence"]) == (
        "agent",
        "claude-code",
        ["review"],
        "present",
    )
    assert bob["seen_at"].endswith("Z")
    assert of(state, "carol")["presence"] == "stale"
    assert of(state, "operator") | {"harness": "", "role": ""} == of(state, "operator")
    assert (of(state, "operator")["kind"], of(state, "operator")["presence"]) == ("operator", "present")
    assert state["live"] is True
    assert state["cursor"].startswith("cur_")


def test_unread_mail_counts_at_its_recipient_and_on_its_edge_until_it_is_leased(watch, do, alice, bob):
    for subject in ("One", "Two"):
        do("message_create", alice, to="bob", subject=subject, body="Text.")
    state = watch.state()
    assert (of(state, "bob")["unread"], of(state, "alice")["unread"]) == (2, 0)
    assert edge(state, "alice", "bob")["unread"] == 2
    assert edge(state, "bob", "alice") is None
    do("inbox_pull", bob, limit=1)
    state = watch.state()
    assert (of(state, "bob")["unread"], edge(state, "alice", "bob")["unread"]) == (1, 1)


def test_an_edge_without_unread_mail_tells_when_and_how_the_last_was_sent(watch, do, alice, bob, carol):
    do("message_create", alice, to="broadcast", subject="To all", body="Text.")
    do("inbox_ack", bob, messages=[each.message for each in do("inbox_pull", bob).messages])
    found = edge(watch.state(), "alice", "bob")
    assert (found["unread"], found["kind"]) == (0, "broadcast")
    assert found["last_at"].endswith("Z")


def test_edges_fade_fifteen_minutes_after_the_last_word(watch, do, alice, bob, workspace):
    do("message_create", alice, to="bob", subject="One", body="Text.")
    do("inbox_ack", bob, messages=[each.message for each in do("inbox_pull", bob).messages])
    soon, late = (clock.now() + timedelta(minutes=minutes) for minutes in (14, 16))
    assert [(each.from_, each.to) for each in graph_now(workspace.id, soon, "operator").edges] == [("alice", "bob")]
    assert graph_now(workspace.id, late, "operator").edges == []


def test_open_work_tells_who_may_take_it_and_claimed_work_who_has_it(watch, do, alice, bob, carol):
    made = do("handoff_create", alice, to={"capability": "review"}, title="Review it", lease_seconds=600, priority=7)
    found = work(watch.state())
    assert {name: found[name] for name in ("handoff", "title", "state", "from", "to", "claimant", "priority")} == {
        "handoff": made.handoff,
        "title": "Review it",
        "state": "open",
        "from": "alice",
        "to": "review",
        "claimant": None,
        "priority": 7,
    }
    assert (found["eligible"], found["lease_until"], found["note"]) == (["bob"], None, None)
    claimed = do("handoff_claim", bob, handoff=made.handoff)
    do("handoff_renew", bob, handoff=made.handoff, epoch=claimed.epoch, note="Half of it is read")
    state = watch.state()
    found = work(state)
    assert (found["state"], found["claimant"], found["note"]) == ("claimed", "bob", "Half of it is read")
    assert (found["eligible"], found["lease_seconds"]) == ([], 600)
    assert found["claimed_at"] < found["lease_until"]
    assert (of(state, "bob")["held"], of(state, "alice")["held"]) == (1, 0)
    do("handoff_complete", bob, handoff=made.handoff, epoch=claimed.epoch, result="Good.")
    assert watch.state()["work"] == []


def test_a_claim_whose_lease_is_over_is_open_before_a_sweep_says_so(do, committed, alice, bob, workspace):
    made = do("handoff_create", alice, to="bob", title="Review it", lease_seconds=600)
    do("handoff_claim", bob, handoff=made.handoff)
    graph = graph_now(workspace.id, clock.now() + timedelta(minutes=11), "operator")
    assert [(each.state, each.claimant, each.eligible) for each in graph.work] == [("open", None, ["bob"])]
    assert {each.name: each.held for each in graph.agents}["bob"] == 0


def test_one_workspace_shows_nothing_of_another_and_all_shows_both(watch, do, alice, bob, mallory):
    do("message_create", alice, to="bob", subject="One", body="Text.")
    do("message_create", mallory, to="operator", subject="Hello", body="Text.")
    here = watch.state(workspace="atlas")
    assert {each["name"] for each in here["agents"]} == {"alice", "bob", "operator"}
    assert edge(here, "mallory", "operator") is None
    everywhere = watch.state(workspace="all")
    assert {each["name"] for each in everywhere["agents"]} == {"alice", "bob", "mallory", "operator"}
    assert {(each["from"], each["to"]) for each in everywhere["edges"]} == {("alice", "bob"), ("mallory", "operator")}
    assert of(everywhere, "operator")["unread"] == 0


def test_moves_tell_what_folding_needs(watch, do, alice, bob):
    cursor = watch.state()["cursor"]
    sent = do("message_create", alice, to="bob", subject="One", body="Text.")
    made = do("handoff_create", alice, to="bob", title="Review it")
    claimed = do("handoff_claim", bob, handoff=made.handoff)
    answer = watch.ask("events", after=cursor)
    told = {each["type"]: each for each in answer["events"] if each["message"] in (sent.message, None)}
    spoken = told["message.created"]
    assert (spoken["title"], spoken["kind"], spoken["data"]["to"]) == ("One", "direct", ["bob"])
    assert (told["handoff.created"]["title"], told["handoff.created"]["work"]["to"]) == ("Review it", "bob")
    assert told["handoff.claimed"]["data"]["lease_until"] == claimed.lease_until.isoformat(
        timespec="milliseconds"
    ).replace("+00:00", "Z")
    assert "to" not in told["handoff.claimed"]["work"]
    assert answer["more"] is False
    assert watch.ask("events", after=answer["cursor"])["events"] == []


def test_moves_come_oldest_first_in_pages(watch, do, alice, bob):
    cursor = watch.state()["cursor"]
    for number in range(5):
        do("message_create", alice, to="bob", subject=f"Number {number}", body="Text.")
    pages = watch.pages(cursor, limit=2)
    assert [[each["title"] for each in page["events"]] for page in pages] == [
        ["Number 0", "Number 1"],
        ["Number 2", "Number 3"],
        ["Number 4"],
    ]


def test_a_delivery_that_is_read_tells_which_lane_it_left(watch, do, alice, bob):
    pulled = do("message_create", alice, to="bob", subject="One", body="Text.").message
    do("inbox_pull", bob)
    unseen = do("message_create", alice, to="bob", subject="Two", body="Text.").message
    cursor = watch.state()["cursor"]
    do("inbox_ack", bob, messages=[pulled, unseen])
    read = watch.ask("events", after=cursor)["events"]
    assert [(each["message"], each["data"]["was"], each["from"]) for each in read] == [
        (pulled, "delivered", "alice"),
        (unseen, "unread", "alice"),
    ]


def test_agents_that_come_are_told_with_their_profile(watch, enrol):
    cursor = watch.state()["cursor"]
    enrol("dora", harness="codex", capabilities=["docs"])
    joined = [each for each in watch.ask("events", after=cursor)["events"] if each["type"] == "workspace.joined"]
    assert [(each["profile"]["name"], each["profile"]["capabilities"]) for each in joined] == [("dora", ["docs"])]


def test_traffic_counts_speech_and_work_and_marks_what_is_worth_a_look(watch, do, alice, bob):
    begin = clock.now() - timedelta(minutes=30)
    do("message_create", alice, to="bob", subject="One", body="Text.")
    done, asked, between = (
        do("handoff_create", alice, to="bob", title=title, **more)
        for title, more in (
            ("Done", {}),
            ("Asks a person", {"acceptance_criteria": ["It works"], "verify_by": "human"}),
            ("Asks an agent", {"acceptance_criteria": ["It works"], "verify_by": "alice"}),
        )
    )
    for each in (done, asked, between):
        epoch = do("handoff_claim", bob, handoff=each.handoff).epoch
        do("handoff_complete", bob, handoff=each.handoff, epoch=epoch, result="Works.")
    answer = watch.ask("traffic", **{"from": begin.isoformat()})
    log = watch.pages(watch.state(at="2001-01-01T00:00:00Z")["cursor"])[0]["events"]
    types = [each["type"] for each in log]
    assert len(answer["bars"]) == 96
    assert sum(speech for speech, _ in answer["bars"]) == types.count("message.created")
    assert sum(work for _, work in answer["bars"]) == sum(each.startswith("handoff.") for each in types)
    assert answer["total"] == len(types)
    assert answer["first"] == log[0]["at"]
    assert [(each["kind"], each["title"]) for each in answer["marks"]] == [
        ("completed", "Done"),
        ("asked", "Asks a person"),
    ]


def test_traffic_of_a_stretch_before_the_log_is_nothing(watch, do, alice, bob):
    do("message_create", alice, to="bob", subject="One", body="Text.")
    answer = watch.ask("traffic", **{"from": "2020-01-01T00:00:00Z", "to": "2020-01-02T00:00:00Z"})
    assert (answer["bars"], answer["total"], answer["marks"]) == ([[0, 0]] * 96, 0, [])


def test_traffic_puts_each_event_into_the_bar_of_its_time(watch, do, alice, bob):
    do("message_create", alice, to="bob", subject="One", body="Text.")
    now = clock.now()
    for stretch in (timedelta(hours=4), timedelta(days=2), timedelta(days=30), timedelta(days=400)):
        since = now - stretch / 2
        bars = watch.ask("traffic", **{"from": since.isoformat()})["bars"]
        assert [number for number, bar in enumerate(bars) if bar[0]] in ([94], [95])


@pytest.mark.parametrize(
    ("what", "query"),
    [
        ("state", {"at": "yesterday"}),
        ("state", {"at": "0001-01-01T00:00:00+14:00"}),
        ("state", {"after": "cur_nonsense"}),
        ("state", {"after": "12"}),
        ("events", {}),
        ("events", {"after": "cur_nonsense"}),
        ("events", {"after": "cur_ä"}),
        ("traffic", {"from": "soon"}),
        ("traffic", {"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}),
    ],
)
def test_nonsense_is_refused_in_the_one_shape(watch, assert_refused, what, query):
    assert_refused(watch.ask(what, status=422, **query), "invalid_input")


@pytest.mark.parametrize("limit", ["0", "501", "-1", "many", "9" * 40, "000001" + "9" * 30])
def test_a_page_has_1_to_500_moves(watch, assert_refused, limit):
    cursor = watch.state()["cursor"]
    assert_refused(watch.ask("events", status=422, after=cursor, limit=limit), "invalid_input")


def test_an_unknown_workspace_is_refused(watch, assert_refused):
    assert_refused(watch.ask("state", status=404, workspace="nowhere"), "not_found")


@pytest.fixture
def crowd(enrol, do, alice):
    """Return a function that enrols agents who each write, hand over and claim."""

    def crowd(count, since=0):
        for number in range(since, count):
            agent = enrol(f"agent-{number}", capabilities=["docs"])
            do("message_create", agent, to="alice", subject="Hello", body="Text.")
            made = do("handoff_create", alice, to=agent.agent.name, title="Do it")
            do("handoff_create", alice, to={"capability": "docs"}, title="Do it too")
            do("handoff_claim", agent, handoff=made.handoff)
            read = do("inbox_pull", agent).messages
            do("inbox_ack", agent, messages=[each.message for each in read])

    return crowd


@pytest.mark.parametrize(("everywhere", "live", "then"), [(False, 12, 14), (True, 13, 19)])
def test_the_number_of_queries_does_not_grow(workspace, crowd, django_assert_num_queries, everywhere, live, then):
    place = None if everywhere else workspace.id
    sizes = []
    for since, count in ((0, 1), (1, 50)):
        crowd(count, since)
        now = clock.now()
        with django_assert_num_queries(live):
            graph = graph_now(place, now, "operator")
        with django_assert_num_queries(then):
            graph_after(place, graph.position, now, "operator")
        told = happened(place, 0, 500)
        with django_assert_num_queries(5):
            moves(place, told)
        with django_assert_num_queries(8):
            traffic(place, now, now - timedelta(days=1))
        sizes.append((len(graph.agents), len(graph.edges), len(graph.work)))
    assert sizes == [(3, 2, 2), (52, 100, 100)]
