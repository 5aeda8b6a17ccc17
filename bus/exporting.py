"""A workspace as a folder of JSON lines with a manifest; what was broken off goes on where it stopped.

Invariant: the folder says what the workspace was at one event of its log, the head. Finished files are kept by their hash
while the head stands; once it moved on they are written anew, and the log, which only grows, goes on after its last line.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path
from typing import Any

from bus import backups, carried, checkpoints, transfer
from bus.errors import Conflict
from bus.models import Event, Workspace
from bus.readers import snapshot
from bus.transfer import Json, Table

__all__ = ["FORMAT", "MANIFEST", "PART", "VERSION", "Export", "File", "NotYours", "digest_of", "export", "file_of"]

FORMAT, VERSION = "nexus-export", 1
MANIFEST, PART = "manifest.json", ".part"
FLUSH = 1000
Say = Callable[[str, int], None]


class NotYours(Conflict):
    """The folder holds something else than an export of this workspace."""

    code = "folder_not_empty"
    hint = "Name a new folder, or one that holds an export of the same workspace."


@dataclass(frozen=True, slots=True)
class File:
    """One finished file: its name, how many lines and bytes it has, and its SHA-256."""

    name: str
    lines: int
    bytes: int
    sha256: str


@dataclass
class Export:
    """An export as its manifest tells of it."""

    workspace: Json
    head: Json
    files: dict[str, File] = field(default_factory=dict)
    product: str = ""

    def text(self) -> str:
        """Return the manifest."""
        facts = {"format": FORMAT, "version": VERSION, "product": self.product, "workspace": self.workspace}
        files = [_facts(each) for each in self.files.values()]
        return json.dumps(facts | {"head": self.head, "files": files}, ensure_ascii=False, indent=2) + "\n"


def _facts(file: File) -> Json:
    return {"name": file.name, "lines": file.lines, "bytes": file.bytes, "sha256": file.sha256}


def export(workspace: int, folder: Path, say: Say = lambda name, lines: None) -> Export:
    """Write the workspace of this row into the folder and return what is in it.

    `say` hears each file's name and lines so far. Everything is read from one view of the database, and nobody who writes
    waits for it.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with snapshot():
        described = _described(Workspace.objects.get(pk=workspace))
        wanted = Export(described, _head(workspace), product=metadata.version("nexus-bus"))
        writer = _Writer(workspace, folder, wanted, say)
        writer.begin()
        for table in transfer.tables().values():
            writer.write(table)
    writer.end()
    return wanted


def _described(workspace: Workspace) -> Json:
    return {
        "id": workspace.public_id,
        "alias": workspace.alias,
        "git_remote": workspace.git_remote,
        "created_at": transfer.instant(workspace.created_at),
    }


def _head(workspace: int) -> Json:
    """Return the newest event's number and hash, those of the floor where all after it is cut, or those of nothing."""
    newest = Event.objects.filter(workspace=workspace).order_by("-seq").values_list("seq", "hash").first()
    floor = checkpoints.floor(workspace)
    seq, digest = newest or ((floor.seq, floor.hash) if floor else (0, b""))
    return {"seq": seq, "hash": bytes(digest).hex()}


