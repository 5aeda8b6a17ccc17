"""One winner, whatever the surfaces; and what was acknowledged survives `kill -9`."""

import asyncio
import json
import random
from collections import Counter

import httpx2
import pytest

from tests.live.servers import MODERN, Server, mcp_tools, play
from tests.live.sockets import frames

pytestmark = pytest.mark.slow

CLAIMERS, HANDOFFS, ROUNDS = 64, 300, 10


class Claims:
    """Who won what, and every answer that was neither a win nor a loss that names the winner."""

    def __init__(self):
        self.wins: Counter[str] = Counter()
        self.odd: list[object] = []

    def count(self, handoff, answer):
        if "epoch" in answer:
            self.wins[handoff] += 1
        elif answer["error"]["code"] != "already_claimed" or not answer["error"]["details"]["claimant"]:
            self.odd.append(answer)

    async def over_rest(self, server, rest, handoffs, start):
        async with httpx2.AsyncClient(base_url=f"{server.url}/api/v1/", headers=rest.headers, timeout=120) as http:
            await start.wait()
            for handoff in handoffs:
                self.count(handoff, (await http.post(f"handoffs/{handoff}/claim", json={})).json())

    async def over_mcp(self, server, rest, handoffs, start, mode):
        async with mcp_tools(server, rest.key, mode) as tools:
            await start.wait()
            for handoff in handoffs:
                self.count(handoff, await tools("handoff_claim", handoff=handoff))

    async def over_websocket(self, server, rest, handoffs, start):
        async with frames(server, rest.key, "?inbox=false") as call:
            await start.wait()
            for handoff in handoffs:
                self.count(handoff, await call("handoff_claim", handoff=handoff))


def test_of_64_claimers_over_mcp_rest_and_websocket_exactly_one_wins_each_of_300_handoffs(own_server):
    agents = [own_server.agent(f"claimer-{number}", capabilities=["work"]) for number in range(CLAIMERS)]
    boss = own_server.agent("boss")
    order = {"to": {"capability": "work"}, "visibility": "public", "lease_seconds": 3600}
    handoffs = [boss.post("handoffs", title=f"Job {number}", **order)["handoff"] for number in range(HANDOFFS)]
    claims = Claims()

    def claimer(number, start):
        mine = random.sample(handoffs, len(handoffs)) if number % 8 == 7 else handoffs
        ways = (claims.over_rest, claims.over_websocket, claims.over_mcp, claims.over_mcp)
        era = [MODERN if number % 8 == 2 else "legacy"] if number % 4 > 1 else []
        return ways[number % 4](own_server, agents[number], mine, start, *era)

    async def scenario():
        start = asyncio.Event()
        tasks = [asyncio.create_task(claimer(number, start)) for number in range(CLAIMERS)]
        start.set()
        await asyncio.gather(*tasks)

    play(scenario())
    assert not claims.odd
    assert claims.wins == dict.fromkeys(handoffs, 1)
    assert own_server.command("verify").returncode == 0


async def write_until_cut(server: Server, rest, acknowledged: list[dict]) -> None:
    """Send messages and complete handoffs as fast as answers come, noting each that was acknowledged."""
    headers = rest.headers
    async with httpx2.AsyncClient(base_url=f"{server.url}/api/v1/", headers=headers, timeout=30) as http:
        number = 0
        while True:
            number += 1
            body = {"to": "reader", "subject": f"Note {number}", "body": "x" * 400}
            sent = (await http.post("messages", json=body)).json()
            acknowledged.append({"message": sent["message"]})
            made = (await http.post("handoffs", json={"title": "Job", "to": "broadcast"})).json()
            acknowledged.append({"handoff": made["handoff"], "state": "open"})
            claim = (await http.post(f"handoffs/{made['handoff']}/claim", json={})).json()
            acknowledged.append({"handoff": made["handoff"], "state": "claimed"})
            done = {"epoch": claim["epoch"], "result": "ok"}
            (await http.post(f"handoffs/{made['handoff']}/complete", json=done)).raise_for_status()
            acknowledged.append({"handoff": made["handoff"], "state": "completed"})


def test_nothing_acknowledged_is_lost_in_ten_rounds_of_kill_9(own_server):
    writers = [own_server.agent(f"writer-{number}") for number in range(8)]
    reader = own_server.agent("reader")
    acknowledged: list[dict] = []

    async def load(seconds):
        tasks = [asyncio.create_task(write_until_cut(own_server, each, acknowledged)) for each in writers]
        await asyncio.sleep(seconds)
        own_server.kill()
        await asyncio.gather(*tasks, return_exceptions=True)

    for _ in range(ROUNDS):
        before = len(acknowledged)
        asyncio.run(load(random.uniform(0.2, 1.5)))
        own_server.start()
        operator = own_server.operator()
        last_state = {}
        for fact in acknowledged[before:]:
            if "message" in fact:
                assert operator.get(f"messages/{fact['message']}")["message"] == fact["message"]
            else:
                last_state[fact["handoff"]] = fact["state"]
        order = ["open", "claimed", "completed"]
        for handoff, state in last_state.items():
            found = operator.get(f"handoffs/{handoff}")["state"]
            assert order.index(found) >= order.index(state), (handoff, state, found)
        verified = own_server.command("verify", "--json")
        assert verified.returncode == 0, verified.stdout
    assert len(acknowledged) > 100, json.dumps(acknowledged[-3:])
    assert reader.get("inbox/count")["unread"] > 0
