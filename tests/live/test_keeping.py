"""Backup, prune and restore of a real server's data: the log verifies after each, and what was backed up is back."""

import json

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
