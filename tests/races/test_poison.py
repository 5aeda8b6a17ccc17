"""A consumer that dies with every message, whatever it uses: five times, then it is parked, seen and put back."""

from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

from tests.figures import figure
from tests.live.servers import MODERN, Rest, Server, mcp_tools, play
from tests.live.sockets import frames
from tests.races.histories import of_delivery, strange_deliveries
from tests.races.ledger import ledger
from tests.races.ways import Call, Clock, beside, clocked, rest

pytestmark = pytest.mark.slow

ATTEMPTS, MESSAGES, LEASE = 5, 20, 300
DYING = ("process", "websocket", "rest", "mcp", "process")


@pytest.fixture
def stage(tmp_path: Any) -> Iterator[tuple[Server, Clock]]:
    """A server whose clock can be set."""
    server, clock = clocked(tmp_path)
    yield server, clock
    server.close()


@asynccontextmanager
async def killed_process(server: Server, key: str) -> Any:
    """Give the call of a process, which is killed at the end of the block."""
    async with beside(server) as other:
        yield other.acting_for(key)
        other.kill()


@asynccontextmanager
async def cut_socket(server: Server, key: str) -> Any:
    """Give the calls of a socket, which is cut without a goodbye at the end of the block."""
    async with frames(server, key, "?inbox=false") as call:
        yield call
        call.socket.transport.abort()


def consumer(server: Server, key: str, way: str) -> AbstractAsyncContextManager[Call]:
    """Return the connection of a consumer that will die."""
    match way:
        case "process":
            return killed_process(server, key)
        case "websocket":
            return cut_socket(server, key)
        case "rest":
            return rest(server, key)
    return mcp_tools(server, key, MODERN)


def test_what_kills_its_consumer_is_parked_after_five_attempts_and_can_be_put_back(
    stage: tuple[Server, Clock],
) -> None:
    server, clock = stage
    alice, bob = server.agent("alice"), server.agent("bob")
    sent = [alice.post("messages", to="bob", subject="Poison", body="")["message"] for _ in range(MESSAGES)]

    async def die(attempt: int) -> None:
        async with consumer(server, bob.key, DYING[attempt - 1]) as call:
            taken = (await call("inbox_pull", limit=MESSAGES, lease_seconds=LEASE))["messages"]
        assert [(each["message"], each["attempt"]) for each in taken] == [(name, attempt) for name in sent]

    for attempt in range(1, ATTEMPTS + 1):
        play(die(attempt))
        assert bob.post("inbox/pull")["messages"] == []
        clock.step(LEASE + 1)
    assert bob.post("inbox/pull")["messages"] == []
    seen(bob, alice, sent)
    put_back(server, bob, sent[0])
    stories = histories(server, sent)
    assert {tuple(story[1:]) for story in stories[1:]} == {
        ("leased", "returned") * (ATTEMPTS - 1) + ("leased", "parked")
    }
    assert stories[0][-3:] == ["requeued", "leased", "read"]
    assert server.command("verify").returncode == 0
    parked = f"{MESSAGES} of {MESSAGES}, each at attempt {ATTEMPTS}, by {', '.join(dict.fromkeys(DYING))}"
    figure("G6", "messages whose consumer died every time, parked", parked)


def seen(bob: Rest, alice: Rest, sent: list[str]) -> None:
    """See that bob, alice and the operator are told of what is parked."""
    assert bob.get("inbox/count")["parked"] == len(sent)
    history = bob.get("inbox/history", limit=200)["messages"]
    assert {(each["message"], each["lane"]) for each in history} == {(name, "parked") for name in sent}
    for name in sent:
        (receipt,) = alice.get(f"messages/{name}/status")["recipients"]
        assert (receipt["lane"], receipt["attempt"], receipt["reason"]) == ("parked", 5, "no ack after 5 attempts")


def put_back(server: Server, bob: Rest, message: str) -> None:
    """Put one message back as the operator; bob gets it as if it were new, and reads it."""
    assert bob.post(f"messages/{message}/requeue")["error"]["code"] == "forbidden"
    answer = server.command("call", "inbox_requeue", f"message={message}", "--json")
    assert answer.returncode == 0, answer.stderr
    (again,) = bob.post("inbox/pull")["messages"]
    assert (again["message"], again["attempt"]) == (message, 1)
    assert bob.post("inbox/ack", messages=[message])["acked"] == [message]
    assert bob.post("inbox/pull")["messages"] == []


def histories(server: Server, sent: list[str]) -> list[list[str]]:
    """Return what happened to each message, in words."""
    with ledger(server.home) as found:
        stories = [of_delivery(found, message, "bob") for message in sent]
    assert [strange_deliveries(story) for story in stories] == [[]] * len(sent)
    return [[event.what for event in story] for story in stories]
