"""For every operation that writes: an order of somebody who may give it, and another order for the same key."""

import itertools
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from tests.races.ways import Clock, Ways

__all__ = ["PREPARED", "Given", "Stage"]

LEASE, ATTEMPTS = 3600, 5
AGENTS = ("alice", "bob", "carol", "boss", "operator")


class Given(NamedTuple):
    """Who gives an order, and one that differs; where none can, it is one for another operation."""

    who: str
    order: dict[str, Any]
    other: dict[str, Any] | None


class Stage:
    """A server, its clock and the keys of those who are there."""

    def __init__(self, ways: Ways, clock: Clock, cast: dict[str, str]) -> None:
        """Keep them."""
        self.ways, self.clock, self.cast = ways, clock, cast
        self._numbers = itertools.count(1)

    async def call(self, who: str, operation: str, **order: Any) -> Any:
        """Call as one of the cast over any surface or process; it must not be refused."""
        answer = await self.ways.any(self.cast[who])(operation, **order)
        assert "error" not in answer, (operation, answer)
        return answer

    def new(self) -> str:
        """Return a name that was never used."""
        return f"name-{next(self._numbers)}"

    async def letters(self, who: str, count: int = 2) -> list[str]:
        """Send messages to an agent and return them."""
        order = {"to": who, "subject": "Note", "body": ""}
        return [(await self.call("boss", "message_create", **order))["message"] for _ in range(count)]

    async def leased(self, who: str = "bob") -> list[str]:
        """Send two messages to an agent, have it pull everything and return the two."""
        sent = await self.letters(who)
        while (await self.call(who, "inbox_pull", limit=200, lease_seconds=LEASE))["waiting"]:
            continue
        return sent

    async def parked(self) -> str:
        """Send carol a message and let her lose it as often as she may."""
        (message,) = await self.letters("carol", 1)
        for _ in range(ATTEMPTS):
            assert (await self.call("carol", "inbox_pull", lease_seconds=LEASE))["messages"]
            self.clock.step(LEASE + 1)
            for kind in ("delivery_lease", "handoff_lease", "path_reservation"):
                await self.ways.process("sweep", kind=kind)
        return message

    async def job(self, **more: Any) -> str:
        """Hand alice a job."""
        order = {"title": "Job", "to": "alice", "lease_seconds": LEASE, **more}
        return (await self.call("boss", "handoff_create", **order))["handoff"]

    async def held(self, **more: Any) -> dict[str, Any]:
        """Hand alice a job and have her claim it; return what names her claim."""
        job = await self.job(**more)
        return {"handoff": job, "epoch": (await self.call("alice", "handoff_claim", handoff=job))["epoch"]}

    async def topic(self) -> str:
        """Open a topic in which alice takes part."""
        topic = (await self.call("boss", "topic_create", name=self.new()))["topic"]
        await self.call("alice", "topic_join", topic=topic)
        return str(topic)

    async def sitting(self) -> str:
        """Open a session of alice, which no MCP connection takes for its own."""
        opened = await self.ways.by("rest", self.cast["alice"])("session_open", session_ref=self.new())
        return opened["session"]


Prepare = Callable[[Stage], Awaitable[Given]]
PREPARED: dict[str, Prepare] = {}


def prepared(prepare: Prepare) -> Prepare:
    """Use a function for the operation of its name."""
    PREPARED[prepare.__name__] = prepare
    return prepare


def differing(who: str, order: dict[str, Any], **change: Any) -> Given:
    """Return an order and the same with a change."""
    return Given(who, order, order | change)


@prepared
async def message_create(stage: Stage) -> Given:
    return differing("boss", {"to": "bob", "subject": "Note", "body": "x"}, body="y")


@prepared
async def inbox_pull(stage: Stage) -> Given:
    await stage.letters("bob")
    return differing("bob", {"limit": 2, "lease_seconds": LEASE}, limit=1)


@prepared
async def inbox_ack(stage: Stage) -> Given:
    one, other = await stage.leased()
    return differing("bob", {"messages": [one]}, messages=[other])


@prepared
async def inbox_extend(stage: Stage) -> Given:
    one, _ = await stage.leased()
    return differing("bob", {"messages": [one], "seconds": LEASE}, seconds=LEASE - 1)


@prepared
async def inbox_release(stage: Stage) -> Given:
    one, other = await stage.leased()
    return differing("bob", {"messages": [one]}, messages=[other])


@prepared
async def inbox_requeue(stage: Stage) -> Given:
    return differing("operator", {"message": await stage.parked()}, agent="carol")


@prepared
async def handoff_create(stage: Stage) -> Given:
    return differing("boss", {"title": "Job", "to": "alice"}, title="Other job")


@prepared
async def handoff_claim(stage: Stage) -> Given:
    return differing("alice", {"handoff": await stage.job()}, handoff=await stage.job())


@prepared
async def handoff_renew(stage: Stage) -> Given:
    return differing("alice", {**await stage.held(), "note": "half"}, note="most")


@prepared
async def handoff_complete(stage: Stage) -> Given:
    return differing("alice", {**await stage.held(), "result": "done"}, result="done well")


@prepared
async def handoff_release(stage: Stage) -> Given:
    return differing("alice", await stage.held(), reason="tired")


