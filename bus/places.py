"""Where a workspace is: the repository around a path, its id, its alias and the name of its git remote.

Invariant: the writer lane and the readers never wait for a file system; the door looks first, on threads for nothing else.
"""

import asyncio
import configparser
import hashlib
import os
import re
import threading
import unicodedata
from functools import partial
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from bus import ids
from bus.errors import Busy, InvalidInput
from bus.readers import Readers
from bus.text import shorten, visible

__all__ = ["Place", "alias", "at", "find_root", "git_remote", "look", "look_aside", "public_id"]

MAX_ALIAS = 64
MAX_REMOTE = 300
ID_CHARS = 26

PATIENCE = 10.0
MOST_SEEN = 2048

_MOST_READ = 262_144
_MOST_SHOWN = 300
_NOT_IN_ALIAS = re.compile(r"[^A-Za-z0-9._-]+")
_ALIAS_EDGES = re.compile(r"^(?:wsp_|[.-])+|[.-]+$")
_REMOTE_SECTION = re.compile(r'remote\s+"(?P<name>.*)"', re.IGNORECASE)
_SCP_LIKE = re.compile(r"(?:[^/@]*@)?(?P<host>[^/@:\[\]]{2,}|\[[^/@\]]+\]):(?P<path>[^:].*)")


class Place(NamedTuple):
    """What a path told of its workspace."""

    root: Path
    public_id: str
    alias: str
    git_remote: str


_seen: dict[str, Place | InvalidInput] = {}
_lock = threading.Lock()
_lookers = Readers()


async def look_aside(path: str) -> None:
    """Look on a thread of its own, as a network mount may hang."""
    try:
        async with asyncio.timeout(PATIENCE):
            await _lookers.run(partial(look, path))
    except TimeoutError:
        raise Busy("The file system does not answer.", retry_after=PATIENCE, hint="Is the path on a mount?") from None


def look(path: str) -> Place | InvalidInput:
    """Look where a path is now, and keep the place or the refusal for `at`."""
    found = _found(path)
    with _lock:
        _seen.pop(path, None)
        _seen[path] = found
        if len(_seen) > MOST_SEEN:
            del _seen[next(iter(_seen))]
    return found


def at(path: str) -> Place:
    """Return the place of a path as it was seen last, or raise what was wrong with it."""
    found = _seen.get(path) or look(path)
    if isinstance(found, InvalidInput):
        raise found.with_traceback(None)
    return found


def _found(path: str) -> Place | InvalidInput:
    try:
        root = find_root(path)
    except InvalidInput as refusal:
        return refusal
    return Place(root, public_id(root), alias(root), git_remote(root))


def find_root(path: str) -> Path:
    """Return the folder that is the workspace of `path`: its repository's root, or the folder itself.

    Symlinks are resolved first; a linked worktree counts as its main repository, a submodule as one of its own.
    """
    folder = _real_folder(path)
    holder = next((place for place in (folder, *folder.parents) if os.path.exists(place / ".git")), None)
    if holder is None:
        return folder
    return _main_repository(_git_folder(holder)) or holder


def public_id(root: Path) -> str:
    """Return `wsp_` and 26 characters of the SHA-256 of a root that `find_root` gave."""
    digest = hashlib.sha256(os.fsencode(root)).digest()
    return f"wsp_{ids.base32(int.from_bytes(digest) >> 8 * len(digest) - 5 * ID_CHARS, ID_CHARS)}"


def git_remote(root: Path) -> str:
    """Return `host/owner/name` of the remote `origin`, else of the only one; empty where there is none to tell.

    Credentials, ports and the spelling of the address are left out. A remote in the file system has no such name.
    """
    urls = _remote_urls(_git_folder(root) / "config")
    chosen = [urls["origin"]] if "origin" in urls else list(urls.values())
    return _remote_name(chosen[0]) if len(chosen) == 1 else ""


def alias(root: Path) -> str:
    """Return the folder's name in letters, digits, `.`, `_` and `-`; never one that looks like an id."""
    plain = unicodedata.normalize("NFKD", root.name).encode("ascii", "ignore").decode()
    return _ALIAS_EDGES.sub("", _NOT_IN_ALIAS.sub("-", plain))[:MAX_ALIAS] or "workspace"


