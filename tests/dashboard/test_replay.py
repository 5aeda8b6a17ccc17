"""The graph at any instant of the log: what was seen then, what folding brings about, and what the tables say at the end."""

import json
import threading
from datetime import timedelta
from functools import partial
from itertools import pairwise

import pytest
from django.core.management import call_command
from django.db import connections

from bus import checkpoints, clock, door, identity, presence
from bus.models import Event
from overview.queries.graph import graph_after, graph_at, graph_now
from tests.dashboard.watching import Watcher, folded, seen, shown


@pytest.fixture
def watch(committed, workspace):
    return Watcher()


@pytest.fixture
def arrive(enrol):
    """Return a function that enrols an agent and lets it be heard, as the log tells."""

    def arrive(name, **profile):
        caller = enrol(name, quiet=None, **profile)
        door.run_work(partial(presence.arrive, caller))
        return caller

    return arrive


@pytest.fixture
def pair(arrive):
    return arrive("ann", harness="codex", capabilities=["code"]), arrive("ben", capabilities=["review"])


def moment():
    """Return an instant that is over, so that what is done next is later, on a fast machine too."""
    at = clock.now()
    while clock.now() == at:
        continue
    return at


@pytest.fixture
def day(watch, do, pair):
    """A day's work, with the state as it was seen after each step: its instant and what was answered."""
    ann, ben = pair
    snapshots = []

    def step(name, who, **order):
        answer = do(name, who, **order)
        state = watch.state()
        snapshots.append((moment(), state))
        return answer

    step("message_create", ann, to="broadcast", subject="Plan", body="Text.")
    step("message_create", ben, to="ann", subject="Question", body="Text.")
    pulled = step("inbox_pull", ann)
    step("inbox_ack", ann, messages=[each.message for each in pulled.messages])
    review = step("handoff_create", ann, to={"capability": "review"}, title="Review", lease_seconds=900).handoff
    claimed = step("handoff_claim", ben, handoff=review)
    step("handoff_renew", ben, handoff=review, epoch=claimed.epoch, note="Half " + "of it " * 60)
    step("handoff_release", ben, handoff=review, epoch=claimed.epoch, reason="Too large")
    asked = step(
        "handoff_create", ann, to="ben", title="Build", acceptance_criteria=["It works"], verify_by="human", priority=8
    ).handoff
    epoch = step("handoff_claim", ben, handoff=asked).epoch
    step("handoff_complete", ben, handoff=asked, epoch=epoch, result="Works.")
    operator = identity.operator("test")
    step("handoff_verify", operator, handoff=asked, epoch=epoch, verdict="fail", feedback="Not yet")
    step("handoff_complete", ben, handoff=asked, epoch=epoch, result="Works now.")
    step("message_create", operator, to="ben", subject="Nearly", body="Text.")
    step("handoff_verify", operator, handoff=asked, epoch=epoch, verdict="pass")
    mine = step("handoff_create", ann, to="ben", title="Write").handoff
    step("handoff_reassign", ann, handoff=mine, to="ann", reason="I do it")
    step("handoff_cancel", ann, handoff=mine, reason="Not needed")
    step("inbox_pull", ben, limit=1)
    return snapshots


def test_an_instant_of_the_past_shows_what_was_seen_then(watch, day):
    assert len(day) > 15
    for at, state in day:
        then = watch.state(at=at.isoformat())
        assert then["live"] is False
        assert seen(then) == seen(state)


def test_a_cursor_shows_the_state_right_after_its_event(watch, day):
    for _, state in day:
        then = watch.state(after=state["cursor"])
        assert seen(then) == seen(state)


def test_all_workspaces_together_have_a_past_too(watch, day, mallory, do):
    at = clock.now()
    before = watch.state(workspace="all", at=at.isoformat())
    do("message_create", mallory, to="operator", subject="Hello", body="Text.")
    after = watch.state(workspace="all")
    assert seen(watch.state(workspace="all", at=at.isoformat())) == seen(before)
    assert {each["name"] for each in before["agents"]} == {"ann", "ben", "mallory", "operator"}
    assert shown(watch.state(workspace="all", after=after["cursor"]))["edges"] == shown(after)["edges"]
    assert shown(after)["edges"]["mallory", "operator"] == 1


