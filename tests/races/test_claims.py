"""One winner, whatever the surfaces."""

import asyncio
import os
import random
from collections import Counter

import httpx2
import pytest

from tests.figures import figure
from tests.live.servers import MODERN, mcp_tools, play
from tests.live.sockets import frames

pytestmark = pytest.mark.slow

CLAIMERS, HANDOFFS = 64, int(os.environ.get("CLAIMS", "100"))


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


def test_of_64_claimers_over_mcp_rest_and_websocket_exactly_one_wins_each_handoff(own_server):
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

    play(scenario(), 1800)
    assert not claims.odd
    assert claims.wins == dict.fromkeys(handoffs, 1)
    assert own_server.command("verify").returncode == 0
    figure("G3", f"claims of {CLAIMERS} claimers on {HANDOFFS:,} handoffs", f"{CLAIMERS * HANDOFFS:,}, one winner each")
