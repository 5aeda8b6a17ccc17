"""What Nexus promises: how each promise is kept, the tests that try to break it, and what the last run measured.

`python -m tests.promises` writes docs/explanation/promises.md from this table and the figures of the last proof.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.figures import Figure, figures

__all__ = ["KEPT", "PAGE", "PROMISES", "Promise", "written"]

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "explanation" / "promises.md"


class Promise(NamedTuple):
    """One row: its id, what is promised, what makes it so, and where it is tried."""

    id: str
    promise: str
    mechanism: str
    tests: tuple[str, ...]


PROMISES = (
    Promise(
        "G1",
        "What was acknowledged survives `kill -9` and, by default, a power cut.",
        "WAL with `synchronous=FULL`; an answer leaves after its commit. No test cuts the power.",
        ("races/test_crash.py", "faults/test_database_durable.py"),
    ),
    Promise(
        "G2",
        "A message, its deliveries and its event exist together or not at all.",
        "One transaction, in which the audience is found too.",
        ("races/test_crash.py", "bus/test_messages.py"),
    ),
    Promise(
        "G3",
        "Of many claims one wins, and the others learn who.",
        "An UPDATE guarded by state and epoch; its row count decides.",
        ("races/test_claims.py", "races/test_endings.py", "handoffs/test_claims.py"),
    ),
    Promise(
        "G4",
        "The same idempotency key gives the same answer and one row; with another order it is refused.",
        "A unique key an agent, the order's hash and the answer in the same transaction.",
        ("races/test_replays.py", "bus/test_idempotency.py", "races/test_crash.py"),
    ),
    Promise(
        "G5",
        "Work that nobody finishes comes back; who was too late changes nothing.",
        "Leases with an epoch that rises with each claim; every step looks at the clock itself.",
        ("races/test_zombies.py", "races/test_deliveries.py", "model/test_work.py", "handoffs/test_claims.py"),
    ),
    Promise(
        "G6",
        "A message that nobody can digest is parked, seen and can be put back.",
        "Attempts are counted when it is pulled.",
        ("races/test_poison.py", "model/test_mail.py", "bus/test_inbox.py"),
    ),
    Promise(
        "G7",
        "Within one priority, mail comes in the order of the commits.",
        "Row numbers are given inside the one writing transaction.",
        ("races/test_order.py", "bus/test_inbox.py"),
    ),
    Promise(
        "G8",
        "The log is ordered, gapless, append-only and adds up to the tables.",
        "Numbers and a hash chain in the writing transaction, triggers, checkpoints.",
        ("races/test_crash.py", "bus/test_fold.py", "bus/test_log_triggers.py", "bus/test_verify.py"),
    ),
    Promise(
        "G9",
        "A reader behind a cursor misses nothing and sees nothing twice.",
        "Commit order is log order; who subscribes looks once more.",
        ("races/test_followers.py", "bus/test_events.py", "frames/test_pushes.py", "topics/test_many_peers.py"),
    ),
    Promise(
        "G10",
        "What expires does so once, though sweeps and callers race.",
        "The guarded UPDATE that wins writes the event.",
        ("races/test_sweepers.py", "bus/test_sweeps.py", "handoffs/test_sweeps.py", "serving/test_cluster.py"),
    ),
    Promise(
        "G11",
        "Nothing of another workspace or inbox can be read, counted or guessed.",
        "Queries are scoped by the caller; foreign and unknown get equal answers; ids are random.",
        ("security/test_isolation.py", "security/test_isolation_beside.py"),
    ),
    Promise(
        "G12",
        "A clock that jumps gives no second winner and loses no message.",
        "Epochs decide, not times.",
        ("faults/test_clock_steps.py",),
    ),
    Promise(
        "G13",
        "Data of every release can be upgraded; a killed upgrade harms nothing.",
        "A backup before it, then atomic migrations.",
        ("faults/test_migration.py",),
    ),
    Promise(
        "G14",
        "A backup is taken under load, can be restored and verified.",
        "SQLite's backup in one step, checked before it counts.",
        ("faults/test_database_backup.py", "bus/test_backup.py"),
    ),
    Promise(
        "G15",
        "Memory is bounded, and a flood of one slows no other.",
        "Limits of bodies, queues, sockets, streams, waits and sessions; calls take turns by key.",
        (
            *("faults/test_floods_calls.py", "faults/test_floods_bodies.py", "faults/test_floods_waits.py"),
            *("engine/test_turns.py", "live/test_sockets.py"),
        ),
    ),
    Promise(
        "G16",
        "What an agent missed is told once; nothing wakes it beyond its budget, within the gap or while it is paused.",
        "A cursor that counts only when it comes back; a wake is claimed, and the claim is an event, before a turn starts.",
        (
            *("overview/test_wake.py", "bus/test_waking.py", "hooks/test_events.py"),
            *("hooks/test_waiting.py", "live/test_wake.py", "clients/test_waking.py"),
        ),
    ),
)
THREATS = (
    Promise("", "DNS rebinding", "", ("security/test_hosts.py", "protocol/test_guard.py")),
    Promise(
        "", "Pages elsewhere", "", ("security/test_elsewhere.py", "security/test_headers.py", "security/test_hosts.py")
    ),
    Promise("", "Strangers at the machine", "", ("security/test_loopback.py", "surfaces/test_rest_access.py")),
    Promise("", "Keys: scoped, revoked, of one session", "", ("security/test_keys.py", "bus/test_keys.py")),
    Promise("", "Secrets in files, logs, answers, copies", "", ("security/test_secrets.py", "security/test_audit.py")),
    Promise("", "Senders that somebody claims to be", "", ("security/test_injection.py", "security/test_terminal.py")),
    Promise("", "Hostile text in pages and tables", "", ("dashboard/test_hostile_text.py", "bus/test_text.py")),
    Promise("", "Paths and globs", "", ("security/test_paths.py", "bus/test_places.py", "handoffs/test_globs.py")),
    Promise("", "SQL and patterns from outside", "", ("security/test_sql.py", "security/test_patterns.py")),
    Promise(
        "",
        "Input that nobody thought of",
        "",
        (
            "fuzz/test_openapi.py",
            "fuzz/test_mcp.py",
            "fuzz/test_sockets.py",
            "fuzz/test_pages.py",
            "fuzz/test_parsers.py",
        ),
    ),
)
FAULTS = (
    Promise("", "Disk full", "", ("faults/test_disk_full.py",)),
    Promise(
        "",
        "Read-only or damaged database",
        "",
        ("faults/test_database_read_only.py", "faults/test_database_damaged.py"),
    ),
    Promise("", "Files deleted under the server", "", ("faults/test_database_files.py",)),
    Promise("", "Cluster killed, a second server", "", ("faults/test_cluster_lost.py", "faults/test_server_alone.py")),
    Promise("", "Slow, silent and vanished clients", "", ("faults/test_sockets_patience.py",)),
)
KEPT = {"T": "Threats", "F": "Faults", "S": "Speed"}
HEAD = """# Promises

