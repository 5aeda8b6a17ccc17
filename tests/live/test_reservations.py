"""Two agents want the same files at once, over real connections: one gets them."""

import asyncio

import httpx2
import pytest

from tests.live.servers import play

pytestmark = pytest.mark.slow

ROUNDS = 40


def test_of_two_agents_that_reserve_overlapping_files_at_once_one_wins(server):
    one, two = (server.agent(f"editor-{number}") for number in (1, 2))

    async def reserve(agent, glob):
        async with httpx2.AsyncClient(base_url=f"{server.url}/api/v1/", headers=agent.headers, timeout=30) as http:
            return await http.post("paths", json={"globs": [glob]})

    async def scenario():
        for number in range(ROUNDS):
            wanted = (one, f"src/{number}/**"), (two, f"src/{number}/*.py")
            answers = await asyncio.gather(*(reserve(*each) for each in wanted))
            assert sorted(answer.status_code for answer in answers) == [201, 409]
            lost = next(answer.json()["error"] for answer in answers if answer.status_code == 409)
            assert lost["code"] == "path_taken"
            assert lost["details"]["agent"] in ("editor-1", "editor-2")

    play(scenario())
    assert server.command("verify").returncode == 0
