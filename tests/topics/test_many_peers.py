"""Sixteen peers of one topic as processes that are killed at random, and a server that is: each sees every post once."""

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from sqlite3 import connect

import pytest

from tests.figures import figure
from tests.live.servers import Server, mcp_tools, play

pytestmark = pytest.mark.slow

PEERS, POSTS = 16, int(os.environ.get("POSTS", "3000"))
PATIENCE, MOST_OF_IT = 120 + POSTS // 10, 0.95
PROGRAM = Path(__file__).with_name("peer.py")
FROM_THE_FILE = "SELECT p.seq, e.name, p.client_id FROM bus_post p JOIN bus_peer e ON e.id = p.peer_id ORDER BY p.seq"


class Crowd:
    """The processes, one a peer, each with a folder for its journal."""

    def __init__(self, folder: Path, orders: list[dict]) -> None:
        self.folder, self.orders = folder, {order["name"]: order for order in orders}
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.killed = 0

    def start(self, name: str) -> None:
        place = self.folder / name
        place.mkdir(exist_ok=True)
        order = json.dumps({**self.orders[name], "folder": str(place)})
        with (place / "log").open("ab") as log:
            self.running[name] = subprocess.Popen([sys.executable, str(PROGRAM), order], stderr=log)

    def settle(self) -> None:
        """Take out those that are done; one that ended otherwise is a failure."""
        for name, process in list(self.running.items()):
            if process.poll() is not None:
                assert process.returncode == 0, (name, (self.folder / name / "log").read_text())
                del self.running[name]

    def kill_one(self) -> None:
        """Kill a random one and start it again."""
        name = random.choice(sorted(self.running))
        process = self.running.pop(name)
        process.kill()
        process.wait()
        self.killed += 1
        self.start(name)

    def seen(self, name: str) -> list[int]:
        return [int(line) for line in (self.folder / name / "seen").read_text().split()]

    def clear_away(self) -> None:
        for process in self.running.values():
            process.kill()
            process.wait()


@pytest.fixture
def server(tmp_path):
    running = Server(tmp_path / "home", NEXUS_TOPIC_MAX_SYNC_ITEMS="200").start()
    yield running
    running.close()


@pytest.fixture
def crowd(server, tmp_path):
    """Sixteen agents that have joined one topic, half of which confirm themselves what they saw."""
    keys = [server.agent(f"agent-{number}").key for number in range(PEERS)]

    async def joined():
        orders = []
        async with mcp_tools(server, keys[0]) as first:
            topic = (await first("topic_create", name="crowd"))["topic"]
        for number, key in enumerate(keys):
            async with mcp_tools(server, key) as tools:
                name = f"peer {number}"
                token = (await tools("topic_join", topic=topic, peer=name))["reclaim_token"]
            share = POSTS // PEERS + (number < POSTS % PEERS)
            orders.append(
                {"port": server.port, "key": key, "topic": topic, "name": name, "token": token, "share": share}
            )
        return [{**order, "total": POSTS, "acks": number % 2 == 0} for number, order in enumerate(orders)]

    (tmp_path / "peers").mkdir()
    crowd = Crowd(tmp_path / "peers", play(joined()))
    yield crowd
    crowd.clear_away()


def rows(server, query=FROM_THE_FILE):
    """Return the posts as the file has them."""
    with closing(connect(server.home / "nexus.sqlite3")) as raw:
        return raw.execute(query).fetchall()


def share_posted(server):
    """Return which part of all posts is there."""
    return rows(server, "SELECT count(*) FROM bus_post")[0][0] / POSTS


def test_every_peer_sees_every_post_once_and_in_order(server, crowd):
    begun, is_killed, share = time.monotonic(), False, 0.0
    for name in crowd.orders:
        crowd.start(name)
    while crowd.running:
        assert time.monotonic() < begun + PATIENCE, sorted(crowd.running)
        time.sleep(random.uniform(0.05, 0.3))
        crowd.settle()
        share, known = share_posted(server), share
        if crowd.running and known < share < MOST_OF_IT:
            crowd.kill_one()
        if not is_killed and share > 1 / 3:
            is_killed = True
            server.kill()
            server.start()
    assert is_killed
    assert crowd.killed
    took = time.monotonic() - begun

    posts = rows(server)
    assert [seq for seq, _, _ in posts] == list(range(1, POSTS + 1))
    expected = {(name, str(each)) for name, order in crowd.orders.items() for each in range(order["share"])}
    assert Counter((name, mark) for _, name, mark in posts) == Counter(expected)
    for name in crowd.orders:
        assert crowd.seen(name) == list(range(1, POSTS + 1)), name

    server.kill()
    server.start()
    topic = next(iter(crowd.orders.values()))["topic"]
    peers = server.operator().get(f"topics/{topic}/presence", window_seconds=86_400)["peers"]
    assert {each["peer"]: each["seq"] for each in peers} == dict.fromkeys(crowd.orders, POSTS)
    assert server.command("verify").returncode == 0
    what = f"of {POSTS:,} posts to {PEERS} peers of a topic, over {crowd.killed} kills of peers and one of the server"
    figure("G9", f"missed, doubled or out of order {what}", f"0, in {took:.0f} s")
