"""A workspace that is exported, imported elsewhere and exported again gives the same bytes."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from bus import clock, door, events, identity, knobs, transfer
from bus.directory import directory
from bus.models import Agent, Delivery, Event, Message, Workspace
from bus.verifier import verify
from handoffs.models import Handoff, PathClaim
from tests.transfer.conftest import contents, lines

COLUMNS = {
    "agents": "name kind harness role description wakes_by presence last_seen_at created_at archived_at paused_at wakes",
    "capabilities": "agent name",
    "tags": "agent key value",
    "memberships": "agent joined_at",
    "messages": (
        "public_id kind sender to subject body priority metadata references reply_to handoff sent_at expires_at"
    ),
    "deliveries": ("message recipient lane priority attempt lease_until expires_at delivered_at ended_at reason"),
    "topics": ("public_id name metadata created_by created_at latest_seq active_at closed_at close_reason archived_at"),
    "peers": "topic agent name seq moved_at seen_at joined_at",
    "posts": "message topic seq peer kind client_id",
    "checkpoints": "seq hash state state_hash floor created_at",
    "events": (
        "seq hash type at actor origin person fleet surface address message handoff topic task agent public payload"
    ),
    "handoffs": (
        "public_id creator title body payload priority to target pool fallback fallback_at visibility lease_seconds "
        "max_attempts due_at acceptance_criteria verify_by paths state epoch attempts claimant last_claimant lease_until "
        "note feedback reason result error created_at claimed_at closed_at"
    ),
    "audience": "subject agent",
    "path_claims": "glob agent handoff until reason created_at released_at",
}


def test_an_import_gives_the_same_export(harbor, out, elsewhere, bring):
    first = out(harbor)
    counted = [each.objects.count() for each in (Message, Delivery, Handoff, PathClaim)]
    elsewhere()
    bring(first)
    assert [each.objects.count() for each in (Message, Delivery, Handoff, PathClaim)] == counted
    again = out(Workspace.objects.get(alias="harbor"))
    assert contents(again) == contents(first)
    report = verify()
    assert report.is_clean, report.problems


def test_a_log_that_was_cut_keeps_its_chain(harbor, out, elsewhere, bring):
    for name in ("keep_events_days", "keep_mail_days", "keep_handoffs_days"):
        door.run("setting_put", identity.operator("test"), {"name": name, "value": 1})
    later = replace(identity.operator("test"), now=clock.now() + timedelta(days=30))
    while door.run("retention_run", later, {}).more:
        pass
    first = out(harbor)
    (floor,) = lines(first, "checkpoints")
    assert lines(first, "events")[0]["seq"] == floor["seq"] + 1 > 2
    elsewhere()
    bring(first)
    assert contents(out(Workspace.objects.get(alias="harbor"))) == contents(first)
    report = verify()
    assert report.is_clean, report.problems


@pytest.mark.parametrize("name", COLUMNS)
def test_it_holds_these_columns_and_no_others(name):
    """A new column is exported by itself; whoever adds one says here that it is no secret."""
    assert [column.name for column in transfer.tables()[name].columns] == COLUMNS[name].split()


def test_it_holds_no_secret_and_no_row_number(harbor, out):
    key = door.run("key_mint", identity.operator("test", workspace="harbor"), {"agent": "ada"}).key
    text = b"".join(contents(out(harbor)).values()).decode()
    assert key.split("_")[2] not in text
    assert not {"id", "pk", "secret_hash"} & {field for name in COLUMNS for field in COLUMNS[name].split()}
    assert str(harbor.path) not in text


def test_the_workspace_goes_on_where_it_stood(harbor, out, elsewhere, bring):
    first = out(harbor)
    unread = Delivery.objects.filter(recipient__name="ada", lane="unread").count()
    elsewhere()
    arrived = bring(first)
    operator = identity.operator("test", workspace="harbor")
    key = door.run("key_mint", operator, {"agent": "ada", "workspaces": ["harbor"]}).key
    ada = identity.from_key(directory.key(key), "test")
    assert ada.workspace.alias == "harbor"
    assert "ada" in arrived.agents
    assert unread > 0
    assert len(door.run("inbox_pull", ada, {"limit": 50}).messages) == unread
    door.run("message_create", ada, {"to": "boris", "subject": "We moved", "body": ""})
    report = verify()
    assert report.is_clean, report.problems


def test_the_installation_keeps_that_it_was_imported(harbor, out, elsewhere, bring):
    first = out(harbor)
    elsewhere()
    bring(first)
    (said,) = Event.objects.filter(type="workspace.imported").values_list("payload", flat=True)
    assert said == {"workspace": harbor.public_id, "alias": "harbor", "events": len(lines(first, "events"))}


def test_texts_of_every_kind_survive(committed, settle, out, elsewhere, bring):
    place = settle("odd")
    operator = identity.operator("test", workspace=place.public_id)
    for name in ("ann", "ben"):
        door.run("agent_create", operator, {"name": name, "workspace": place.public_id, "tags": {"a b": "ü\u2028"}})
    body = 'Zeile\r\n\u2028\u2029\x85 tab\t 🛟 \x00\x1b[31m \\u0041 "quoted" nxs_abc'
    order = {"to": "ann", "subject": "Ünï", "body": body, "metadata": {"z": 1.5, "a": [10**18, None, True, {"é": ""}]}}
    door.run("message_create", operator, order)
    first = out(Workspace.objects.get(pk=place.id))
    elsewhere()
    bring(first)
    assert contents(out(Workspace.objects.get(alias="odd"))) == contents(first)
    assert Message.objects.values_list("body", flat=True).get(subject="Ünï") == body


def joined(topic):
    """Return ada and boris, who take part in a topic."""
    operator = identity.operator("test", workspace="harbor")
    people = [replace(operator, agent=directory.agent_named(name)) for name in ("ada", "boris")]
    for caller in people:
        door.run("topic_join", caller, {"topic": topic})
    knobs.get("topic_max_sync_items")
    return people


def test_topics_go_on_where_they_stood(harbor, out, elsewhere, bring):
    topic = door.run("topic_create", identity.operator("test", workspace="harbor"), {"name": "release 4"}).topic
    ada, _ = joined(topic)
    outbox = [{"body": f"Step {number}", "client_id": f"step-{number}"} for number in range(3)]
    door.run("topic_sync", ada, {"topic": topic, "outbox": outbox, "timeout_seconds": 0})
    first = out(harbor)
    elsewhere()
    bring(first)
    assert contents(out(Workspace.objects.get(alias="harbor"))) == contents(first)
    report = verify()
    assert report.is_clean, report.problems
    ada, boris = joined(topic)
    again = door.run("topic_sync", ada, {"topic": topic, "outbox": outbox[:1], "timeout_seconds": 0})
    assert again.sent[0].duplicate
    taken = door.run("topic_sync", boris, {"topic": topic, "timeout_seconds": 0})
    assert [post.body for post in taken.received] == ["Step 0", "Step 1", "Step 2"]


def test_the_exported_log_can_be_verified_without_nexus_tables(harbor, out):
    previous = events.GENESIS
    for line in lines(out(harbor), "events"):
        facts = (transfer.moment(line["at"]), *(line[name] for name in events.FIELDS[1:]))
        previous = events.chain(previous, line["seq"], line["actor"], facts, events.canonical(line["payload"]))
        assert previous.hex() == line["hash"]
    manifest = json.loads(contents(out(harbor))["manifest.json"])
    assert manifest["head"]["hash"] == previous.hex()


def test_only_those_who_are_named_in_it_are_exported(harbor, out, settle):
    door.run("agent_create", identity.operator("test"), {"name": "stranger", "workspace": settle("other").public_id})
    assert {line["name"] for line in lines(out(harbor), "agents")} == {
        *Agent.objects.exclude(name="stranger").values_list("name", flat=True)
    }
