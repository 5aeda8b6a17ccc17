"""Keys: what they open, where they may enter, and how they end."""

import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection, connections

from bus import clock, door, identity
from bus.directory import directory
from bus.errors import Unauthorized
from bus.models import Agent, Deadline, Event, Key


def logged(type_):
    return list(Event.objects.filter(type=type_).order_by("id"))


def test_key_is_a_prefix_and_256_bits(keys, alice):
    assert re.fullmatch(r"nxs_[0-9a-hjkmnp-tv-z]{10}_[0-9a-f]{64}", keys["alice"])


def test_every_key_is_another(do, operator, alice):
    minted = [do("key_mint", operator, agent="alice") for _ in range(20)]
    assert len({each.key for each in minted}) == len({each.prefix for each in minted}) == 20


def test_only_the_hash_of_a_key_is_kept(do, operator, alice, keys):
    do("key_mint", operator, agent="alice", idempotency_key="k")
    key = Key.objects.get(prefix=keys["alice"].split("_")[1])
    assert bytes(key.secret_hash) == hashlib.sha256(keys["alice"].encode()).digest()
    dump = "\n".join(connection.connection.iterdump())
    assert key.prefix in dump
    assert keys["alice"].split("_")[2] not in dump


def test_repeated_minting_shows_no_key_again(do, operator, alice):
    first = do("key_mint", operator, agent="alice", idempotency_key="k")
    again = do("key_mint", operator, agent="alice", idempotency_key="k")
    assert (again.prefix, again.key, again.duplicate) == (first.prefix, None, True)


def test_an_agent_has_several_keys(do, operator, alice, keys, behind):
    second = do("key_mint", operator, agent="ALICE", label="ci")
    assert second.agent == "alice"
    assert second.key.split("_")[1] == second.prefix
    assert behind(second.key).agent == behind(keys["alice"]).agent
    assert logged("key.minted")[-1].payload == {"prefix": second.prefix, "label": "ci"}
    assert not logged("key.minted")[-1].public


def test_nearly_right_key_opens_nothing(alice, keys):
    start, prefix, secret = keys["alice"].split("_")
    assert directory.key(f"{start}_{prefix}_{secret[:-1]}{'0' if secret[-1] != '0' else '1'}") is None
    assert directory.key(f"{start}_{prefix}_") is None
    assert directory.key(keys["alice"].upper()) is None
    assert directory.key(f"{keys['alice']}_") is None
    assert directory.key("") is None


def test_reading_key_changes_nothing(do, attempt, assert_refused, operator, alice, behind):
    reader = behind(do("key_mint", operator, agent="alice", scope="read").key)
    assert do("agent_list", reader).agents
    assert_refused(attempt("agent_update", reader, role="x"), "forbidden")
    assert_refused(attempt("session_open", reader), "forbidden")


def test_key_enters_what_it_lists_and_the_agent_joins_it(do, attempt, assert_refused, operator, alice, settle, behind):
    there = settle("there")
    both = do("key_mint", operator, agent="alice", workspaces=["atlas", there.public_id])
    only = do("key_mint", operator, agent="alice", workspaces=["there"])
    assert [len(key.workspaces) for key in do("agent_get", operator, agent="alice").keys] == [1, 2, 1]
    assert do("agent_list", behind(both.key), workspace="there").agents
    assert do("agent_list", behind(only.key), workspace=there.public_id).agents
    assert_refused(attempt("agent_list", alice, workspace="there"), "not_found")
    assert [event.workspace.alias for event in logged("workspace.joined")] == ["atlas", "there"]


def test_calls_of_a_key_go_where_it_may_enter(do, operator, alice, settle, behind):
    there = settle("there")
    text = do("key_mint", operator, agent="alice", workspaces=["there"]).key
    assert behind(text).workspace == there
    assert do("session_open", behind(text)).workspace == there.public_id
    assert alice.workspace.alias == "atlas"


def test_operator_with_a_key_looks_at_the_first_workspace(do, operator, workspace, behind):
    assert behind(do("key_mint", operator, agent="operator").key).workspace == workspace


