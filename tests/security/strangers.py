"""Agents of two repositories, and what there is that bob may know nothing of."""

from typing import Any

import pytest

from tests.live.servers import Rest, Server

__all__ = ["Names", "foreign", "strangers"]

REMOTE = '[remote "origin"]\n\turl = git@host.example:secret/{}.git\n'
Names = dict[str, list[Any]]


@pytest.fixture(scope="module")
def strangers(server: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rest]:
    """Alice, bob and carol of one repository, and mallory of another."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / ".git").mkdir()
    (elsewhere / ".git" / "config").write_text(REMOTE.format("elsewhere"))
    made = server.operator().post(
        "agents",
        name="mallory",
        project_root=str(elsewhere),
        capabilities=["poison"],
        role="foreigner",
        tags={"team": "red"},
    )
    found = {name: server.agent(name) for name in ("alice", "bob", "carol")} | {"mallory": Rest(server, made["key"])}
    for each in found.values():
        each.get("whoami")
    return found


@pytest.fixture(scope="module")
def foreign(server: Server, strangers: dict[str, Rest], tmp_path_factory: pytest.TempPathFactory) -> Names:
    """What there is that bob may know nothing of, by its kind."""
    alice, carol, mallory = strangers["alice"], strangers["carol"], strangers["mallory"]
    once = {"idempotency_key": "alices-own"}
    sent = alice.post("messages", to="carol", subject="Private", body="Only for carol", **once)["message"]
    got = carol.post("messages", to="alice", subject="Private", body="Only for alice")["message"]
    job = {"title": "Private job", "to": "carol", "visibility": "private", "payload": {"secret": 1}}
    own = alice.post("handoffs", **job, paths=["private/**"])["handoff"]
    there = mallory.post("messages", to="operator", subject="Elsewhere", body="Private", idempotency_key="mallorys-own")
    other = mallory.post("handoffs", title="Private job elsewhere", to="broadcast", visibility="public")["handoff"]
    mallory.post("paths", globs=["elsewhere/**"], reason="Private")
    topic = mallory.post("topics", name="Private topic elsewhere")["topic"]
    mallory.post("topics/join", topic=topic)
    posted = mallory.post(f"topics/{topic}/sync", outbox=[{"body": "Private"}], timeout_seconds=0)["sent"][0]["message"]
    sessions = [each.post("sessions", harness="codex") for each in (alice, mallory)]
    place = server.operator().get("workspaces/resolve", git_remote="host.example/secret/elsewhere")
    return {
        "message": [sent, got, there["message"], posted],
        "handoff": [own, other],
        "topic": [topic],
        "session": [each["session"] for each in sessions],
        "agent": ["mallory"],
        "address": ["mallory", {"capability": "poison"}, {"role": "foreigner"}, {"tag": {"team": "red"}}],
        "workspace": [place["workspace"], place["alias"]],
        "folder": [place["path"]],
        "alias": [place["alias"]],
        "remote": [place["git_remote"]],
        "key": [mallory.key.split("_")[1], alice.key.split("_")[1]],
        "subject": [sent, own, there["message"], other, topic, "mallory"],
        "glob": ["elsewhere/**"],
        "word": ["Private", "mallory", "poison", "foreigner", "Elsewhere"],
        "tag": ["team=red"],
        "unknown folder": [str(tmp_path_factory.mktemp("unknown"))],
    }
