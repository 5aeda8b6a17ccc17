"""The same write again and again, at once and over every surface and process: one effect, the same answer."""

import asyncio
import random
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from bus import door, idempotency
from tests.figures import figure
from tests.live.servers import Server, play
from tests.races.ledger import ledger
from tests.races.orders import AGENTS, PREPARED, Given, Stage
from tests.races.ways import WAYS, Clock, Ways, clocked, operator_key

pytestmark = pytest.mark.slow

WRITES = [name for name, entry in door.published().items() if not entry.is_read_only]
TWICE = 2
ROUNDS = 20
EVENTS = """
SELECT type FROM bus_event JOIN bus_agent ON bus_agent.id = actor_id
WHERE bus_event.id > ? AND bus_agent.name = ? AND type <> 'presence.changed'
"""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Clock, dict[str, str]]]:
    """A server whose clock can be set, and the keys of those who are there."""
    server, clock = clocked(tmp_path_factory.mktemp("replays"))
    cast = {name: server.agent(name).key for name in AGENTS if name != "operator"}
    yield server, clock, cast | {"operator": operator_key(server)}
    server.close()


class Replays:
    """One write at a time, many times at once."""

    def __init__(self, stage: Stage) -> None:
        """Keep who is there."""
        self.stage, self.calls, self.refused = stage, 0, 0

    async def effects(self, given: Given, *calls: Any) -> tuple[Counter[str], list[Any]]:
        """Make calls at once; return the events that they left, the files too, and the answers."""
        home = self.stage.ways.server.home
        with ledger(home) as found:
            ((since,),) = found.rows("SELECT max(id) FROM bus_event")
        answers = await asyncio.gather(*calls)
        with ledger(home) as found:
            left = Counter(type_ for (type_,) in found.rows(EVENTS, since, given.who))
        # An MCP connection goes on in the session that it opened or was told of, and closes its own.
        assert left["session.opened"] == 0 or left.pop("session.closed", 0) <= 1
        left["backups"] = len(list((home / "backups").glob("*"))) if (home / "backups").exists() else 0
        return left, answers

    async def one(self, name: str) -> None:
        """Do it once for comparison; then many times under one key, and with another order."""
        given = await PREPARED[name](self.stage)
        backups = (await self.effects(given))[0]["backups"]
        wanted, (alone,) = await self.effects(given, self.stage.call(given.who, name, **given.order))
        wanted["backups"] += wanted["backups"] - backups
        given = await PREPARED[name](self.stage)
        order, key = {**given.order, "idempotency_key": uuid.uuid4().hex}, self.stage.cast[given.who]
        connections = [self.stage.ways.by(way, key) for way in WAYS * TWICE]
        random.shuffle(connections)
        left, answers = await self.effects(given, *[call(name, **order) for call in connections])
        self.calls += len(answers)
        self.same(name, answers)
        assert left == wanted, name
        assert set(answers[0]) - {"duplicate"} | secret(name) == set(alone) | secret(name)
        await self.other(name, given, order["idempotency_key"])

    def same(self, name: str, answers: list[Any]) -> None:
        """See that one was the first and the others were told the same, but no secret."""
        firsts = [each for each in answers if not each.get("duplicate")]
        assert len(firsts) == 1, (name, answers)
        assert "error" not in firsts[0], (name, firsts)
        told = {field: value for field, value in firsts[0].items() if field not in secret(name)}
        assert [each for each in answers if each is not firsts[0]] == [{**told, "duplicate": True}] * (len(answers) - 1)

    async def other(self, name: str, given: Given, used: str) -> None:
        """See that another order under the key is refused everywhere and does nothing."""
        order = {**(given.other or {"name": "backup_copies", "value": 5}), "idempotency_key": used}
        operation = name if given.other else "setting_put"
        calls = [self.stage.ways.by(way, self.stage.cast[given.who])(operation, **order) for way in WAYS]
        before = (await self.effects(given))[0]
        left, answers = await self.effects(given, *calls)
        assert left == before, name
        assert [each["error"]["code"] for each in answers] == ["conflict"] * len(WAYS), (name, answers)
        assert {each["error"]["details"]["idempotency_key"] for each in answers} == {used}
        self.refused += len(answers)


def secret(name: str) -> set[str]:
    """Return what an answer tells once only."""
    return idempotency.secret(door.published()[name].answer)


def test_every_operation_that_writes_is_replayed() -> None:
    assert sorted(PREPARED) == sorted(WRITES)


def test_a_write_that_is_repeated_at_once_over_all_surfaces_and_processes_is_done_once(
    stage: tuple[Server, Clock, dict[str, str]],
) -> None:
    server, clock, cast = stage

    async def scenario() -> Replays:
        async with Ways(server) as ways:
            await ways.connect(cast.values())
            replays = Replays(Stage(ways, clock, cast))
            for name in WRITES:
                await replays.one(name)
            return replays

    replays = play(scenario(), 600)
    assert server.command("verify").returncode == 0
    calls = f"{replays.calls:,} calls, 1 effect and 1 answer for each of {len(WRITES)} operations"
    figure("G4", f"repeats of every write, {len(WAYS) * TWICE} at once over {len(WAYS)} ways", calls)
    figure("G4", "other orders under a used key, refused", f"{replays.refused:,} of {replays.refused:,}")


def test_of_two_orders_under_one_key_at_once_one_counts(stage: tuple[Server, Clock, dict[str, str]]) -> None:
    server, _, cast = stage

    async def scenario() -> Counter[str]:
        won: Counter[str] = Counter()
        async with Ways(server) as ways:
            await ways.connect([cast["alice"]])
            for number in range(ROUNDS):
                key = f"{number} {uuid.uuid4().hex}"
                tries = [(call, text) for call in ways.of(cast["alice"]) for text in ("one", "other")]
                random.shuffle(tries)
                orders = [{"to": "bob", "subject": text, "body": key, "idempotency_key": key} for _, text in tries]
                calls = [call("message_create", **each) for (call, _), each in zip(tries, orders, strict=True)]
                answers = await asyncio.gather(*calls)
                told = {each["message"] for each in answers if "message" in each}
                refused = [text for (_, text), each in zip(tries, answers, strict=True) if "error" in each]
                with ledger(server.home) as found:
                    ((message, subject),) = found.rows("SELECT public_id, subject FROM bus_message WHERE body = ?", key)
                assert told == {message}
                assert refused == ["other" if subject == "one" else "one"] * len(WAYS)
                assert {each["error"]["code"] for each in answers if "error" in each} == {"conflict"}
                won[subject] += 1
        return won

    won = play(scenario())
    assert len(won) == 2, "nobody raced"
    text = f"one counts, {won['one']} to {won['other']}"
    figure("G4", f"two orders under one key at once, {ROUNDS} times", text)
