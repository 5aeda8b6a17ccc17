"""An exported workspace put into this installation: whole or not at all, with its ids, its log and the log's chain.

The hashes of all files are checked first, then everything is written in one transaction of the writer lane.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from django.db import IntegrityError, connection

from bus import carried, deadlines, events, transfer
from bus.directory import directory
from bus.errors import Conflict, InvalidInput
from bus.exporting import FORMAT, MANIFEST, VERSION, File, digest_of, file_of
from bus.identity import Caller
from bus.models import Agent, Checkpoint, Event, Membership, Message, Workspace
from bus.places import Place
from bus.schemas.agents import NAME, is_free
from bus.transfer import Arrival, Json, Table, Unfit

__all__ = [
    "AlreadyHere",
    "Arrived",
    "Bag",
    "Broken",
    "NamesTaken",
    "NotEmpty",
    "NotExported",
    "Wanted",
    "check",
    "load",
]

Say = Callable[[str, int], None]
STEP = 1000
WORKSPACE, ALIAS = r"wsp_[0-9a-z]{1,36}", r"(?!wsp_|any$)[A-Za-z0-9._-]{1,64}"

NAMING = "Name it by letters, digits, dots, dashes and underscores, or name the path of its folder here."
SAME = "It has the same id, so another alias does not help: name the path of a folder where nobody worked yet."


class NotExported(InvalidInput):
    """The folder holds no finished export of Nexus."""

    code = "no_export"
    hint = "Finish it with `nexus export`, and name the folder that holds manifest.json."


class Broken(Conflict):
    """A file of the export is not what its manifest says."""

    code = "export_broken"
    hint = "Copy the export again, or make a new one."


class NotEmpty(Conflict):
    """The workspace is not empty."""

    code = "workspace_not_empty"
    hint = "Name another one: an alias that is free, or the path of a folder where nobody worked yet."


class AlreadyHere(Conflict):
    """Some of what the export brings is here already."""

    code = "already_here"
    hint = "Ids are kept, so that an export can be imported once into an installation."


class NamesTaken(Conflict):
    """Other agents of this installation have names that the export brings."""

    code = "names_taken"
    hint = "Repeat with --rename OLD=NEW for each, or with --same NAME where it is the same agent."


@dataclass(frozen=True)
class Wanted:
    """How to import: the workspace's new alias, or its folder here; new names by old ones; who is the same as here."""

    alias: str = ""
    place: Place | None = None
    renames: Mapping[str, str] = field(default_factory=dict)
    same: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Arrived:
    """What an import brought: the workspace's id and alias, lines by file, and the agents that are new here."""

    workspace: str
    alias: str
    lines: dict[str, int]
    agents: list[str]


@dataclass(frozen=True)
class Bag:
    """A checked export."""

    folder: Path
    workspace: Json
    head: Json
    files: dict[str, File]

    def lines(self, table: Table, say: Say) -> Iterator[Json]:
        """Yield the lines of a table; none where the export comes from before there was such a table."""
        name = f"{table.name}.jsonl"
        if name not in self.files:
            return
        with (self.folder / name).open("rb") as file:
            for number, text in enumerate(file, 1):
                yield _parsed(text, f"{name}, line {number}")
                if number % STEP == 0:
                    say(table.name, number)


def _parsed(text: bytes, where: str) -> Json:
    try:
        line = json.loads(text.decode())
    except ValueError:
        line = None
    if not isinstance(line, dict):
        raise Unfit(f"{where} is no JSON object.", where=where)
    return line


def check(folder: Path) -> Bag:
    """Return the export in a folder once every file has the hash that its manifest says."""
    try:
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if found["format"] != FORMAT:
            raise NotExported(folder=str(folder))
        bag = Bag(folder, found["workspace"], found["head"], {each["name"]: file_of(each) for each in found["files"]})
        is_known = found["version"] == VERSION and bag.files.keys() <= {f"{name}.jsonl" for name in transfer.tables()}
    except (OSError, ValueError, TypeError, KeyError):
        raise NotExported(folder=str(folder)) from None
    if not is_known:
        raise NotExported("The export comes from a newer Nexus.", hint="Upgrade Nexus first.", version=found["version"])
    for file in bag.files.values():
        _check_file(folder / file.name, file)
    return bag


def _check_file(path: Path, file: File) -> None:
    try:
        if path.stat().st_size != file.bytes or digest_of(path) != file.sha256:
            raise Broken(f"{file.name} is not what the manifest says.", file=file.name)
    except OSError as error:
        raise Broken(f"{file.name} cannot be read: {error.strerror}.", file=file.name) from error


def load(caller: Caller, bag: Bag, wanted: Wanted, say: Say = lambda name, lines: None) -> Arrived:
    """Write a checked export into the workspace it is wanted in; runs inside the lane, whole or not at all."""
    try:
        with connection.wrap_database_errors:
            return _load(caller, bag, wanted, say)
    except IntegrityError as error:
        if "UNIQUE" in str(error):
            raise AlreadyHere(reason=str(error)) from error
        raise Unfit(f"A line breaks a rule of the tables: {error}.") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise Unfit(f"A field is missing or of a wrong kind: {error}.") from error


def _load(caller: Caller, bag: Bag, wanted: Wanted, say: Say) -> Arrived:
    names = _names(bag, wanted, say)
    workspace = _workspace(caller, bag, wanted)
    arrival = Arrival(workspace.pk, caller.now, names, last_event=events.newest_id())
    lines = {name: _fill(table, arrival, bag, say) for name, table in transfer.tables().items()}
    if (arrival.seq, arrival.hash_there.hex()) != _end(bag.head):
        raise carried.BrokenLog("The log does not end where the manifest says.")
    _settle_in(arrival)
    for kind in deadlines.sweeps():
        deadlines.move(kind)
    payload = {"workspace": workspace.public_id, "alias": workspace.alias, "events": lines[carried.EVENTS.name]}
    events.record(caller, "workspace.imported", payload, workspace=directory.workspace_by_id(None).id)
    directory.forget_all()
    fresh = Agent.objects.filter(pk__in=arrival.newcomers).order_by("name").values_list("name", flat=True)
    return Arrived(workspace.public_id, workspace.alias or "", lines, list(fresh))