def test_events_of_one_instant_are_told_apart_by_cursor(watch, do, pair):
    cursor = watch.state()["cursor"]
    do("handoff_create", pair[0], to="ben", title="Build")
    events = watch.ask("events", after=cursor)["events"]
    assert len({each["at"] for each in events}) == 1
    states = {each["type"]: shown(watch.state(after=each["cursor"])) for each in events}
    for type_, unread in (("handoff.created", 0), ("message.created", 1)):
        assert len(states[type_]["work"]) == 1
        assert states[type_]["agents"]["ben"][1] == unread


def test_work_that_was_given_to_somebody_else_later_was_not_theirs_before(watch, do, pair):
    made = do("handoff_create", pair[0], to={"capability": "review"}, title="Build").handoff
    open_to_all = watch.state()["cursor"]
    do("handoff_reassign", pair[0], handoff=made, to="ben")
    directed = watch.state()["cursor"]
    do("handoff_reassign", pair[0], handoff=made, to="ann")
    told = [watch.state(after=cursor)["work"][0] for cursor in (open_to_all, directed)]
    assert [each["to"] for each in told] == ["others", "ben"]
    assert told[1]["eligible"] == ["ben"]
    assert watch.state()["work"][0]["to"] == "ann"


def test_the_state_is_all_of_one_event_while_others_write(committed, do, pair, workspace):
    """Counts and position come from one moment, else what is folded on would be counted twice."""
    ann = pair[0]

    is_enough = threading.Event()

    def write():
        try:
            for number in range(600):
                if number >= 60 and is_enough.is_set():
                    break
                do("message_create", ann, to="ben", subject=f"Number {number}", body="Text.")
        finally:
            connections.close_all()

    writer = threading.Thread(target=write)
    writer.start()
    graphs = []
    while writer.is_alive() or not graphs:
        graphs.append(graph_now(workspace.id, clock.now(), "operator"))
        if len({graph.position for graph in graphs}) > 1:
            is_enough.set()
    writer.join()
    for graph in graphs[:: max(1, len(graphs) // 20)]:
        then = graph_after(workspace.id, graph.position, graph.at, "operator")
        assert [(each.from_, each.to, each.unread) for each in then.edges] == [
            (each.from_, each.to, each.unread) for each in graph.edges
        ]
    assert len({graph.position for graph in graphs}) > 1


def test_before_the_first_event_there_is_nobody(watch, pair):
    state = watch.state(at="2001-01-01T00:00:00Z")
    assert [each["name"] for each in state["agents"]] == ["operator"]
    assert (state["work"], state["edges"], state["at"]) == ([], [], "2001-01-01T00:00:00.000Z")


def test_the_future_is_now(watch, pair):
    state = watch.state(at=(clock.now() + timedelta(days=1)).isoformat())
    assert state["live"] is True
    assert shown(state) == shown(watch.state())


def test_agents_are_absent_before_they_came(watch, pair, do, operator):
    at = moment()
    do("agent_create", operator, name="cleo")
    assert {each["name"] for each in watch.state(at=at.isoformat())["agents"]} == {"ann", "ben", "operator"}
    assert {each["name"] for each in watch.state()["agents"]} == {"ann", "ben", "cleo", "operator"}


def test_agents_that_left_are_there_before(watch, pair, do, operator):
    at = moment()
    do("agent_archive", operator, agent="ben")
    assert "ben" in shown(watch.state(at=at.isoformat()))["agents"]
    assert "ben" not in shown(watch.state())["agents"]


def test_a_claim_whose_lease_was_over_was_open_before_the_log_says_so(committed, do, pair, workspace):
    made = do("handoff_create", pair[0], to="ben", title="Build", lease_seconds=600)
    do("handoff_claim", pair[1], handoff=made.handoff)
    for minutes, state, claimant in ((9, "claimed", "ben"), (11, "open", None)):
        at = clock.now() + timedelta(minutes=minutes)
        now, then = graph_now(workspace.id, at, "operator"), graph_at(workspace.id, at, "operator")
        assert [(each.state, each.claimant) for each in then.work] == [(state, claimant)]
        assert [(each.name, each.held) for each in then.agents] == [(each.name, each.held) for each in now.agents]


def test_what_was_not_done_by_its_due_time_is_gone_before_the_log_says_so(committed, do, pair, workspace):
    due = clock.now() + timedelta(minutes=5)
    do("handoff_create", pair[0], to="ben", title="Build", due_at=due.isoformat())
    assert len(graph_at(workspace.id, due - timedelta(minutes=1), "operator").work) == 1
    assert graph_at(workspace.id, due + timedelta(minutes=1), "operator").work == []


def test_a_checkpoint_changes_nothing_that_is_seen(watch, day, workspace):
    before = [seen(watch.state(at=at.isoformat())) for at, _ in day]
    head = checkpoints.head(workspace.id)
    for seq in (head // 3, 2 * head // 3, head):
        made = checkpoints.make(identity.system("test"), workspace.id, seq)
        door.run_work(partial(checkpoints.write, made))
    assert [seen(watch.state(at=at.isoformat())) for at, _ in day] == before


def test_folding_the_moves_of_a_day_shows_what_was_seen_after_each_step(watch, day):
    cursors = [state["cursor"] for _, state in day]
    pages = [watch.ask("events", after=cursor)["events"] for cursor in cursors]
    steps = [page[: len(page) - len(after)] for page, after in pairwise(pages)]
    found = folded(day[0][1], steps)
    assert [shown(state) for state in found] == [shown(state) for _, state in day[1:]]


@pytest.fixture
def story(committed, tmp_path, capsys):
    """The seeded story, and who watches it."""
    (tmp_path / "quay").mkdir()
    call_command("seed", "--workspace", str(tmp_path / "quay"), "--json")
    return partial(Watcher().ask, workspace=json.loads(capsys.readouterr().out)["workspace"])


def first_cursor(story):
    """Return the cursor after which everybody has been enrolled."""
    events = story("events", after=story("state", at="2001-01-01T00:00:00Z")["cursor"])["events"]
    return [each for each in events if each["type"] in {"workspace.joined", "key.minted"}][-1]["cursor"]


def without(state, names):
    """Return what is shown without some handoffs."""
    facts = shown(state)
    return facts | {"work": {name: each for name, each in facts["work"].items() if name not in names}}


def test_folding_the_seeded_story_equals_its_state_after_each_stretch(story):
    """What ends by its due time alone is left out: the log tells it when a sweep comes by, and the story has one at its end."""
    start = first_cursor(story)
    pages = [story("events", after=start, limit=9)]
    while pages[-1]["more"]:
        pages.append(story("events", after=pages[-1]["cursor"], limit=9))
    assert len(pages) > 10
    found = folded(story("state", after=start), [page["events"] for page in pages])
    moved = [each for page in pages for each in page["events"]]
    overdue = {each["handoff"] for each in moved if each["type"] == "handoff.expired"}
    assert len(overdue) == 1
    for page, state in zip(pages, found, strict=True):
        assert without(state, overdue) == without(story("state", after=page["cursor"]), overdue)


def test_the_seeded_story_ends_as_the_tables_say(story):
    now = story("state")
    then = story("state", after=now["cursor"])
    assert shown(then) == shown(now)
    assert {each["presence"] for each in then["agents"]} == {"present", "stale", "offline"}
    assert now["work"]
    assert sum(each["unread"] for each in now["agents"]) > 0


def test_every_instant_of_the_seeded_story_has_what_the_log_says_up_to_it(story):
    instants = Event.objects.order_by("pk").values_list("at", flat=True)
    for at in [*instants][::20]:
        state = story("state", at=at.isoformat())
        after = story("state", after=state["cursor"])
        assert seen(after) == seen(state)
