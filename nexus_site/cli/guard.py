"""`nexus guard`: a git hook that refuses to commit files which another agent holds.

It fails open: where Nexus cannot be asked, one line says so and the commit goes on.
"""

import argparse
import os
import shlex
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bus.text import one_line
from nexus_site.cli.command import REFUSED, USAGE, Command, Failed, Json, show
from nexus_site.cli.ways import Way, configuration, way
from nexus_site.connect.files import write
from nexus_site.connect.keys import kept
from nexus_site.connect.record import known
from nexus_site.serving import lock

__all__ = ["COMMANDS"]

HOOK, BEFORE = "pre-commit", "pre-commit.before-nexus"
MARK = "# This is nexus guard"
EVERYTHING, AT_ONCE, SECONDS = "**", 20, 10.0
# What programs set in the shells of their agents.
SIGNS: Mapping[str, tuple[str, ...]] = {
    "claude-code": ("CLAUDECODE",),
    "codex": ("CODEX_SANDBOX", "CODEX_THREAD_ID"),
    "gemini": ("GEMINI_CLI",),
    "opencode": ("OPENCODE",),
    "copilot": ("COPILOT_CLI",),
    "cursor": ("CURSOR_AGENT",),
}
SCRIPT = """#!/bin/sh
{mark}: it refuses files that another agent holds. `nexus guard uninstall` takes it out again.
before="$(dirname "$0")/{before}"
if [ -x "$before" ]; then "$before" "$@" || exit $?; fi
if [ ! -x {python} ]; then
  echo "nexus: the files are not checked, as the program of nexus guard is gone" >&2
  exit 0
fi
exec {python} -P -m nexus_site.cli guard check{agent}
"""


def _arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, run, text in (
        ("install", _install, "put the hook into this repository; one that is there is called first"),
        ("uninstall", _uninstall, "take the hook out, and put back what was there"),
        ("check", _check, "look at what is staged, as the hook does"),
    ):
        action = actions.add_parser(name, help=text, allow_abbrev=False)
        action.add_argument("--json", action="store_true", help="print JSON")
        action.set_defaults(run=run)
        if name != "uninstall":
            action.add_argument("--agent", help="who commits, where neither NEXUS_KEY nor the program says so")


def _run(given: argparse.Namespace) -> int:
    code: int = given.run(given)
    return code


def _git(*words: str) -> str:
    ended = subprocess.run(["git", *words], capture_output=True, text=True, errors="surrogateescape")
    if ended.returncode:
        raise Failed.because("This is no git repository.", "Go to one first.", USAGE, "invalid_input")
    return ended.stdout


def _hook() -> Path:
    """Return where git looks for the hook, also in worktrees and with a folder of hooks elsewhere."""
    return Path(_git("rev-parse", "--git-path", f"hooks/{HOOK}").rstrip("\n")).absolute()


def _is_ours(hook: Path) -> bool:
    return hook.exists() and MARK in hook.read_text(errors="replace")


def _install(given: argparse.Namespace) -> int:
    hook = _hook()
    before = hook.with_name(BEFORE)
    hook.parent.mkdir(parents=True, exist_ok=True)
    if hook.exists() and not _is_ours(hook):
        if before.exists():
            raise Failed.because(f"{before} is there already.", f"Look at it, and remove it: rm {before}", REFUSED)
        hook.rename(before)
    agent = f" --agent {shlex.quote(given.agent)}" if given.agent else ""
    text = SCRIPT.format(mark=MARK, before=BEFORE, python=shlex.quote(sys.executable), agent=agent)
    write(hook, text, stat.S_IRWXU | stat.S_IRGRP | stat.S_IXGRP | stat.S_IROTH | stat.S_IXOTH)
    lines = [f"Commits here are checked: {hook}"]
    lines += [f"The hook that was there is called first: {before}"] if before.exists() else []
    show(given, {"hook": str(hook), "before": str(before) if before.exists() else None}, lines)
    return 0


def _uninstall(given: argparse.Namespace) -> int:
    hook = _hook()
    if not _is_ours(hook):
        show(given, {"hook": None}, ["There is no guard here."])
        return 0
    before = hook.with_name(BEFORE)
    if before.exists():
        before.replace(hook)
    else:
        hook.unlink()
    show(given, {"hook": str(hook)}, ["Commits here are checked no more."])
    return 0


