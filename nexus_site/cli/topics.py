"""`nexus topic`: list, read, follow, export and keep topics."""

import argparse
import os
import shlex
from collections.abc import Callable

from nexus_site.cli import thread
from nexus_site.cli.calls import add_key, key_of
from nexus_site.cli.command import REFUSED, Command, Failed, Json, aligned, show
from nexus_site.cli.places import add_workspace, here
from nexus_site.cli.ways import Way, way

__all__ = ["COMMANDS"]

Run = Callable[[argparse.Namespace, Way, Json], int]
ID = "top_"
HEAD = ("TOPIC", "STATE", "POSTS", "ACTIVE (UTC)", "NAME")


def _arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="list topics, the most recently active first", allow_abbrev=False)
    listing.add_argument("--state", choices=("open", "closed", "all"), default="open", help="which ones (open)")
    listing.add_argument("--query", help="text in the name")
    listing.add_argument("--archived", action="store_true", help="also archived ones")
    listing.add_argument("--limit", type=_one_or_more, default=50, help="at most so many (50)")
    _finish(listing, _list)
    _read_arguments(actions)
    _keep_arguments(actions)


def _read_arguments(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    shown = _about(actions, "show", "show a topic and its newest posts")
    shown.add_argument("-n", "--lines", type=_one_or_more, default=20, metavar="N", help="show so many posts (20)")
    _finish(shown, _show)
    watch = _about(actions, "watch", "follow a topic until it is closed")
    watch.add_argument(
        "-n", "--lines", type=_none_or_more, default=10, metavar="N", help="show this many posts first (10)"
    )
    watch.add_argument("--full", action="store_true", help="show posts whole, not one line of each")
    watch.add_argument("--no-follow", action="store_true", help="end after those")
    _finish(watch, thread.watch)
    export = _about(actions, "export", "write a topic's posts as Markdown or JSON")
    export.add_argument("--format", choices=("markdown", "json"), default="markdown", help="how (markdown)")
    export.add_argument("-o", "--output", default="", metavar="FILE", help="where to (standard output)")
    export.add_argument("--after", type=int, default=0, metavar="N", help="only posts after this number")
    export.add_argument("--include-metadata", action="store_true", help="also the posts' metadata")
    _finish(export, _export)
    presence = _about(actions, "presence", "show who takes part and was heard lately")
    presence.add_argument("--window", type=int, default=300, metavar="SECONDS", help="heard within (300)")
    presence.add_argument("--limit", type=int, default=200, metavar="N", help="at most so many (200)")
    _finish(presence, _presence)


def _one_or_more(word: str) -> int:
    return _number(word, 1)


def _none_or_more(word: str) -> int:
    return _number(word, 0)


def _number(word: str, least: int) -> int:
    """Return a number of the command line, or refuse one that is too small or none at all."""
    try:
        number = int(word)
    except ValueError:
        number = least - 1
    if number < least:
        raise argparse.ArgumentTypeError(f"{word!r} must be a whole number, at least {least}")
    return number


def _keep_arguments(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    rename = _about(actions, "rename", "give a topic another name; its posts stay as they were written")
    rename.add_argument("new", help="the new name")
    _finish(rename, _rename)
    close = _about(actions, "close", "close a topic: it takes no more posts")
    close.add_argument("--reason", default="", help="why, for whoever reads it later")
    _finish(close, _close)
    release = _about(actions, "release", "give a peer's name free whose token is lost")
    release.add_argument("peer", help="the name in the topic")
    _finish(release, _release)
    archive = _about(actions, "archive", "leave a closed topic out of lists")
    archive.add_argument("--undo", action="store_true", help="list it again")
    _finish(archive, _archive)
    delete = _about(actions, "delete", "delete a topic with all its posts, for good")
    delete.add_argument("--confirm", required=True, metavar="NAME", help="its name, to show that you mean it")
    _finish(delete, _delete)


def _about(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, help_: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, help=help_, allow_abbrev=False)
    parser.add_argument("topic", help="its id or name; of a name the newest open topic, else the newest closed one")
    return parser


def _finish(parser: argparse.ArgumentParser, run: Run) -> None:
    add_workspace(parser)
    add_key(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def _run(given: argparse.Namespace) -> int:
    by = way(key_of(given))
    place = here(by, given.workspace)
    about = {"topic": _found(by, place, given)["topic"], **place} if "topic" in given else place
    run: Run = given.run
    return run(given, by, about)


def _found(by: Way, place: Json, given: argparse.Namespace) -> Json:
    """Return the topic of an id or a name."""
    if given.topic.startswith(ID) and (found := _of_id(by, place, given.topic)):
        return found
    try:
        return by.call("topic_resolve", {"name": given.topic, "allow_closed": True, **place})
    except Failed as failed:
        if failed.shape["error"]["code"] != "topic_not_found":
            raise
        where = given.workspace or f"of {os.path.basename(os.getcwd())}"
        option = f" --workspace {shlex.quote(given.workspace)}" if given.workspace else ""
        message = f"There is no topic named {given.topic!r} in the workspace {where}."
        raise Failed.because(message, f"nexus topic list --state all{option}", REFUSED, "topic_not_found") from None


def _of_id(by: Way, place: Json, named: str) -> Json | None:
    """Return the topic of an id, None where there is none: names may begin as ids do, and be longer."""
    try:
        return by.call("topic_resolve", {"topic": named, **place})
    except Failed as failed:
        if failed.shape["error"]["code"] not in ("topic_not_found", "invalid_input"):
            raise
        return None


def _list(given: argparse.Namespace, by: Way, place: Json) -> int:
    order = {"state": given.state, "archived": given.archived, **place} | (
        {"query": given.query} if given.query else {}
    )
    found: list[Json] = []
    cursor: Json = {}
    while len(found) < given.limit:
        page = by.call("topic_list", {**order, **cursor, "limit": min(given.limit - len(found), thread.PAGE)})
        found += page["topics"]
        if "next_cursor" not in page:
            break
        cursor = {"cursor": page["next_cursor"]}
    rows = [
        (each["topic"], each["state"], str(each["posts"]), each["active_at"][:16].replace("T", " "), each["name"])
        for each in found
    ]
    empty = ["There are no such topics. Agents open them with topic_create."]
    show(given, {"topics": found}, aligned([HEAD, *rows]) if rows else empty)
    return 0


def _show(given: argparse.Namespace, by: Way, topic: Json) -> int:
    facts = by.call("topic_resolve", topic)
    page = thread.newest(by, topic, given.lines)
    kept = {name: facts[name] for name in ("created_by", "created_at", "closed_at", "close_reason") if name in facts}
    head = [f"{facts['name']} ({facts['topic']}), {facts['state']}, {facts['posts']} posts"]
    head += [f"{name.replace('_', ' ')}: {value}" for name, value in kept.items()] + [""]
    posts = [line for post in page["posts"] for line in thread.lines(post, is_whole=True)]
    show(given, {**facts, "newest": page["posts"]}, (head + posts)[:-1])
    return 0


def _export(given: argparse.Namespace, by: Way, topic: Json) -> int:
    return thread.export(given, by, topic, by.call("topic_resolve", topic))


def _presence(given: argparse.Namespace, by: Way, topic: Json) -> int:
    peers = by.call("topic_presence", {**topic, "window_seconds": given.window, "limit": given.limit})
    rows = [(each["peer"], each["agent"], str(each["seq"]), f"{each['age_seconds']} s ago") for each in peers["peers"]]
    nobody = [f"Nobody was heard in the last {given.window} seconds."]
    show(given, peers, aligned([("PEER", "AGENT", "READ TO", "HEARD"), *rows]) if rows else nobody)
    return 0


def _rename(given: argparse.Namespace, by: Way, topic: Json) -> int:
    kept = by.call("topic_rename", {**topic, "name": given.new})
    show(given, kept, [f"{kept['topic']} is now called {kept['name']}."])
    return 0


def _close(given: argparse.Namespace, by: Way, topic: Json) -> int:
    closed = by.call("topic_close", {**topic, "reason": given.reason})
    show(given, closed, [closed.get("warning", f"{closed['topic']} is closed.")])
    return 0


def _release(given: argparse.Namespace, by: Way, topic: Json) -> int:
    released = by.call("topic_release_name", {**topic, "peer": given.peer})
    show(given, released, [f"{released['peer']} is free: whoever joins under it next has it."])
    return 0


def _archive(given: argparse.Namespace, by: Way, topic: Json) -> int:
    kept = by.call("topic_archive", {**topic, "archived": not given.undo})
    show(given, kept, [f"{kept['topic']} is {'listed again' if given.undo else 'archived'}."])
    return 0


def _delete(given: argparse.Namespace, by: Way, topic: Json) -> int:
    gone = by.call("topic_delete", {**topic, "confirm": given.confirm})
    show(given, gone, [f"{gone['topic']} and its {gone['posts']} posts are gone."])
    return 0


COMMANDS = {
    "topic": Command(
        _arguments,
        _run,
        (
            "list --state all",
            "show checkout-api -n 5",
            "watch checkout-api --full",
            "export checkout-api -o checkout-api.md",
            "export checkout-api --format json --after 100 --include-metadata",
            "presence checkout-api --window 3600",
            "rename checkout-api payments-api",
            'close payments-api --reason "merged"',
        ),
    )
}