def _real_folder(path: str) -> Path:
    if not os.path.isabs(path):
        raise _refusal(path, "The path is relative.", "Send the absolute path of the repository root.")
    try:
        real = Path(os.path.realpath(path, strict=True))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "Not a path"
        raise _refusal(path, f"The path is not on this machine: {reason}.", "Send a folder that exists.") from error
    if not real.is_dir():
        raise _refusal(path, "The path is a file.", "Send the folder that holds it.")
    return real


def _refusal(path: str, message: str, fix: str) -> InvalidInput:
    return InvalidInput(message, hint=fix, field="project_root", sent=shorten(visible(path), _MOST_SHOWN)[0])


def _git_folder(root: Path) -> Path:
    """Return where git keeps this repository's data: `.git`, what a `.git` file names, or a bare repository itself."""
    git = root / ".git"
    named = re.match(r"gitdir:\s*(.+)", _first_line(git))
    if named:
        return Path(os.path.realpath(root / named[1]))
    is_bare = not os.path.exists(git) and os.path.isfile(root / "HEAD") and os.path.isdir(root / "objects")
    return root if is_bare else git


def _main_repository(git_folder: Path) -> Path | None:
    """Return the main repository of a linked worktree's git folder; None for a repository of its own."""
    is_worktree = [part.name for part in git_folder.parents[:2]] == ["worktrees", ".git"]
    shared = _first_line(git_folder / "commondir") or ("../.." if is_worktree else "")
    common = Path(os.path.realpath(git_folder / shared))
    return _work_tree(common) if shared and common.is_dir() else None


def _work_tree(common: Path) -> Path:
    """Return the folder whose files a git folder keeps; the git folder itself where there is none."""
    if common.name == ".git":
        return common.parent
    configured = _config(common / "config").get("core", "worktree", fallback=None)
    folder = Path(os.path.realpath(common / configured)) if configured else common.parent
    return folder if _git_folder(folder) == common else common


def _remote_urls(config: Path) -> dict[str, str]:
    sections = _config(config)
    named = {found["name"]: name for name in sections.sections() if (found := _REMOTE_SECTION.fullmatch(name))}
    urls = {remote: (sections.get(name, "url", fallback=None) or "").strip('"') for remote, name in named.items()}
    return {remote: url for remote, url in urls.items() if url}


def _config(path: Path) -> configparser.RawConfigParser:
    """Read a git config file; one that cannot be understood is as good as empty."""
    parser = configparser.RawConfigParser(
        strict=False,
        allow_no_value=True,
        delimiters=("=",),
        inline_comment_prefixes=("#", ";"),
        default_section="",
    )
    try:
        parser.read_string("\n".join(line.strip() for line in _read(path).split("\n")))
    except configparser.Error:
        parser.clear()
    return parser


def _remote_name(url: str) -> str:
    host, path = _address(url)
    name = f"{host.lower()}/{path.strip('/').removesuffix('.git')}"
    is_whole = bool(host and path.strip("/")) and len(name) <= MAX_REMOTE
    return name if is_whole and name.isprintable() and "@" not in name else ""


def _address(url: str) -> tuple[str, str]:
    """Split `scheme://user@host:port/path` or `user@host:path`; two empty strings for anything else."""
    scp_like = _SCP_LIKE.fullmatch(url)
    if "://" not in url:
        return (scp_like["host"].strip("[]"), scp_like["path"]) if scp_like else ("", "")
    try:
        parts = urlsplit(url)  # this, or asking for the port, raises where the address is broken
        is_remote = parts.scheme != "file" and parts.port != 0
    except ValueError:
        return "", ""
    return (parts.hostname or "", parts.path) if is_remote else ("", "")


def _first_line(path: Path) -> str:
    line = _read(path).split("\n", 1)[0].strip()
    return "" if "\0" in line else line


def _read(path: Path) -> str:
    """Return the beginning of a small file as text; empty where there is no readable one."""
    if not os.path.isfile(path):
        return ""
    try:
        with path.open("rb") as file:
            return os.fsdecode(file.read(_MOST_READ))
    except OSError:
        return ""