def _end(head: Json) -> tuple[int, str]:
    return head["seq"], head["hash"] or events.GENESIS.hex()


def _fill(table: Table, arrival: Arrival, bag: Bag, say: Say) -> int:
    number = 0
    for number, line in enumerate(bag.lines(table, say), 1):
        try:
            table.add(arrival, line)
        except Unfit as refusal:
            raise Unfit(f"{table.name}.jsonl, line {number}: {refusal.message}", line=number) from None
    say(table.name, number)
    return number


def _names(bag: Bag, wanted: Wanted, say: Say) -> dict[str, str]:
    """Return the new names by the old ones; refuse those that somebody else has here."""
    lines = list(bag.lines(carried.PEOPLE, say))
    there = {line["name"].lower(): line["name"] for line in lines}
    missing = [name for name in (*wanted.renames, *wanted.same) if name.lower() not in there]
    if missing:
        raise InvalidInput(
            f"The export names no agent {missing[0]!r}.", hint="agents.jsonl names them.", agents=missing
        )
    names = {there[old.lower()]: new for old, new in wanted.renames.items()}
    taken = [line["name"] for line in lines if not _may_be(line, names.get(line["name"], ""), wanted.same)]
    if taken:
        raise NamesTaken(agents=taken)
    _check_apart([names.get(each, each) for each in there.values()])
    return names


def _may_be(line: Json, new: str, same: frozenset[str]) -> bool:
    """Say whether an agent may come under its name, or its new one: it is free, or the one who has it is the same."""
    name, kind = new or line["name"], line["kind"]
    is_resident = name in carried.RESIDENTS and kind == name
    if not is_resident and (
        not re.fullmatch(NAME, name) or (kind == "agent" and not is_free(name)) or kind == "system"
    ):
        raise InvalidInput(f"No agent can be called {name[:64]!r} here.", hint="Choose another with --rename OLD=NEW.")
    known = carried.known(name)
    if known is None or is_resident:
        return True
    is_alike = known.kind == kind and transfer.instant(known.created_at) == line.get("created_at")
    return is_alike if new else is_alike or name.lower() in {each.lower() for each in same}


def _check_apart(names: list[str]) -> None:
    if len({name.lower() for name in names}) < len(names):
        raise InvalidInput("Two agents would have one name.", hint="Choose others with --rename OLD=NEW.")


def _workspace(caller: Caller, bag: Bag, wanted: Wanted) -> Workspace:
    """Return the row to fill: a new one, or one that nobody has worked in."""
    if wanted.alias and not re.fullmatch(ALIAS, wanted.alias):
        raise InvalidInput(f"No workspace can be called {wanted.alias[:64]!r}.", hint=NAMING, workspace=wanted.alias)
    public_id = wanted.place.public_id if wanted.place else str(bag.workspace["id"])
    alias = wanted.alias or (wanted.place.alias if wanted.place else bag.workspace["alias"])
    here = Workspace.objects.filter(alias__iexact=alias).first() if alias and not wanted.place else None
    same = Workspace.objects.filter(public_id=public_id).first()
    row = same or (here if wanted.alias else None)
    if row is not None:
        return _emptied(row, bag, SAME if same else NotEmpty.hint)
    if not re.fullmatch(WORKSPACE, public_id) or (alias and not re.fullmatch(ALIAS, alias)):
        raise Unfit("No workspace can be called so.", workspace=public_id[:40], alias=str(alias)[:64])
    if alias and (here or Workspace.objects.filter(alias__iexact=alias).exists()):
        raise NotEmpty(f"The alias {alias!r} is taken.", hint="Name another with --workspace.", alias=alias)
    return Workspace.objects.create(
        public_id=public_id,
        alias=alias,
        path=str(wanted.place.root) if wanted.place else "",
        git_remote=bag.workspace["git_remote"],
        created_at=transfer.moment(bag.workspace["created_at"]),
    )


def _emptied(row: Workspace, bag: Bag, hint: str) -> Workspace:
    """Return a workspace without its log, which says nothing but that it was made; else raise `NotEmpty`."""
    log = Event.objects.filter(workspace=row)
    used = log.exclude(type="workspace.created").exists() or Checkpoint.objects.filter(workspace=row).exists()
    if used or Membership.objects.filter(workspace=row).exists() or Message.objects.filter(workspace=row).exists():
        raise NotEmpty(f"The workspace {row} is not empty.", hint=hint, workspace=row.public_id)
    # The log may be cut below a floor only; this one stands no longer than that takes.
    blank = {"event_id": 0, "hash": b"", "state": "", "state_hash": b"", "created_at": row.created_at}
    floor = Checkpoint.objects.create(workspace=row, seq=log.count(), floor=True, **blank)
    log.delete()
    floor.delete()
    row.created_at = transfer.moment(bag.workspace["created_at"])
    row.save(update_fields=["created_at"])
    return row


def _settle_in(arrival: Arrival) -> None:
    """Let newcomers be at home where they came to."""
    members = Membership.objects.filter(workspace=arrival.workspace, agent__in=arrival.newcomers)
    Agent.objects.filter(pk__in=members.values("agent"), kind=Agent.Kind.AGENT).update(home=arrival.workspace)
