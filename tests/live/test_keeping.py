"""Backup, prune, restore and reindex of a real server's data: it verifies after each, and what was there is there."""

import json
from contextlib import closing
from sqlite3 import connect

import pytest

pytestmark = pytest.mark.slow


def test_verify_is_clean_after_prune_and_after_restore(own_server):
    alice, bob = own_server.agent("alice"), own_server.agent("bob")
    kept = alice.post("messages", to="bob", subject="Before", body="the backup")["message"]
    bob.post("inbox/pull")
    backup = json.loads(own_server.command("backup", "--json").stdout)
    lost = alice.post("messages", to="bob", subject="After", body="the backup")["message"]
    assert own_server.command("prune", "--json").returncode == 0
    assert own_server.command("verify").returncode == 0
    refused = own_server.command("restore", backup["backup"])
    assert refused.returncode != 0, "a running server's data is not replaced"
    own_server.stop()
    restored = own_server.command("restore", str(own_server.home / "backups" / backup["backup"]))
    assert restored.returncode == 0, restored.stdout + restored.stderr
    assert own_server.command("verify").returncode == 0
    own_server.start()
    operator = own_server.operator()
    assert operator.get(f"messages/{kept}")["subject"] == "Before"
    assert operator.get(f"messages/{lost}")["error"]["code"] == "not_found"
    assert bob.post("inbox/ack", messages=[kept])["acked"] == [kept]
    assert own_server.command("verify").returncode == 0


def test_an_index_that_was_damaged_is_made_anew_while_the_server_runs(own_server):
    alice = own_server.agent("alice")
    own_server.agent("bob")
    before = alice.post("messages", to="bob", subject="Before", body="the parser")["message"]
    with closing(connect(own_server.home / "nexus.sqlite3", isolation_level=None)) as raw:
        raw.execute("DROP TRIGGER bus_message_search_insert")
        raw.execute("INSERT INTO bus_searchentry (bus_searchentry) VALUES ('delete-all')")
    between = alice.post("messages", to="bob", subject="Between", body="the parser")["message"]
    assert alice.get("search", query="parser")["results"] == []
    said = own_server.command("verify")
    assert said.returncode == 1
    assert "`nexus reindex` mends it." in said.stdout
    assert json.loads(own_server.command("reindex", "--json").stdout)["entries"] == 2
    after = alice.post("messages", to="bob", subject="After", body="the parser")["message"]
    found = {each["id"] for each in alice.get("search", query="parser")["results"]}
    assert found == {before, between, after}
    assert own_server.command("verify").returncode == 0