def _check(given: argparse.Namespace) -> int:
    """Refuse what is held by others; a check that cannot be made refuses nothing."""
    staged = [name for name in _git("diff", "--cached", "--name-only", "--no-renames", "-z").split("\0") if name]
    try:
        with _limited():
            held, skipped = _held(staged, given.agent or "") if staged else ([], [])
    except Failed as failed:
        return _not_checked(given, failed.shape["error"]["message"])
    except Exception as error:
        return _not_checked(given, f"{error or type(error).__name__}")
    for line in [] if given.json else skipped:
        print(f"nexus: not checked: {line}", file=sys.stderr)
    answer = {"staged": len(staged), "held": held, "skipped": skipped}
    show(given, answer, _said(held)) if held or given.json else None
    return REFUSED if held else 0


def _not_checked(given: argparse.Namespace, why: str) -> int:
    if given.json:
        show(given, {"staged": None, "held": [], "not_checked": why}, [])
    else:
        print(f"nexus: the files of this commit are not checked: {why}", file=sys.stderr)
    return 0


@contextmanager
def _limited() -> Iterator[None]:
    """Give up after some seconds: nobody waits long for a commit."""

    def give_up(*_: Any) -> None:
        raise TimeoutError("Nexus does not answer in time.")

    former = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)


def _held(staged: Sequence[str], agent: str) -> tuple[list[Json], list[str]]:
    """Return the staged files that others hold, and which could not be asked about and why.

    One question is enough where nobody holds anything.
    """
    home = configuration().home
    if lock.running(home) is None and not os.environ.get("NEXUS_URL") and not (home / "nexus.sqlite3").exists():
        raise Failed.because("There is no Nexus here.", "nexus serve")
    by, place = way(_key(home, agent)), _workspace()
    if not place or all(each["free"] for each in _asked(by, [EVERYTHING], place)):
        return [], []
    skipped = [one_line(f"{name}: Its name is no UTF-8.") for name in staged if not _is_text(name)]
    names = [name for name in staged if _is_text(name)]
    batches = [names[at : at + AT_ONCE] for at in range(0, len(names), AT_ONCE)]
    found = [each for batch in batches for each in _asked_singly(by, batch, place, skipped)]
    return [each for each in found if not each["free"]], skipped


def _asked_singly(by: Way, names: Sequence[str], place: Json, skipped: list[str]) -> list[Json]:
    """Ask about files at once, and one by one where a name among them cannot be asked about."""
    try:
        return _asked(by, names, place)
    except Failed as failed:
        error = failed.shape["error"]
        if error["code"] != "invalid_input":
            raise
    if len(names) > 1:
        return [each for name in names for each in _asked_singly(by, [name], place, skipped)]
    skipped.append(one_line(f"{names[0]}: {error['message']}"))
    return []


def _is_text(name: str) -> bool:
    """Say whether a file's name is UTF-8; in others the odd bytes are halves of characters."""
    return not any("\ud800" <= letter <= "\udfff" for letter in name)


def _key(home: Path, agent: str) -> str:
    """Return the key of who commits: that of the shell, of the connected program that runs here, or of the agent named."""
    if given := os.environ.get("NEXUS_KEY", ""):
        return given
    here_now = {harness for harness, signs in SIGNS.items() if any(map(os.environ.get, signs))}
    root = _root()
    mine = [each.agent for each in known(home) if each.harness in here_now and each.project in ("", root)]
    return next(filter(None, (kept(home / "keys" / name) for name in (*mine[-1:], agent) if name)), "")


def _workspace() -> Json:
    """Return the repository's workspace, empty where no agent works here."""
    try:
        found = way().call("workspace_resolve", {"project_root": _root()})
    except Failed as failed:
        if failed.shape["error"]["code"] != "not_found":
            raise
        return {}
    return {"workspace": found["workspace"]}


def _root() -> str:
    return os.path.abspath(_git("rev-parse", "--show-toplevel").rstrip("\n"))


def _asked(by: Way, globs: Sequence[str], place: Json) -> list[Json]:
    return list(by.call("paths_check", {"globs": list(globs), **place})["paths"])


def _said(held: Sequence[Json]) -> list[str]:
    names = sorted({holder["agent"] for each in held for holder in each["holders"]})
    lines = [f"nexus: {len(held)} of the staged files {'is' if len(held) == 1 else 'are'} held by another agent:"]
    for each in held:
        holder = each["holders"][0]
        why = f": {holder['reason']}" if holder.get("reason") else ""
        lines.append(f"  {each['glob']}  {holder['agent']} holds {holder['glob']} until {holder['until'][:16]}Z{why}")
    return [*lines, f"Ask {', '.join(names)}, or wait. To commit in spite of it: git commit --no-verify"]


COMMANDS = {"guard": Command(_arguments, _run, ("install", "install --agent alice", "check", "uninstall"))}
