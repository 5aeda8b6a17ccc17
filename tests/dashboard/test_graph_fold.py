"""The fold of the graph: what a sequence of events adds up to. It runs in a browser, as the page runs it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.dashboard.still import site

pytestmark = pytest.mark.slow

Facts = dict[str, Any]
Fold = Callable[..., Facts]
HELD = {"state": "claimed", "claimant": "ben", "epoch": 1, "attempts": 0, "lease_until": "2026-11-26T14:30:00.000Z"}
OPEN = {"state": "open", "claimant": "", "epoch": 0, "attempts": 0}


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    with site() as base:
        page = browser.new_page()
        page.goto(f"{base}/index.html")
        page.locator("html[data-ready=yes]").wait_for()
        yield page
        page.close()


@pytest.fixture
def fold(page: Page) -> Fold:
    """Return what folds events over a state, and checks that the state given is left as it was."""

    def folded(state: Facts, *events: Facts) -> Facts:
        found = page.evaluate(
            """([state, events]) => {
              const before = JSON.stringify(state);
              const after = foldAll(state, events);
              const slowly = events.reduce((so_far, event) => fold(so_far, event), state);
              return [after, slowly, before === JSON.stringify(state)];
            }""",
            [state, list(events)],
        )
        after, slowly, untouched = found
        assert untouched
        assert after == slowly
        return dict(after)

    return folded


def agent(name: str, **more: Any) -> Facts:
    fixed = {"kind": "agent", "harness": "codex", "role": "", "presence": "present", "seen_at": None}
    return {"name": name, "capabilities": [], "unread": 0, "held": 0, **fixed, **more}


def start(**more: Any) -> Facts:
    agents = [agent("ann"), agent("ben", capabilities=["review"]), agent("cy", presence="offline")]
    return {"at": "", "cursor": "0", "agents": agents, "work": [], "edges": [], "topics": [], **more}


def event(type_: str, minute: int = 1, **more: Any) -> Facts:
    at = f"2026-11-26T14:{minute:02}:00.000Z"
    return {"type": type_, "at": at, "cursor": str(minute), "actor": "ann", "data": {}, **more}


def sent(to: list[str], minute: int = 1, kind: str = "direct", message: str = "msg_1") -> Facts:
    return event("message.created", minute, message=message, kind=kind, data={"to": to, "kind": kind})


def delivery(change: str, minute: int, to: str = "ben", **data: Any) -> Facts:
    return event(f"delivery.{change}", minute, actor=to, agent=to, message="msg_1", **{"from": "ann"}, data=data)


def handoff(change: str, minute: int, facts: Facts, **more: Any) -> Facts:
    work = {"title": "Fix login flow", "from": "ann", "to": "review", "lease_seconds": 1800, "priority": 5}
    return event(f"handoff.{change}", minute, handoff="hnd_1", work=work, data=facts, **more)


def of(state: Facts, name: str) -> Facts:
    return next(dict(each) for each in state["agents"] if each["name"] == name)


def unread(state: Facts) -> tuple[int, int]:
    """Return what waits for ben, on the node and on the edge from ann."""
    edge = next((each for each in state["edges"] if (each["from"], each["to"]) == ("ann", "ben")), {"unread": 0})
    return of(state, "ben")["unread"], edge["unread"]


def test_a_message_waits_for_each_recipient(fold: Fold) -> None:
    after = fold(start(), sent(["ben", "cy"], kind="broadcast"))
    assert unread(after) == (1, 1)
    assert of(after, "cy")["unread"] == 1
    assert {(each["from"], each["to"], each["kind"]) for each in after["edges"]} == {
        ("ann", "ben", "broadcast"),
        ("ann", "cy", "broadcast"),
    }
    assert (after["at"], after["cursor"]) == ("2026-11-26T14:01:00.000Z", "1")


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        (["leased"], 0),
        (["leased", "returned"], 1),
        (["leased", "read"], 0),
        (["read"], 0),
        (["leased", "parked"], 0),
        (["leased", "parked", "requeued"], 1),
        (["leased", "parked", "expired"], 0),
        (["leased", "leased"], 0),
        (["expired"], 0),
    ],
)
def test_a_delivery_counts_as_unread_only_in_its_lane(fold: Fold, changes: list[str], left: int) -> None:
    events = [delivery(change, minute) for minute, change in enumerate(changes, 2)]
    assert unread(fold(start(), sent(["ben"]), *events)) == (left, left)


def test_mail_from_before_is_counted_by_the_lane_it_most_likely_left(fold: Fold) -> None:
    edge = {"from": "ann", "to": "ben", "unread": 2, "last_at": "2026-11-26T13:59:00.000Z", "kind": "direct"}
    before = start(agents=[agent("ann"), agent("ben", unread=2)], edges=[edge])
    leased = fold(before, delivery("leased", 2))
    assert unread(leased) == (1, 1)
    assert unread(fold(leased, delivery("read", 3))) == (1, 1)


@pytest.mark.parametrize(("was", "left"), [("unread", 1), ("delivered", 2)])
def test_the_server_may_say_which_lane_a_delivery_left(fold: Fold, was: str, left: int) -> None:
    edge = {"from": "ann", "to": "ben", "unread": 2, "last_at": "2026-11-26T13:59:00.000Z", "kind": "direct"}
    before = start(agents=[agent("ann"), agent("ben", unread=2)], edges=[edge])
    assert unread(fold(before, delivery("read", 2, was=was))) == (left, left)


def test_work_opens_with_those_who_may_take_it(fold: Fold) -> None:
    [work] = fold(start(), handoff("created", 1, OPEN))["work"]
    assert (work["title"], work["state"], work["claimant"], work["eligible"]) == (
        "Fix login flow",
        "open",
        None,
        ["ben"],
    )
    assert work["lease_seconds"] == 1800


def test_a_claim_is_in_the_hands_of_its_winner(fold: Fold) -> None:
    after = fold(start(), handoff("created", 1, OPEN), handoff("claimed", 2, HELD))
    [work] = after["work"]
    assert (work["state"], work["claimant"], work["lease_until"]) == ("claimed", "ben", HELD["lease_until"])
    assert work["claimed_at"] == "2026-11-26T14:02:00.000Z"
    assert of(after, "ben")["held"] == 1


def test_renewing_moves_the_end_of_the_lease_and_keeps_the_start(fold: Fold) -> None:
    renewed = {**HELD, "lease_until": "2026-11-26T15:00:00.000Z", "note": "half done"}
    events = [handoff("created", 1, OPEN), handoff("claimed", 2, HELD), handoff("renewed", 9, renewed)]
    [work] = fold(start(), *events)["work"]
    assert (work["lease_until"], work["note"]) == ("2026-11-26T15:00:00.000Z", "half done")
    assert work["claimed_at"] == "2026-11-26T14:02:00.000Z"


@pytest.mark.parametrize("change", ["lease_ended", "released"])
def test_work_that_comes_back_is_in_nobodys_hands(fold: Fold, change: str) -> None:
    events = [handoff("created", 1, OPEN), handoff("claimed", 2, HELD), handoff(change, 3, OPEN)]
    after = fold(start(), *events)
    [work] = after["work"]
    assert (work["state"], work["claimant"], work["lease_until"], work["claimed_at"]) == ("open", None, None, None)
    assert of(after, "ben")["held"] == 0


def test_work_that_waits_for_its_review_is_still_held(fold: Fold) -> None:
    verifying = {**HELD, "state": "verifying"}
    events = [handoff("created", 1, OPEN), handoff("claimed", 2, HELD), handoff("verifying", 3, verifying)]
    after = fold(start(), *events)
    assert after["work"][0]["state"] == "verifying"
    assert of(after, "ben")["held"] == 1


@pytest.mark.parametrize("state", ["completed", "rejected", "cancelled", "failed", "expired"])
def test_closed_work_leaves_the_graph(fold: Fold, state: str) -> None:
    closed = {**HELD, "state": state}
    after = fold(start(), handoff("created", 1, OPEN), handoff("claimed", 2, HELD), handoff(state, 3, closed))
    assert after["work"] == []
    assert of(after, "ben")["held"] == 0


def test_presence_changes_by_its_event(fold: Fold) -> None:
    back = event("presence.changed", 4, actor="cy", agent="cy", data={"presence": "present"})
    after = of(fold(start(), back), "cy")
    assert (after["presence"], after["seen_at"]) == ("present", "2026-11-26T14:04:00.000Z")


def test_agents_come_change_and_go(fold: Fold) -> None:
    came = event("workspace.joined", 1, agent="dee", profile=agent("dee", role="ops"))
    wrote = sent(["dee"], 2)
    changed = event("agent.updated", 3, agent="dee", profile=agent("dee", role="data"))
    joined = fold(start(), came, wrote, changed)
    assert (of(joined, "dee")["role"], of(joined, "dee")["unread"]) == ("data", 1)
    left = fold(joined, event("agent.archived", 4, agent="dee"))
    assert [each["name"] for each in left["agents"]] == ["ann", "ben", "cy"]
    assert left["edges"] == []


def test_what_the_graph_does_not_show_changes_only_the_position(fold: Fold) -> None:
    before = start()
    after = fold(before, event("session.opened", 5, agent="ann"), event("paths.reserved", 6, agent="ann"))
    assert {name: after[name] for name in ("agents", "work", "edges")} == {
        name: before[name] for name in ("agents", "work", "edges")
    }
    assert after["cursor"] == "6"


def test_edges_that_faded_are_forgotten_when_there_are_very_many(fold: Fold) -> None:
    old = "2026-11-26T13:00:00.000Z"
    faded = [
        {"from": f"a{number}", "to": "ben", "unread": 0, "last_at": old, "kind": "direct"} for number in range(3001)
    ]
    waiting = {"from": "cy", "to": "ben", "unread": 1, "last_at": old, "kind": "direct"}
    after = fold(start(edges=[*faded, waiting]), sent(["ben"]))
    assert [each["from"] for each in after["edges"]] == ["cy", "ann"]
    assert len(fold(start(edges=[*faded[:100], waiting]), sent(["ben"]))["edges"]) == 102
