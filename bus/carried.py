"""What the bus itself exports: agents and what they can do, members, mail, and the log from its floor on."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from bus import checkpoints, events, fold
from bus.errors import Conflict
from bus.models import (
    Agent,
    AgentTag,
    Capability,
    Checkpoint,
    Delivery,
    Event,
    Membership,
    Message,
    Peer,
    Post,
    Topic,
)
from bus.transfer import Arrival, Json, Table, Unfit, register, tables

__all__ = ["EVENTS", "PEOPLE", "RESIDENTS", "BrokenLog", "Log", "known"]

RESIDENTS = ("system", "operator")


class BrokenLog(Conflict):
    """The chain of the exported log is broken."""

    code = "log_broken"
    hint = "The export was changed, or its installation's log was: run `nexus verify` there."


class People(Table):
    """Everybody who is named anywhere in the workspace; of those that every installation has, only the name."""

    def rows(self, workspace: int) -> QuerySet[Any]:
        """Return them by name."""
        named = {pk for table in tables().values() if table is not self for pk in table.people(workspace)}
        return Agent.objects.filter(pk__in=named).order_by("name")

    def lines(self, workspace: int) -> Iterator[Json]:
        """Yield them."""
        for line in super().lines(workspace):
            yield {key: line[key] for key in ("name", "kind")} if line["name"] in RESIDENTS else line

    def add(self, arrival: Arrival, line: Json) -> int:
        """Enrol an agent that nobody knows here, or find the one it is."""
        there = str(line["name"])
        here = arrival.names.get(there, there)
        known_one = known(here)
        if known_one is None:
            arrival.people[there] = super().add(arrival, line | {"name": here})
            arrival.newcomers.add(arrival.people[there])
        else:
            arrival.people[there] = known_one.pk
        return arrival.people[there]


def known(name: str) -> Agent | None:
    """Return the agent of a name, whatever its case, archived or not."""
    return Agent.objects.filter(name__iexact=name).first()


class Abilities(Table):
    """What is known of members; those that were here before keep what is known of them here."""

    def add(self, arrival: Arrival, line: Json) -> int:
        """Insert a line about a newcomer."""
        if arrival.agent(str(line.get("agent"))) not in arrival.newcomers:
            return 0
        return super().add(arrival, line)


class Floor(Table):
    """The checkpoint where the log begins, if its beginning was cut."""

    def rows(self, workspace: int) -> QuerySet[Any]:
        """Return the newest floor, or nothing."""
        found = checkpoints.floor(workspace)
        return Checkpoint.objects.filter(pk=found.pk if found else 0)

    def left_out(self, arrival: Arrival, column: Any) -> Any:
        """Let it stand at the newest event here, as its own is gone."""
        return arrival.last_event if column.name == "event_id" else super().left_out(arrival, column)

    def add(self, arrival: Arrival, line: Json) -> int:
        """Insert the floor and let the log begin there."""
        if arrival.names:
            raise Conflict("Agents of a log that was cut cannot be renamed.", hint="Import it as it is.")
        if fold.digest(line["state"]).hex() != line["state_hash"] or line["floor"] is not True:
            raise BrokenLog("The floor's state does not match its hash.")
        arrival.seq = line["seq"]
        arrival.hash_there = arrival.hash_here = bytes.fromhex(line["hash"])
        return super().add(arrival, line)


class Log(Table):
    """The events, whose chain is checked line by line."""

    def rows(self, workspace: int) -> QuerySet[Any]:
        """Return the events after the floor."""
        floor = checkpoints.floor(workspace)
        found = Event.objects.filter(workspace=workspace, seq__gt=floor.seq if floor else 0)
        return found.order_by("seq")

    def lines_after(self, workspace: int, seq: int) -> Iterator[Json]:
        """Yield the events after `seq`."""
        return self.written(self.rows(workspace).filter(seq__gt=seq))

    def goes_on(self, workspace: int, first: Json, last: Json) -> bool:
        """Say whether a file that begins and ends with these lines is the beginning of the log as it is now."""
        oldest = self.rows(workspace).values_list("seq", flat=True).first()
        digest = self.rows(workspace).filter(seq=last["seq"]).values_list("hash", flat=True).first()
        return oldest == first["seq"] and digest is not None and bytes(digest).hex() == last["hash"]

    def add(self, arrival: Arrival, line: Json) -> int:
        """Insert an event if it follows the one before; where agents are renamed it gets a hash of its own."""
        there = _chained(arrival.hash_there, line)
        if line["seq"] != arrival.seq + 1 or there.hex() != line["hash"]:
            raise BrokenLog(f"The event {line['seq']} does not follow the one before it.", seq=line["seq"])
        arrival.seq, arrival.hash_there = line["seq"], there
        if arrival.names:
            renamed = {each: arrival.named(line[each]) for each in ("agent", "payload")}
            actor = arrival.names.get(line["actor"], line["actor"])
            there = _chained(arrival.hash_here, line | renamed | {"actor": actor})
            line = line | renamed | {"hash": there.hex()}
        arrival.hash_here = there
        return super().add(arrival, line)

    def stored(self, column: Any, value: Any) -> Any:
        """Keep payloads as the log has them."""
        return events.canonical(value) if column.name == "payload" else super().stored(column, value)


def _chained(previous: bytes, line: Json) -> bytes:
    facts = (datetime.fromisoformat(line["at"]), *(line[name] for name in events.FIELDS[1:]))
    return events.chain(previous, line["seq"], line["actor"], facts, events.canonical(line["payload"]))


class Posts(Table):
    """The places of messages in topics; a peer is named as it is in the topic."""

    def path(self, column: Any) -> str:
        """Return where a column's value comes from."""
        return "peer__name" if column.name == "peer" else super().path(column)

    def linked(self, arrival: Arrival, column: Any, line: Json) -> int:
        """Return the row that a column names."""
        if column.name != "peer":
            return super().linked(arrival, column, line)
        found = Peer.objects.filter(topic__public_id=line["topic"], topic__workspace=arrival.workspace)
        row = found.filter(name=line["peer"]).values_list("pk", flat=True).first()
        if row is None:
            raise Unfit(f"Nobody is called {str(line['peer'])[:64]!r} in the topic.")
        return row


PEOPLE = People("agents", Agent, without=("user", "home", "connected_until"))
EVENTS = Log("events", Event)
MEMBERS = "agent__memberships__workspace"
for each in (
    PEOPLE,
    Abilities("capabilities", Capability, where=MEMBERS),
    Abilities("tags", AgentTag, where=MEMBERS),
    Table("memberships", Membership),
    Table("messages", Message, named=("to",)),
    Table("deliveries", Delivery),
    Table("topics", Topic),
    Table("peers", Peer, where="topic__workspace", without=("holder", "token_hash")),
    Posts("posts", Post, where="topic__workspace"),
    Floor("checkpoints", Checkpoint, without=("event_id",)),
    EVENTS,
):
    register(each)
