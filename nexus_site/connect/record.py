"""What was added where: one small file in the data directory, so that `disconnect` takes out exactly that."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nexus_site.connect.files import write
from nexus_site.connect.jsonc import Unreadable
from nexus_site.connect.pieces import Piece
from nexus_site.connect.splice import Edit

__all__ = ["Connection", "Written", "known", "remember"]

NAME = "connections.json"


@dataclass(frozen=True)
class Written:
    """What a connection put into one file, and what there was before: file, mode and folders."""

    path: str
    kind: str
    created: bool
    mode: int | None
    folders: tuple[str, ...]
    pieces: tuple[Piece, ...]
    edits: tuple[tuple[Edit, int], ...] = ()

    def is_shared_by(self, other: "Written") -> bool:
        """Say whether another connection wanted just this, found it there, and so added nothing."""
        wants = ([edit for edit, _ in self.edits], self.path, self.kind)
        return wants == ([edit for edit, _ in other.edits], other.path, other.kind) and not other.pieces


@dataclass(frozen=True)
class Connection:
    """A harness that was connected, as which agent."""

    harness: str
    scope: str
    project: str  # empty where it is for all of a person's projects
    agent: str
    files: tuple[Written, ...]
    leaving: tuple[str, ...] = ()  # agents that it was before, whose keys are to end once its files are written
    projects: tuple[str, ...] = ()  # that share a person's files, as their own cannot hold it; none: it is for all

    @property
    def place(self) -> tuple[str, str, str]:
        """Return what there is one connection of."""
        return self.harness, self.scope, self.project

    def is_of(self, project: Path) -> bool:
        """Say whether it was made for this project alone, or for this one among others."""
        return str(project) in (self.project, *self.projects)

    @property
    def is_for_all(self) -> bool:
        """Say whether it is for all of a person's projects."""
        return not self.project and not self.projects

    def file(self, path: Path) -> Written | None:
        """Return what was put into a file."""
        return next((each for each in self.files if each.path == str(path)), None)


def known(data: Path) -> list[Connection]:
    """Return the connections that were made; raise `Unreadable` where the record of them is damaged."""
    path = data / "connect" / NAME
    try:
        return [_connection(each) for each in json.loads(path.read_text(encoding="utf-8"))["connections"]]
    except FileNotFoundError:
        return []
    except (ValueError, TypeError, KeyError) as error:
        raise Unreadable(
            f"{path} is damaged ({error}). Move it away, and mend the files of your programs by hand"
        ) from None


def remember(data: Path, connections: Iterable[Connection]) -> None:
    """Write the connections down; they may hold keys, so for their owner only."""
    content = {"version": 1, "connections": [asdict(each) for each in connections]}
    write(data / "connect" / NAME, json.dumps(content, indent=1, ensure_ascii=False) + "\n", 0o600)


def _connection(found: dict[str, Any]) -> Connection:
    files = tuple(_written(each) for each in found["files"])
    lists = {name: tuple(found.get(name, ())) for name in ("leaving", "projects")}
    return Connection(**found | {"files": files} | lists)


def _written(found: dict[str, Any]) -> Written:
    pieces = tuple(Piece(**piece) for piece in found["pieces"])
    edits = tuple((Edit(**edit | {"path": tuple(edit["path"])}), depth) for edit, depth in found["edits"])
    return Written(**found | {"folders": tuple(found["folders"]), "pieces": pieces, "edits": edits})