class _Writer:
    """Writes one export into its folder."""

    def __init__(self, workspace: int, folder: Path, wanted: Export, say: Say) -> None:
        self.workspace, self.folder, self.wanted, self.say = workspace, folder, wanted, say
        self.known: dict[str, File] = {}

    def begin(self) -> None:
        """Find what an export before left, and take its manifest's name away as long as files change."""
        finished, broken = self.folder / MANIFEST, self.folder / (MANIFEST + PART)
        before = _read(broken) or _read(finished)
        if before is None and any(self.folder.iterdir()):
            raise NotYours(folder=str(self.folder))
        if before and before["workspace"]["id"] != self.wanted.workspace["id"]:
            raise NotYours(folder=str(self.folder), workspace=before["workspace"]["id"])
        if before and before["head"] == self.wanted.head:
            self.known = {each["name"]: file_of(each) for each in before["files"]}
        if finished.exists():
            finished.rename(broken)
        self._note()

    def write(self, table: Table) -> None:
        """Write one file, or keep it."""
        name = f"{table.name}.jsonl"
        path = self.folder / name
        kept = self.known.get(name)
        if kept is not None and path.exists() and digest_of(path) == kept.sha256:
            self.wanted.files[name] = kept
        else:
            self.wanted.files[name] = self._written(table, path)
        self._note()

    def end(self) -> None:
        """Give the manifest its name; from then on the export is whole."""
        self.known.clear()
        self._note()
        (self.folder / (MANIFEST + PART)).rename(self.folder / MANIFEST)
        backups.sync(self.folder)

    def _written(self, table: Table, path: Path) -> File:
        part = path.with_name(path.name + PART)
        if path.exists():
            path.rename(part)
        lines, after = self._begun(table, part)
        with os.fdopen(os.open(part, os.O_CREAT | os.O_RDWR, 0o600), "r+b") as file:
            digest = _hashed(file)
            for text in self._texts(table, after):
                file.write(text)
                digest.update(text)
                lines += text.count(b"\n")
                self.say(table.name, lines)
            file.flush()
            os.fsync(file.fileno())
            size = file.tell()
        part.rename(path)
        return File(path.name, lines, size, digest.hexdigest())

    def _begun(self, table: Table, part: Path) -> tuple[int, int | None]:
        """Cut a part file where the table goes on, the log after its last whole line, others at nothing."""
        count, size, ends = _measured(part)
        if count and isinstance(table, carried.Log) and table.goes_on(self.workspace, *map(json.loads, ends)):
            os.truncate(part, size)
            return count, json.loads(ends[1])["seq"]
        part.unlink(missing_ok=True)
        return 0, None

    def _texts(self, table: Table, after: int | None) -> Iterator[bytes]:
        """Yield the lines that are missing, a thousand at a time."""
        if after is not None and isinstance(table, carried.Log):
            lines = table.lines_after(self.workspace, after)
        else:
            lines = table.lines(self.workspace)
        pending: list[str] = []
        for line in lines:
            pending.append(json.dumps(line, ensure_ascii=False, separators=(",", ":")))
            if len(pending) == FLUSH:
                yield _joined(pending)
                pending.clear()
        yield _joined(pending)

    def _note(self) -> None:
        """Write down what is finished, so that it is kept when the rest is not."""
        target = self.folder / (MANIFEST + PART)
        fresh = target.with_name(MANIFEST + ".new")
        so_far = replace(self.wanted, files=self.known | self.wanted.files)
        with os.fdopen(os.open(fresh, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(so_far.text())
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(target)


def _joined(lines: list[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _read(path: Path) -> Json | None:
    with suppress(OSError, ValueError, TypeError, KeyError):
        found: Json = json.loads(path.read_text(encoding="utf-8"))
        return found if found["format"] == FORMAT and found["version"] == VERSION else None
    return None


def file_of(facts: Json) -> File:
    """Return the file that a manifest names."""
    return File(str(facts["name"]), int(facts["lines"]), int(facts["bytes"]), str(facts["sha256"]))


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _hashed(file: Any) -> Any:
    """Return the hash of what is in an open file, and go to its end."""
    digest = hashlib.sha256()
    while block := file.read(1 << 20):
        digest.update(block)
    return digest


def _measured(path: Path) -> tuple[int, int, tuple[bytes, bytes]]:
    """Return how many whole lines a file has, how many bytes they take, and the first and last of them."""
    count, size, first, last = 0, 0, b"", b""
    with suppress(FileNotFoundError), path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                count, size, first, last = count + 1, size + len(line), first or line, line
    return count, size, (first, last)
