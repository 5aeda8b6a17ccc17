"""What a connection changes, and what its end does; nothing is written here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nexus_site.connect.files import USUAL, FileChange, missing_folders, mode_of, read
from nexus_site.connect.harnesses import parts
from nexus_site.connect.jsonc import Unreadable
from nexus_site.connect.merging import Merged, is_empty, merged, unmerged
from nexus_site.connect.record import Connection, Written
from nexus_site.connect.wanted import Part, Wanted

__all__ = ["CannotEdit", "Plan", "plan", "plan_end", "plan_leave"]

PARAGRAPH = "markdown"


class CannotEdit(Exception):
    """A file that cannot be edited safely; nothing was written."""


@dataclass(frozen=True)
class Plan:
    """The files that change, what is to be remembered, and the agents that another follows."""

    changes: list[FileChange]
    connections: list[Connection]
    leaving: tuple[str, ...] = ()


def plan(wanted: Wanted, known: Iterable[Connection] = ()) -> Plan:
    """Return what connecting changes: nothing where it is done already."""
    project = "" if wanted.is_user else str(wanted.place.project)
    place = (wanted.harness, wanted.scope, project)
    others = [each for each in known if each.place != place]
    found = next((each for each in known if each.place == place), None)
    former = found or Connection(*place, wanted.agent, (), projects=_here(wanted))
    steps = [_joined(part, former.file(part.path)) for part in parts(wanted)]
    now = {file.path for file, _ in steps}
    rest = [file for file in former.files if file.path not in now]
    gone = tuple(file for file in rest if _is_in(file, wanted.place.project) or file.kind != PARAGRAPH)
    changes, others = _ended(replace(former, files=gone), others)
    changes += [change for _, change in steps if change is not None]
    files = (*(file for file, _ in steps), *(file for file in rest if file not in gone))
    leaving = tuple(agent for agent in dict.fromkeys((*former.leaving, former.agent)) if agent != wanted.agent)
    shared = tuple(dict.fromkeys(former.projects + _here(wanted))) if former.projects and wanted.is_shared else ()
    return Plan(changes, [*others, Connection(*place, wanted.agent, files, leaving, shared)], leaving)


def _here(wanted: Wanted) -> tuple[str, ...]:
    return (str(wanted.place.project),) if wanted.is_shared else ()


def _is_in(file: Written, project: Path) -> bool:
    """Say whether a file is this project's own paragraph; a person's connection may hold those of several projects."""
    return file.kind == PARAGRAPH and Path(file.path).parent == project


def plan_end(ending: Connection, known: Iterable[Connection]) -> Plan:
    """Return what disconnecting changes; a file that another connection shares is left to it."""
    changes, others = _ended(ending, [each for each in known if each.place != ending.place])
    return Plan(changes, others)


def plan_leave(leaving: Connection, known: Iterable[Connection], project: Path) -> Plan:
    """Return what the end of a connection in one project changes: nothing where other projects share it, but in its own files."""
    left = tuple(each for each in leaving.projects if each != str(project))
    if not left:
        return plan_end(leaving, known)
    own = tuple(file for file in leaving.files if _is_in(file, project))
    stays = replace(leaving, projects=left, files=tuple(file for file in leaving.files if file not in own))
    others = [stays if each.place == leaving.place else each for each in known]
    return Plan(*_ended(replace(leaving, files=own), others))


def _joined(part: Part, own: Written | None) -> tuple[Written, FileChange | None]:
    try:
        text, mode = read(part.path), mode_of(part.path)
        if own is not None and text is not None:
            file, after = _again(part, own, text)
        else:
            done = merged(part, text or "")
            folders = missing_folders(part.path)
            kept = (done.pieces, done.edits)
            file, after = Written(str(part.path), part.kind, text is None, mode, folders, *kept), done.text
    except Unreadable as error:
        raise CannotEdit(f"{part.path} is left alone: {error}.") from None
    shall = _mode(part, file.mode)
    is_same = text == after and mode == shall
    return file, None if is_same else FileChange(part.path, text, after, shall)


def _again(part: Part, own: Written, text: str) -> tuple[Written, str]:
    """Return what a file of ours shall be: as it is, where it holds all that is wanted, wherever that stands by now."""
    base = _without(own, text) or ""
    done = merged(part, base)
    if _holds(part, own, text, done):
        return own, text
    return replace(own, pieces=done.pieces, edits=done.edits), done.text


def _holds(part: Part, own: Written, text: str, done: Merged) -> bool:
    if part.kind == "json":
        return [edit for edit, _ in own.edits] == [*part.edits] and not merged(part, text).pieces
    blocks = [piece.inserted.strip() for piece in done.pieces]
    return blocks == [piece.inserted.strip() for piece in own.pieces] and all(
        text.count(block) == 1 for block in blocks
    )


def _mode(part: Part, mode: int | None) -> int:
    if part.secret:
        return 0o600
    return 0o755 if part.executable else mode or USUAL


def _without(own: Written, text: str) -> str | None:
    """Return a file as it would be without what we put there, None where it would be empty and we made it."""
    base = unmerged(own.kind, text, own.pieces, own.edits) if own.pieces else text
    return None if own.created and is_empty(own.kind, base) else base


def _ended(ending: Connection, others: Sequence[Connection]) -> tuple[list[FileChange], list[Connection]]:
    changes, left = [], list(others)
    for file in ending.files:
        heir = next((each for each in left if _shares(each, file)), None)
        if heir is not None:
            left[left.index(heir)] = _inherits(heir, file)
            continue
        if (change := _end_of(file)) is not None:
            changes.append(change)
        left = [_takes_over(each, file.folders) for each in left]
    return changes, left


def _takes_over(connection: Connection, folders: Sequence[str]) -> Connection:
    """Return a connection that removes these folders with its own files in them, when it ends later."""
    files = tuple(replace(file, folders=_merged(file, folders)) for file in connection.files)
    return replace(connection, files=files)


def _merged(file: Written, folders: Sequence[str]) -> tuple[str, ...]:
    above = {str(folder): None for folder in Path(file.path).parents}
    return tuple(folder for folder in above if folder in file.folders or folder in folders)


def _shares(connection: Connection, file: Written) -> bool:
    return any(file.is_shared_by(each) for each in connection.files)


def _inherits(heir: Connection, file: Written) -> Connection:
    return replace(heir, files=tuple(file if file.is_shared_by(each) else each for each in heir.files))


def _end_of(file: Written) -> FileChange | None:
    path = Path(file.path)
    try:
        text = read(path)
        after = None if text is None else _without(file, text)
    except Unreadable as error:
        raise CannotEdit(f"{path} is left alone: {error}.") from None
    mode = file.mode or mode_of(path) or USUAL
    if after == text and mode_of(path) in (None, mode):
        return None
    return FileChange(path, text, after, mode, file.folders)