@prepared
async def handoff_verify(stage: Stage) -> Given:
    claim = await stage.held(acceptance_criteria=["it works"])
    await stage.call("alice", "handoff_complete", **claim, result="done")
    return differing("boss", {**claim, "verdict": "fail", "feedback": "no"}, verdict="pass")


@prepared
async def handoff_reject(stage: Stage) -> Given:
    return differing("alice", {"handoff": await stage.job()}, reason="busy")


@prepared
async def handoff_cancel(stage: Stage) -> Given:
    return differing("boss", {"handoff": await stage.job()}, reason="not needed")


@prepared
async def handoff_reassign(stage: Stage) -> Given:
    return differing("boss", {"handoff": await stage.job(), "to": "bob"}, to="carol")


@prepared
async def lease_break(stage: Stage) -> Given:
    return differing("operator", {"handoff": (await stage.held())["handoff"]}, reason="gone")


@prepared
async def agent_update(stage: Stage) -> Given:
    return differing("alice", {"agent": "alice", "description": stage.new()}, description=stage.new())


@prepared
async def session_open(stage: Stage) -> Given:
    return differing("alice", {"session_ref": stage.new()}, session_ref=stage.new())


@prepared
async def session_heartbeat(stage: Stage) -> Given:
    return differing("alice", {"session": await stage.sitting()}, session=await stage.sitting())


@prepared
async def session_close(stage: Stage) -> Given:
    return differing("alice", {"session": await stage.sitting()}, session="ses_000000000000000000000a")


@prepared
async def session_end(stage: Stage) -> Given:
    return differing("operator", {"session": await stage.sitting()}, session="ses_000000000000000000000a")


@prepared
async def paths_reserve(stage: Stage) -> Given:
    return differing("alice", {"globs": [f"{stage.new()}/**"]}, globs=[f"{stage.new()}/**"])


@prepared
async def paths_release(stage: Stage) -> Given:
    globs = [f"{stage.new()}/**"]
    await stage.call("alice", "paths_reserve", globs=globs)
    return differing("alice", {"globs": globs}, globs=["elsewhere/**"])


@prepared
async def agent_create(stage: Stage) -> Given:
    return differing("operator", {"name": stage.new()}, name=stage.new())


@prepared
async def agent_archive(stage: Stage) -> Given:
    name = stage.new()
    await stage.call("operator", "agent_create", name=name)
    return differing("operator", {"agent": name}, agent="alice")


@prepared
async def key_mint(stage: Stage) -> Given:
    return differing("operator", {"agent": "bob", "label": stage.new()}, label=stage.new())


@prepared
async def key_revoke(stage: Stage) -> Given:
    one, other = [(await stage.call("operator", "key_mint", agent="bob"))["prefix"] for _ in range(2)]
    return differing("operator", {"agent": "bob", "key": one}, key=other)


@prepared
async def setting_put(stage: Stage) -> Given:
    listed = await stage.call("operator", "setting_list")
    (hour,) = [each["value"] for each in listed["settings"] if each["name"] == "backup_hour"]
    return differing("operator", {"name": "backup_hour", "value": (hour + 1) % 24}, value=(hour + 2) % 24)


@prepared
async def wake_claim(stage: Stage) -> Given:
    stage.clock.step(LEASE)
    return differing("alice", {"waiter": "codex"}, waiter="claude-code")


@prepared
async def wake_pause(stage: Stage) -> Given:
    name = stage.new()
    await stage.call("operator", "agent_create", name=name)
    return differing("operator", {"agent": name, "paused": True}, paused=False)


@prepared
async def topic_create(stage: Stage) -> Given:
    return differing("alice", {"name": stage.new()}, mode="new")


@prepared
async def topic_join(stage: Stage) -> Given:
    return differing("bob", {"topic": await stage.topic()}, peer=stage.new())


@prepared
async def topic_sync(stage: Stage) -> Given:
    order = {"topic": await stage.topic(), "outbox": [{"body": "one"}], "include_self": True, "timeout_seconds": 0}
    return differing("alice", order, outbox=[{"body": "other"}])


@prepared
async def topic_cursor_reset(stage: Stage) -> Given:
    topic = await stage.topic()
    await stage.call("alice", "topic_sync", topic=topic, outbox=[{"body": "one"}], timeout_seconds=0)
    return differing("alice", {"topic": topic, "seq": 0}, seq=1)


@prepared
async def topic_close(stage: Stage) -> Given:
    return differing("alice", {"topic": await stage.topic(), "reason": "done"}, reason="other")


@prepared
async def topic_rename(stage: Stage) -> Given:
    return differing("operator", {"topic": await stage.topic(), "name": stage.new()}, name=stage.new())


@prepared
async def topic_release_name(stage: Stage) -> Given:
    return differing("operator", {"topic": await stage.topic(), "peer": "alice"}, peer="bob")


@prepared
async def topic_archive(stage: Stage) -> Given:
    topic = await stage.topic()
    await stage.call("alice", "topic_close", topic=topic)
    return differing("operator", {"topic": topic}, archived=False)


@prepared
async def topic_delete(stage: Stage) -> Given:
    name = stage.new()
    topic = (await stage.call("alice", "topic_create", name=name))["topic"]
    return differing("operator", {"topic": topic, "confirm": name}, confirm="other")


@prepared
async def retention_run(stage: Stage) -> Given:
    return differing("operator", {}, dry_run=True)


@prepared
async def backup_create(stage: Stage) -> Given:
    return Given("operator", {}, None)
