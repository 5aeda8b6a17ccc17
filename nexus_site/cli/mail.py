"""`nexus send` and `nexus inbox`."""

import argparse
import sys
from typing import Any

from nexus_site.cli.calls import add_key, key_of, value_of
from nexus_site.cli.command import Command, Json, aligned, show
from nexus_site.cli.places import add_workspace, here
from nexus_site.cli.ways import Way, way

__all__ = ["COMMANDS"]

PAGE = 50
HEAD = ("MESSAGE", "SENT (UTC)", "PRIORITY", "FROM", "SUBJECT")


def _send_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("to", help='an agent, "broadcast", or a selector such as capability=review or role=tester')
    parser.add_argument("subject", help="one line")
    parser.add_argument("body", nargs="?", default="", help="Markdown; - reads it from standard input")
    parser.add_argument("--priority", type=int, choices=range(10), metavar="0-9", help="9 first, 8 and 9 are urgent")
    parser.add_argument("--reply-to", metavar="MESSAGE", help="the message that this answers")
    add_workspace(parser)
    add_key(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def send(given: argparse.Namespace) -> int:
    """Send a message and say whom it reached."""
    by = way(key_of(given))
    body = sys.stdin.read() if given.body == "-" else given.body
    order = {"to": _addressee(given.to), "subject": given.subject, "body": body} | here(by, given.workspace, given.to)
    more = {"priority": given.priority, "reply_to": given.reply_to}
    sent = by.call("message_create", order | {name: value for name, value in more.items() if value is not None})
    show(given, sent, list(_sent(sent)))
    return 0


def _addressee(text: str) -> Any:
    kind, sign, value = text.partition("=")
    return {kind: value} if sign and kind in ("capability", "role") else value_of(text)


def _sent(sent: Json) -> list[str]:
    rows = [(each["agent"], each["presence"], f"{each['unread']} unread") for each in sent["recipients"]]
    lines = [f"Sent {sent['message']} to:", *(f"  {line}" for line in aligned(rows))]
    for kind in ("stale", "offline"):
        left_out = sent[f"excluded_{kind}"]
        lines += [f"Not reached, as {kind}: {', '.join(left_out)}"] if left_out else []
    return lines + ([sent["warning"]] if "warning" in sent else [])


def _inbox_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("agent", nargs="?", default="", help="whose inbox; default: that of the key")
    add_workspace(parser)
    add_key(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def inbox(given: argparse.Namespace) -> int:
    """Show what is unread, and change nothing."""
    by = way("" if given.agent else key_of(given))
    place = here(by, given.workspace, given.agent)
    messages = _unread_of(by, given.agent, place) if given.agent else by.call("inbox_peek", place)["messages"]
    lines = aligned([HEAD, *map(_row, messages)]) if messages else [f"{given.agent or 'You'}: no unread mail."]
    show(given, {"messages": messages}, lines)
    return 0


def _row(message: Json) -> tuple[str, ...]:
    sent_at = message["sent_at"][:16].replace("T", " ")
    return message["message"], sent_at, str(message["priority"]), message["from"], message["subject"]


def _unread_of(by: Way, agent: str, place: Json) -> list[Json]:
    """Return the messages of an agent's workspace that wait in its inbox, newest first."""
    found = by.call("message_list", {"peer": agent, "lane": "unread", "limit": PAGE, **place})["messages"]
    return [message for message in found if _waits(by, agent, message, place)]


def _waits(by: Way, agent: str, message: Json, place: Json) -> bool:
    receipts = by.call("message_status", {"message": message["message"], **place})["recipients"]
    return any(each["agent"].lower() == agent.lower() and each["lane"] == "unread" for each in receipts)


COMMANDS = {
    "send": Command(
        _send_arguments,
        send,
        ('bob "Please review" "The branch is login."', 'capability=review "Who has time?"', "broadcast Pause -"),
    ),
    "inbox": Command(_inbox_arguments, inbox, ("bob", "bob --workspace ~/src/shop", "--key nxs_…")),
}
