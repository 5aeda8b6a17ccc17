"""`nexus search`."""

import argparse

from nexus_site.cli.calls import add_key, key_of
from nexus_site.cli.command import Command, Json, aligned, show
from nexus_site.cli.places import add_workspace, here
from nexus_site.cli.ways import way

__all__ = ["COMMANDS"]

KINDS = ("message", "topic", "handoff")


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("query", nargs="+", help='words that must all be there, "quoted phrases", beginnings*')
    parser.add_argument("--kind", action="append", choices=KINDS, help="only this kind; may be repeated")
    parser.add_argument("--from", dest="sender", metavar="AGENT", help="only what this agent wrote")
    parser.add_argument("--since", metavar="TIME", help="only what was written at or after this ISO 8601 time")
    parser.add_argument("--limit", type=int, default=20, metavar="N", help="1 to 50 (20)")
    add_workspace(parser)
    add_key(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def search(given: argparse.Namespace) -> int:
    """Print what is found, best first, each with a line of its text."""
    by = way(key_of(given))
    order = {"query": " ".join(given.query), "kinds": given.kind, "from": given.sender, "since": given.since}
    order |= {"limit": given.limit} | here(by, given.workspace)
    found = by.call("search", {name: value for name, value in order.items() if value is not None})
    show(given, found, _lines(found))
    return 0


def _lines(found: Json) -> list[str]:
    results = found["results"]
    more = "There is more, further back: narrow it by --since, --from or --kind." if "next_cursor" in found else ""
    if not results:
        return ["Nothing found among the newest.", more] if more else ["Nothing found."]
    heads = aligned([(hit["kind"], hit["id"], _time(hit["at"]), hit["from"], hit["title"]) for hit in results])
    lines = []
    for head, hit in zip(heads, results, strict=True):
        lines += [head, *([f"    {hit['snippet']}"] if "snippet" in hit else [])]
    return [*lines, *([more] if more else [])]


def _time(at: str) -> str:
    return at[:16].replace("T", " ")


EXAMPLES = (
    "login form",
    "'\"session token\" refresh*'",
    "deploy --kind handoff --from ada --since 2026-01-31T00:00:00Z",
)
COMMANDS = {"search": Command(_arguments, search, EXAMPLES)}