def test_key_lists_all_workspaces_of_its_agent_unless_told(do, operator, alice, settle):
    settle("there")
    do("key_mint", operator, agent="alice", workspaces=["there"])
    minted = do("key_mint", operator, agent="alice")
    assert set(Key.objects.get(prefix=minted.prefix).workspaces.values_list("alias", flat=True)) == {"atlas", "there"}


def test_key_for_an_unknown_workspace_or_agent_is_refused(attempt, assert_refused, operator, alice):
    assert_refused(attempt("key_mint", operator, agent="alice", workspaces=["nowhere"]), "not_found")
    assert_refused(attempt("key_mint", operator, agent="nobody"), "not_found")
    assert_refused(attempt("key_mint", operator, agent="alice", workspaces=[]), "invalid_input")


def test_nexus_itself_has_no_key_but_operators_may(do, attempt, assert_refused, operator, behind):
    assert_refused(attempt("key_mint", operator, agent="system"), "not_found")
    assert behind(do("key_mint", operator, agent="operator").key).is_operator


def test_agents_mint_and_revoke_nothing(attempt, assert_refused, alice, bob):
    assert_refused(attempt("key_mint", alice, agent="alice"), "forbidden")
    assert_refused(attempt("key_revoke", alice, agent="bob", key=bob.key.prefix), "forbidden")


def test_key_stops_at_its_expiry(do, operator, alice, behind):
    text = do("key_mint", operator, agent="alice", expires_at=clock.now() + timedelta(hours=1)).key
    caller = behind(text)
    assert Deadline.objects.get(kind="key_expiry").at == caller.key.expires_at
    expired = replace(caller.key, expires_at=clock.now())
    with pytest.raises(Unauthorized):
        identity.from_key(expired, "test")


@pytest.mark.parametrize("expires_at", ["2020-01-01T00:00:00Z", "2999-01-01T00:00:00", "soon"])
def test_expiry_is_a_coming_instant_with_a_zone(attempt, assert_refused, operator, alice, expires_at):
    assert_refused(attempt("key_mint", operator, agent="alice", expires_at=expires_at), "invalid_input")


def test_revoked_key_opens_nothing_and_its_sessions_close(do, operator, alice, keys, behind):
    other = do("key_mint", operator, agent="alice")
    do("session_open", behind(other.key))
    do("session_open", alice)
    revoked = do("key_revoke", operator, agent="alice", key=alice.key.prefix)
    assert (revoked.key, revoked.sessions_closed) == (alice.key.prefix, 1)
    assert directory.key(keys["alice"]) is None
    assert behind(other.key).session is not None
    assert [event.payload["reason"] for event in logged("session.closed")] == ["key revoked"]
    assert logged("key.revoked")[0].payload == {"prefix": alice.key.prefix, "label": ""}


def test_key_is_revoked_once(do, attempt, assert_refused, operator, alice):
    do("key_revoke", operator, agent="alice", key=alice.key.prefix)
    assert_refused(attempt("key_revoke", operator, agent="alice", key=alice.key.prefix), "conflict")
    assert len(logged("key.revoked")) == 1


def test_key_of_another_agent_is_not_revoked(attempt, assert_refused, operator, alice, bob, keys):
    assert_refused(attempt("key_revoke", operator, agent="alice", key=bob.key.prefix), "not_found")
    assert_refused(attempt("key_revoke", operator, agent="alice", key="nothing"), "not_found")
    assert directory.key(keys["bob"]) is not None


def test_one_of_many_that_enrol_a_name_at_once_wins(committed, operator, attempt):
    def enrol(number):
        try:
            return attempt("agent_create", operator, name=("dave", "DAVE")[number % 2])
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(enrol, range(16)))
    assert sorted(getattr(outcome, "code", "enrolled") for outcome in outcomes) == ["conflict"] * 15 + ["enrolled"]
    assert Agent.objects.filter(name__iexact="dave").count() == 1
    assert door.run("agent_get", operator, {"agent": "dave"}).agent in ("dave", "DAVE")