What Nexus promises, what makes it true, where it is tried, and what the last run of each proof measured. Written by
`make proof`, which runs everything long; a plain run of `make slow` tries the same with smaller numbers.

| Promise | What makes it true | Tried in | Last measured |
|---|---|---|---|"""


def written(measured: list[Figure]) -> str:
    """Return the page."""
    rows = [_row(each, measured) for each in PROMISES]
    return "\n".join([HEAD, *rows, *_threats(measured), *_faults(measured), *_list("S", measured)]) + "\n"


def _row(each: Promise, measured: list[Figure]) -> str:
    found = "<br>".join(f"{figure.what}: {figure.value}" for figure in measured if figure.promise == each.id)
    return f"| **{each.id}** {each.promise} | {each.mechanism} | {_links(each)} | {found or 'it holds or fails'} |"


def _links(each: Promise) -> str:
    return ", ".join(f"[{test.removesuffix('.py').replace('test_', '')}](../../tests/{test})" for test in each.tests)


def _threats(measured: list[Figure]) -> Iterator[str]:
    yield from _kinds("T", THREATS)
    yield from _list("T", measured, with_title=False)


def _faults(measured: list[Figure]) -> Iterator[str]:
    yield from _kinds("F", FAULTS)
    yield from _list("F", measured, with_title=False)


def _kinds(kind: str, rows: tuple[Promise, ...]) -> Iterator[str]:
    yield from ("", f"## {KEPT[kind]}", "")
    yield from (f"- {each.promise}: {_links(each)}" for each in rows)


def _list(kind: str, measured: list[Figure], *, with_title: bool = True) -> Iterator[str]:
    found = [figure for figure in measured if figure.promise == kind]
    if found:
        yield from ("", f"## {KEPT[kind]}", "") if with_title else ("", "Last measured:", "")
    yield from (f"- {figure.what}: {figure.value}" for figure in found)


if __name__ == "__main__":
    PAGE.write_text(written(figures()))
