"""Floods of calls: more than a key may have at once are refused with 429, and others are served meanwhile."""

import asyncio
from collections import Counter
from typing import Any

import httpx2
import pytest

from tests.faults import wires
from tests.figures import figure
from tests.live.servers import MODERN, Server, mcp_tools, play

pytestmark = pytest.mark.slow
CONNECTIONS, CALLS, QUIET = 160, 400, 10
LIMITS = httpx2.Limits(max_connections=CONNECTIONS)
WRONG = {
    "no key at all": "Bearer what",
    "a prefix that nobody has": f"Bearer nxs_abcdefghijkl_{'x' * 43}",
}


async def flood(server: Server, headers: dict[str, str], answers: list[httpx2.Response], *, order: Any = None) -> None:
    """Send many calls at once."""
    async with httpx2.AsyncClient(base_url=server.url, headers=headers, limits=LIMITS, timeout=120) as http:
        send = [
            http.post("/api/v1/messages", json=order) if order else http.get("/api/v1/whoami") for _ in range(CALLS)
        ]
        answers += await asyncio.gather(*send)


async def others_work(server: Server, key: str) -> None:
    """Do ordinary work on both surfaces; nothing of it is refused."""
    async with mcp_tools(server, key, mode=MODERN) as tools:
        for number in range(QUIET):
            sent = await tools("message_create", to="target", subject=f"{number}", body="")
            assert "message" in sent
            assert (await tools("whoami"))["agent"] == "quiet"


def test_a_flood_of_writes_is_refused_with_a_time_to_wait(own_server: Server) -> None:
    noisy, quiet = own_server.agent("noisy"), own_server.agent("quiet")
    own_server.agent("target")
    answers: list[httpx2.Response] = []

    async def scenario() -> None:
        order = {"to": "target", "subject": "Noise", "body": ""}
        await asyncio.gather(flood(own_server, noisy.headers, answers, order=order), others_work(own_server, quiet.key))

    play(scenario())
    count = Counter(answer.status_code for answer in answers)
    assert set(count) == {201, 429}
    for answer in answers:
        if answer.status_code == 429:
            error = answer.json()["error"]
            assert (error["code"], error["retry_after"]) == ("rate_limited", 1.0)
            assert answer.headers["retry-after"] == "1"
    written = own_server.operator().get("agents", query="target")["agents"]
    assert written[0]["unread"] == min(100, count[201] + QUIET)  # counted to 100
    figure("G15", f"of {CALLS} calls of one key over {CONNECTIONS} connections", f"{count[429]} refused with 429")


@pytest.mark.parametrize("sent", WRONG.values(), ids=WRONG)
def test_a_flood_of_wrong_keys_keeps_no_right_one_waiting(own_server: Server, sent: str) -> None:
    """Not even one that is used for the first time."""
    quiet = own_server.agent("quiet")
    own_server.agent("target")
    answers: list[httpx2.Response] = []

    async def scenario() -> None:
        wrong = flood(own_server, {"Authorization": sent}, answers)
        await asyncio.gather(wrong, others_work(own_server, quiet.key))

    play(scenario())
    assert {401} <= {answer.status_code for answer in answers} <= {401, 429}


def test_waits_of_one_key_take_no_turn_of_its_calls(own_server: Server) -> None:
    """Many long waits are open, and the same key goes on calling."""
    agent = own_server.agent("waiting")

    async def scenario() -> None:
        async with httpx2.AsyncClient(
            base_url=own_server.url, headers=agent.headers, limits=LIMITS, timeout=120
        ) as http:
            waits = [asyncio.create_task(http.get("/api/v1/inbox/wait?timeout_seconds=100")) for _ in range(40)]
            for _ in range(20):
                assert (await http.get("/api/v1/whoami")).status_code == 200
            sent = await asyncio.to_thread(
                own_server.operator().post, "messages", to="waiting", subject="Now", body="Go on."
            )
            answered = await asyncio.gather(*waits)
            assert {each.json()["messages"][0]["message"] for each in answered} == {sent["message"]}

    play(scenario())


def test_1000_idle_mcp_sessions_cost_little_and_all_answer(own_server: Server) -> None:
    sessions, keys, most = 1000, 20, 120_000_000
    agents = [own_server.agent(f"idle-{number}") for number in range(keys)]
    clients = [wires.Mcp(own_server, agent.key) for agent in agents]
    clients[0].session()
    before = wires.resident(own_server)
    opened = [(clients[number % keys], clients[number % keys].session(is_used=False)) for number in range(sessions)]
    cost = wires.resident(own_server) - before
    assert cost < most
    for client, session in opened[:: sessions // 50]:
        answer = client.http.post(
            "/mcp",
            json={"jsonrpc": "2.0", "id": 1, "method": "ping"},
            headers={"Mcp-Session-Id": session, "MCP-Protocol-Version": "2025-11-25"},
        )
        assert answer.json()["result"] == {}
    figure("G15", f"memory of {sessions:,} idle MCP sessions", f"{cost / 1e6:.0f} MB")
