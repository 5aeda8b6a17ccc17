"""Waking on a real server: a long poll over REST is answered by the next message, and a paused agent is not woken."""

import itertools
import threading

import pytest

from tests.live.servers import PATIENCE, mcp_tools, play

pytestmark = pytest.mark.slow


NAMES = itertools.count()


@pytest.fixture
def pair(server):
    """Two new agents of the project, the second by its name too."""
    name = f"bob-{next(NAMES)}"
    return server.agent(f"alice-{name}"), server.agent(name), name


def test_a_waiter_is_answered_claims_a_turn_and_is_told_once(server, pair):
    alice, bob, name = pair
    here = {"project_root": str(server.project), "harness": "claude-code", "session_ref": "sitting-1"}
    first = bob.get("wake", **here)
    bob.http.headers["Nexus-Session"] = first["session"]
    answered = []
    order = {"after": first["cursor"], "wait": PATIENCE, "waking": "1", **here}
    waiter = threading.Thread(target=lambda: answered.append(bob.get("wake", **order)))
    waiter.start()
    alice.post("messages", to="broadcast", subject="Lunch", body="")
    sent = alice.post("messages", to=name, subject="Look", body="Now", priority=9)["message"]
    waiter.join(PATIENCE)
    (woken,) = answered
    assert (sent in woken["text"], woken["items"], woken["urgent"]) == (True, 1, 1)
    assert bob.post("wake/claim", waiter="claude-code")["wakes_left"] == 19
    assert bob.post("wake/claim")["error"]["code"] == "rate_limited"
    rest = bob.get("wake", after=woken["cursor"], **here)
    assert ("Lunch" in rest["text"], sent in rest["text"]) == (True, False)
    assert len(bob.get("sessions")["sessions"]) == 1
    assert bob.get("inbox/count")["unread"] == 2


def test_a_paused_agent_is_not_woken(server, pair):
    _, bob, name = pair
    operator = server.operator()
    assert operator.post(f"agents/{name}/pause")["paused"]
    assert bob.post("wake/claim")["error"]["code"] == "wakes_paused"
    assert not operator.post(f"agents/{name}/pause", paused=False)["paused"]


def test_the_digest_is_the_same_over_mcp(server, pair):
    alice, bob, name = pair
    alice.post("messages", to=name, subject="Once more", body="")

    async def ask():
        async with mcp_tools(server, bob.key) as tools:
            return await tools("wake", project_root=str(server.project), session_ref="sitting-2")

    over_mcp = play(ask())
    assert over_mcp["text"] == bob.get("wake")["text"]
    assert "Once more" in over_mcp["text"]
