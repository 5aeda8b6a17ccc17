"""`nexus agent`: add and list agents, and make and revoke their keys."""

import argparse
import json
import os
from pathlib import Path

from nexus_site.cli.command import Command, Json, aligned, show
from nexus_site.cli.places import is_path
from nexus_site.cli.ways import Remote, Way, configuration, way

__all__ = ["COMMANDS"]

ANY = "any"
PAGE = 200


def _arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = actions.add_parser("add", help="add an agent; prints its key, once", allow_abbrev=False)
    add.add_argument("name", help="1 to 64 of letters, digits, `.`, `_` and `-`")
    add.add_argument("--harness", help="the program it runs in, such as claude-code or codex")
    add.add_argument("--capability", action="append", metavar="WORD", help="what it can do; may be given several times")
    add.add_argument("--role", help="one word for its part, such as reviewer")
    _add_workspace(add)
    _finish(add, _add)
    _finish(actions.add_parser("list", help="list agents", allow_abbrev=False), _list)
    key = actions.add_parser("key", help="make, revoke and list keys", allow_abbrev=False)
    _key_arguments(key.add_subparsers(dest="key_action", required=True, metavar="ACTION"))


def _key_arguments(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    mint = actions.add_parser("mint", help="make another key; it is shown once", allow_abbrev=False)
    mint.add_argument("name", help="the agent")
    mint.add_argument("--label", default="", help="where the key is kept")
    mint.add_argument("--scope", choices=("agent", "read"), default="agent", help="read: it changes nothing (agent)")
    mint.add_argument("--expires-at", metavar="TIME", help="ISO 8601 time with a zone (never)")
    mint.add_argument("--workspace", action="append", metavar="ALIAS", help=f"where it may enter; may repeat; or {ANY}")
    _finish(mint, _mint)
    revoke = actions.add_parser("revoke", help="end a key", allow_abbrev=False)
    revoke.add_argument("name", help="the agent")
    revoke.add_argument("prefix", help="the key's prefix: the part after nxs_")
    _finish(revoke, _revoke)
    listing = actions.add_parser("list", help="list the live keys of an agent", allow_abbrev=False)
    listing.add_argument("name", help="the agent")
    _finish(listing, _keys)


def _add_workspace(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--workspace", default=os.curdir, metavar=f"PATH|ALIAS|{ANY}", help="its home; default: the current folder"
    )


def _finish(parser: argparse.ArgumentParser, run: object) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def _add(given: argparse.Namespace) -> int:
    by = way()
    words = {"harness": given.harness, "capabilities": given.capability, "role": given.role}
    order = {"name": given.name, **_home(given.workspace), **{word: value for word, value in words.items() if value}}
    made = by.call("agent_create", order)
    show(given, made, _welcome(made, by))
    return 0


def _home(workspace: str) -> Json:
    if workspace == ANY:
        return {"any_workspace": True}
    if is_path(workspace):
        return {"project_root": os.path.abspath(Path(workspace).expanduser())}
    return {"workspace": workspace}


def _welcome(made: Json, by: Way) -> list[str]:
    """Return the key and how common clients take it."""
    config = configuration()
    url = by.url if isinstance(by, Remote) else f"http://127.0.0.1:{config.port}"
    key = made["key"]
    server = {"type": "http", "url": f"{url}/mcp", "headers": {"Authorization": f"Bearer {key}"}}
    return [
        f"Added {made['agent']}. Its key is shown this once:",
        "",
        f"  {key}",
        "",
        "Claude Code:",
        f'  claude mcp add --transport http nexus {url}/mcp --header "Authorization: Bearer {key}"',
        "Codex, in ~/.codex/config.toml, with the key in the environment as NEXUS_KEY:",
        "  [mcp_servers.nexus]",
        f'  url = "{url}/mcp"',
        '  bearer_token_env_var = "NEXUS_KEY"',
        "Other MCP clients:",
        f"  {json.dumps({'mcpServers': {'nexus': server}})}",
        "REST:",
        f'  curl -H "Authorization: Bearer {key}" {url}/api/v1/whoami',
    ]


def _list(given: argparse.Namespace) -> int:
    agents = way().call("agent_list", {"limit": PAGE})["agents"]
    rows = [
        (
            each["agent"],
            each["presence"],
            str(each["unread"]),
            each.get("harness", ""),
            each.get("role", ""),
            ", ".join(each["capabilities"]),
        )
        for each in agents
    ]
    head = ("AGENT", "PRESENCE", "UNREAD", "HARNESS", "ROLE", "CAPABILITIES")
    lines = aligned([head, *rows]) if rows else ["There are no agents yet: nexus agent add NAME"]
    show(given, {"agents": agents}, lines)
    return 0


def _mint(given: argparse.Namespace) -> int:
    order: Json = {"agent": given.name, "label": given.label, "scope": given.scope}
    if given.expires_at:
        order["expires_at"] = given.expires_at
    places = given.workspace or []
    order |= {"any_workspace": True} if ANY in places else {"workspaces": places} if places else {}
    made = way().call("key_mint", order)
    show(given, made, [f"Made a key for {made['agent']}, shown this once:", "", f"  {made['key']}"])
    return 0


def _revoke(given: argparse.Namespace) -> int:
    prefix = given.prefix.removeprefix("nxs_").partition("_")[0]
    ended = way().call("key_revoke", {"agent": given.name, "key": prefix})
    show(given, ended, [f"Revoked {ended['key']} of {ended['agent']}; {ended['sessions_closed']} sessions closed."])
    return 0


def _keys(given: argparse.Namespace) -> int:
    keys = way().call("agent_get", {"agent": given.name}).get("keys", [])
    head = ("KEY", "LABEL", "SCOPE", "WORKSPACES", "MADE", "LAST USED")
    rows = [
        (
            each["key"],
            each.get("label", ""),
            each["scope"],
            ", ".join(each["workspaces"]),
            each["created_at"][:16],
            each.get("last_used_at", "never")[:16],
        )
        for each in keys
    ]
    show(given, {"keys": keys}, aligned([head, *rows]) if rows else [f"{given.name} has no live key."])
    return 0


def _run(given: argparse.Namespace) -> int:
    code: int = given.run(given)
    return code


COMMANDS = {
    "agent": Command(
        _arguments,
        _run,
        (
            "add alice --harness claude-code --capability python --capability review",
            "add bob --workspace ~/src/shop --json",
            "list",
            "key mint alice --label laptop",
            "key revoke alice PREFIX",
        ),
    )
}
