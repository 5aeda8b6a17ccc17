"""Databases of Okto Nexus and Agent Bus become agents, mail, handoffs and topics.

The SQL files were dumped from databases that the published programs wrote; `test_programs.py` runs the programs themselves.
"""

import hashlib
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bus import clock, door, identity, places
from bus.directory import directory
from bus.errors import InvalidInput
from bus.models import Agent, Delivery, Event, Message, Peer, Topic, Workspace
from bus.verifier import verify
from handoffs.models import Handoff
from nexus_site.foreign.bringing import Bringing, Brought, bring

DATABASES = Path(__file__).parent / "databases"
OKTO = ("okto-nexus-0.1.10", "okto-nexus-0.3.1")


@pytest.fixture
def shop(tmp_path: Path) -> places.Place:
    """A folder of this machine where nobody has worked yet."""
    (tmp_path / "shop" / ".git").mkdir(parents=True)
    return places.at(str(tmp_path / "shop"))


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that makes a database of a dump, changed by some statements."""

    def made(name: str, *statements: str) -> Path:
        path = tmp_path / f"{name}.db"
        with closing(sqlite3.connect(path)) as raw:
            raw.executescript((DATABASES / f"{name}.sql").read_text())
            for statement in statements:
                raw.execute(statement)
            raw.commit()
        return path

    return made


@pytest.fixture
def come(committed: None, shop: places.Place) -> Callable[..., Brought]:
    """Return a function that brings a database into the shop."""

    def come(path: Path, **more: Any) -> Brought:
        source = "agent-bus" if "agent" in path.name else "okto-nexus"
        (brought,) = bring(Bringing(source, path, **{"folder": shop, **more}), lambda what, done, total: None)
        return brought

    return come


def is_true() -> bool:
    report = verify()
    assert report.is_clean, report.problems
    return True


def counts() -> list[int]:
    return [each.objects.count() for each in (Agent, Message, Delivery, Handoff, Topic, Peer, Event, Workspace)]


@pytest.mark.parametrize("name", OKTO)
def test_agents_come_with_what_is_known_of_them_and_without_keys(made, come, name):
    come(made(name))
    agents = Agent.objects.filter(kind="agent")
    assert dict(agents.values_list("name", "role")) == {"ann": "lead", "ben.b": "reviewer", "carla": "tester"}
    assert {*agents.get(name="ann").capabilities.values_list("name", flat=True)} == {"python"}
    assert {each.home.alias for each in agents} == {"shop"}
    assert not agents.filter(keys__isnull=False).exists()
    assert is_true()


@pytest.mark.parametrize("name", OKTO)
def test_messages_come_with_what_became_of_them(made, come, name):
    brought = come(made(name))
    plan, answer, everyone = Message.objects.exclude(kind="handoff").order_by("pk")
    assert (plan.sender.name, plan.subject, plan.body) == ("ann", "Plan", "# Plan\n\nShip **it** — ünï 🛟.")
    assert plan.metadata["imported"]["from"] == "okto-nexus"
    assert answer.reply_to == plan
    assert (everyone.kind, everyone.to) == ("broadcast", "broadcast")
    assert {*everyone.deliveries.values_list("recipient__name", "lane")} == {("ann", "unread"), ("ben.b", "unread")}
    assert plan.deliveries.get().lane == "read"
    assert plan.sent_at < plan.deliveries.get().ended_at < answer.sent_at
    skipped = {kind: count for (kind, _), count in brought.report.skipped.items()}
    assert skipped["messages"] == 7
    assert is_true()


@pytest.mark.parametrize("name", OKTO)
def test_handoffs_come_in_their_states(made, come, name):
    later = f"UPDATE handoffs SET lease_expires_at = '{(clock.now() + timedelta(hours=1)).isoformat()}'"
    come(made(name, f"{later} WHERE status = 'CLAIMED'"))
    found = {each.title: each for each in Handoff.objects.all()}
    states = {title: each.state for title, each in found.items()}
    assert states == {"done": "completed", "open": "open", "held": "claimed", "refused": "rejected"}
    assert found["done"].result == {"commit": "8c1f0de"}
    assert found["done"].payload == {"title": "done", "step": 1}
    assert found["refused"].reason == "No time."
    assert found["held"].claimant.name == "ben.b"
    assert Delivery.objects.get(message__handoff=found["open"].public_id).recipient.name == "ben.b"
    assert is_true()


def test_other_states_and_addresses_come_too(made, come):
    name, body = "okto-nexus-0.3.1", '\'{"title": "%s"}\''
    one = (
        "UPDATE handoffs SET status = '{}', target = '{}', payload = {}, claimed_by = {} WHERE payload LIKE '%\"{}\"%'"
    )
    brought = come(
        made(
            name,
            one.format(
                "VERIFYING", '{"strategy": "capability", "capability": "review"}', body % "judged", "'ben.b'", "done"
            ),
            one.format("CANCELLED", '{"strategy": "broadcast"}', body % "off", "NULL", "refused"),
            one.format(
                "OPEN",
                '{"strategy": "mixed", "rules": [{"strategy": "role", "role": "lead"}, {"strategy": "direct", "agent_id": "carla"}]}',
                body % "any",
                "NULL",
                "open",
            ),
            one.format("BLOCKED", '{"strategy": "broadcast"}', body % "stuck", "NULL", "held"),
            "UPDATE message_deliveries SET status = 'parked', attempts = 5 WHERE status = 'read'",
        )
    )
    found = {each.title: each for each in Handoff.objects.all()}
    assert {title: each.state for title, each in found.items()} == {
        "judged": "verifying",
        "off": "cancelled",
        "any": "open",
    }
    assert found["judged"].to == {"capability": "review"}
    assert found["any"].to == [{"role": "lead"}, "carla"]
    assert ("handoffs", "nothing here is like its state BLOCKED") in brought.report.skipped
    assert Delivery.objects.get(lane="parked").attempt == 5
    assert is_true()


def test_a_lease_that_is_over_lets_the_handoff_open(made, come):
    brought = come(made("okto-nexus-0.3.1", "UPDATE handoffs SET lease_expires_at = '2026-01-01T00:00:00Z'"))
    assert Handoff.objects.get(title="held").state == "open"
    assert sum(brought.report.changed.values()) == 1
    assert is_true()


def test_topics_come_with_names_cursors_and_ends(made, come):
    come(made("agent-bus-0.5.1"))
    plan, retro = Topic.objects.order_by("created_at")
    assert (plan.name, plan.closed_at, plan.latest_seq, plan.metadata["goal"]) == ("release 4", None, 3, "ship")
    assert (retro.name, retro.state, retro.close_reason) == ("retro", "closed", "over")
    posts = plan.posts.order_by("seq").values_list("seq", "peer__name", "kind", "message__body")
    assert list(posts) == [
        (1, "ann", "message", "# Plan\n\nShip **it** — ünï 🛟."),
        (2, "ann", "question", "Who reviews?"),
        (3, "ben the second", "answer", "I do."),
    ]
    assert plan.posts.get(seq=3).message.reply_to == plan.posts.get(seq=2).message
    assert plan.posts.get(seq=1).client_id == "plan-1"
    assert dict(plan.peers.values_list("name", "seq")) == {"ann": 0, "ben the second": 2}
    assert {*Agent.objects.filter(kind="agent").values_list("name", flat=True)} == {"ann", "ben-the-second"}
    assert is_true()


def test_a_name_in_a_topic_is_got_back_by_its_old_token(made, come):
    path = made("agent-bus-0.5.1")
    come(path)
    with closing(sqlite3.connect(path)) as raw:
        (token,) = raw.execute(
            "SELECT reclaim_token FROM agent_name_reservations WHERE agent_name LIKE 'ben%'"
        ).fetchone()
    operator = identity.operator("test", workspace="shop")
    key = door.run("key_mint", operator, {"agent": "ben-the-second", "workspaces": ["shop"]}).key
    ben = identity.from_key(directory.key(key), "test")
    topic = Topic.objects.get(name="release 4").public_id
    joined = door.run("topic_join", ben, {"topic": topic, "peer": "ben the second", "reclaim_token": token})
    assert (joined.peer, joined.reclaim_token, joined.seq) == ("ben the second", token, 2)


@pytest.mark.parametrize("name", [*OKTO, "agent-bus-0.5.1"])
def test_once_more_brings_nothing_twice_and_what_is_new(made, come, name):
    path = made(name)
    first = come(path)
    before = counts()
    again = come(path)
    assert counts() == before
    assert not +again.report.brought
    assert +again.report.known == {kind: count for kind, count in first.report.brought.items() if kind != "deliveries"}
    statements = {
        "agent": "INSERT INTO messages SELECT 'new', topic_id, 9, sender, message_type, NULL, 'New', NULL, NULL, "
        "created_at + 60 FROM messages WHERE client_message_id = 'plan-1'",
        "okto": "INSERT INTO messages (message_id, workspace_id, from_agent_id, subject, body, created_at) "
        "SELECT 'new', workspace_id, from_agent_id, 'New', 'New', '2026-12-01T00:00:00Z' FROM messages LIMIT 1",
    }
    with closing(sqlite3.connect(path)) as raw:
        raw.execute(statements[name.partition("-")[0]])
        raw.commit()
    more = come(path)
    assert sum((+more.report.brought).values()) == 1
    assert Message.objects.filter(body="New").count() == 1
    assert is_true()


@pytest.mark.parametrize("name", [*OKTO, "agent-bus-0.5.1"])
def test_a_dry_run_tells_the_same_and_changes_nothing(made, come, name):
    path, before = made(name), counts()
    tried = come(path, is_dry=True)
    assert counts() == before
    assert directory.agent_named("ann") is None
    done = come(path)
    assert (done.report.brought, done.report.skipped) == (tried.report.brought, tried.report.skipped)
    assert is_true()


@pytest.mark.parametrize("name", [*OKTO, "agent-bus-0.5.1"])
def test_the_source_stays_as_it_is(made, come, name):
    path = made(name)
    path.chmod(0o400)
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    come(path)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before
    assert [each.name for each in path.parent.glob(f"{path.name}*")] == [path.name]


def test_it_joins_those_who_work_here_already(made, come, settle, shop):
    door.run("agent_create", identity.operator("test"), {"name": "ANN", "workspace": settle("other").public_id})
    brought = come(made("okto-nexus-0.3.1"), renames={"carla": "carla-2"})
    assert brought.report.known["agents"] == 1
    assert Message.objects.filter(sender__name="ANN").exists()
    assert {*Agent.objects.filter(kind="agent").values_list("name", flat=True)} == {"ANN", "ben.b", "carla-2"}
    assert is_true()


def test_what_comes_later_never_turns_the_log_back(made, come, do, alice):
    """Into a workspace where somebody works already the past comes as what is told now."""
    do("message_create", alice, to="operator", subject="Before", body="")
    come(made("okto-nexus-0.3.1"), folder=None, workspace=alice.workspace)
    events = Event.objects.filter(workspace_id=alice.workspace.id).order_by("seq")
    instants = [*events.values_list("at", flat=True)]
    assert instants == sorted(instants)
    assert Message.objects.get(subject="Plan").sent_at.isoformat().startswith("2026-11-27T06:23")
    assert is_true()


def test_a_workspace_whose_folder_is_not_here_is_named_in_the_report(made, come):
    brought = come(made("okto-nexus-0.3.1"), folder=None)
    assert (brought.where, brought.name) == ("", "/home/you/shop")
    assert [kind for kind, _ in brought.report.skipped] == ["workspaces"]
    assert not Message.objects.exists()


@pytest.mark.parametrize("source", ["okto-nexus", "agent-bus"])
def test_what_is_no_database_of_the_program_is_refused(committed, made, shop, tmp_path, source):
    (tmp_path / "text.db").write_text("Once upon a time there was a very long line of text." * 40)
    other = made("agent-bus-0.5.1" if source == "okto-nexus" else "okto-nexus-0.3.1")
    for path in (tmp_path / "nowhere.db", tmp_path / "text.db", other):
        with pytest.raises(InvalidInput):
            bring(Bringing(source, path, folder=shop), lambda what, done, total: None)


def test_agent_bus_needs_a_workspace(made, come):
    with pytest.raises(InvalidInput, match="no workspaces"):
        come(made("agent-bus-0.5.1"), folder=None)


def test_each_workspace_reports_its_own_rows_and_those_of_none_are_told_once(made, committed, tmp_path):
    roots = [tmp_path / name for name in ("one", "two")]
    for root in roots:
        (root / ".git").mkdir(parents=True)
    row = "INSERT INTO workspaces VALUES ('{0}', NULL, '{1}', '2026-11-27T07:00:00Z', NULL)"
    lost = "UPDATE {} SET workspace_id = 'gone' WHERE rowid IN (SELECT min(rowid) FROM {})"
    path = made(
        "okto-nexus-0.3.1",
        *(row.format(root.name, root) for root in roots),
        *(lost.format(table, table) for table in ("messages", "handoffs", "events")),
        "CREATE TABLE policies (name TEXT)",
        "INSERT INTO policies VALUES ('none owns it')",
    )
    shop, *empty, rest = bring(Bringing("okto-nexus", path), lambda what, done, total: None)
    assert [kind for kind, _ in shop.report.skipped] == ["workspaces"]
    assert [dict(each.report.skipped) for each in empty] == [{}, {}]
    assert [each.where for each in empty] == ["one", "two"]
    assert (rest.name, rest.where) == (path.name, "")
    assert rest.report.skipped == {
        ("messages", "their workspace is gone"): 1,
        ("handoffs", "their workspace is gone"): 1,
        ("events", "the log here is written anew"): 1,
        ("policies", "make the rules anew"): 1,
    }
