"""The key of a connected agent: made once, kept in a file of the data directory, good for where it is connected."""

import contextlib
import secrets
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from nexus_site.connect.files import write

__all__ = ["Call", "end_former", "forget", "has_former", "kept", "key_of", "workspace_of"]

LABEL = "nexus connect"
Call = Callable[[str, dict[str, Any]], dict[str, Any]]


def kept(path: Path) -> str:
    """Return the key that a file holds, empty where there is none."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def key_of(call: Call, path: Path, harness: str, project: str) -> str:
    """Return the key in the file if it still opens what is wanted, else a new one; `project` is empty for any.

    A narrower key that was made here lives on: `end_former` ends it once nothing holds it any more. One that something
    else has made stays, as a process may speak with it.
    """
    name, key, former = path.name, kept(path), ""
    live = _live(call, name)
    if live is not None:
        _check(call, name)
    if live is None:
        home = {"project_root": project} if project else {"any_workspace": True}
        key = call("agent_create", {"name": name, "harness": harness, "label": LABEL, **home})["key"]
    else:
        found = next((each for each in live if each["key"] == _prefix(key)), {})
        places = found.get("workspaces")
        wanted = [workspace_of(call, project)] if project else ["any"]
        if places is not None and ("any" in places or set(wanted) <= set(places)):
            return key
        former = _prefix(key) if found.get("label") == LABEL else ""
        key = _minted(call, name, {*(places or ()), *wanted})
    _keep(call, path, key)
    if former:
        write(_formers(path), "\n".join([*_former(path), former]), 0o600)
    return key


def has_former(path: Path) -> bool:
    """Say whether narrower keys live on that stood in this file before."""
    return bool(_former(path))


def end_former(call: Call, path: Path) -> None:
    """Revoke the narrower keys that stood in a file before; those that cannot be revoked now are tried again later."""
    if left := [prefix for prefix in _former(path) if not _is_ended(call, path.name, prefix)]:
        write(_formers(path), "\n".join(left), 0o600)
    else:
        _formers(path).unlink(missing_ok=True)


def _formers(path: Path) -> Path:
    """Return the file that names an agent's narrower keys, beside the record of connections."""
    return path.parent.parent / "connect" / "former" / path.name


def _former(path: Path) -> list[str]:
    return kept(_formers(path)).split()


def _is_ended(call: Call, agent: str, prefix: str) -> bool:
    """Revoke a key; one that is gone already is no fault."""
    from nexus_site.cli.command import Failed

    try:
        call("key_revoke", {"agent": agent, "key": prefix})
    except Failed as failed:
        return failed.shape["error"]["code"] in ("not_found", "conflict")
    return True


def forget(call: Call, path: Path) -> str:
    """Revoke the key in a file and remove the file; return its prefix, empty where there was no such key.

    A live key that something else has made and put there is left, with its file.
    """
    end_former(call, path)
    prefix = _prefix(kept(path))
    labels = [each.get("label", "") for each in _live(call, path.name) or () if each["key"] == prefix]
    if labels and labels != [LABEL]:
        return ""
    if labels:
        call("key_revoke", {"agent": path.name, "key": prefix})
    path.unlink(missing_ok=True)
    return prefix if labels else ""


def _keep(call: Call, path: Path, key: str) -> None:
    """Write a new key down; one that cannot be kept is ended, since nobody would know it."""
    try:
        write(path, key, 0o600)
        path.parent.chmod(0o700)
    except OSError:
        with contextlib.suppress(Exception):
            call("key_revoke", {"agent": path.name, "key": _prefix(key)})
        raise


def _prefix(key: str) -> str:
    return key.removeprefix("nxs_").partition("_")[0]


def _live(call: Call, name: str) -> Sequence[dict[str, Any]] | None:
    """Return the agent's live keys, None where there is no such agent."""
    found = _unless_missing(call, "agent_get", {"agent": name})
    return None if found is None else found.get("keys", [])


def _check(call: Call, name: str) -> None:
    """Refuse a name that is an operator's, or an agent's in another case: their programs would speak as nobody meant."""
    from nexus_site.cli.command import USAGE, Failed

    names = list(_alike(call, name))
    if name in names:
        return
    other = next((each for each in names if each.lower() == name.lower()), "")
    said = f"The agent is called {other}." if other else f"{name} is no agent, so no program can speak as it."
    hint = f"Say --agent {other}." if other else "Say --agent NAME, with the name of an agent or a new one."
    raise Failed.because(said, hint, USAGE, "invalid_input")


def _alike(call: Call, name: str) -> Iterator[str]:
    """Return the agents whose name holds this one, whatever the case; operators are none."""
    order: dict[str, Any] = {"query": name, "limit": 200}
    while True:
        found = call("agent_list", order)
        yield from (each["agent"] for each in found["agents"])
        if not found.get("next_cursor"):
            return
        order = order | {"cursor": found["next_cursor"]}


def workspace_of(call: Call, project: str) -> str:
    """Return the id of the workspace of a folder; where there is none yet, the operator's coming makes it.

    It comes in a session of its own, as others may come at the same moment.
    """
    found = _unless_missing(call, "workspace_resolve", {"project_root": project})
    if found is None:
        found = call("session_open", {"project_root": project, "session_ref": f"nexus {secrets.token_hex(8)}"})
        call("session_close", {"session": found["session"]})
    return str(found["workspace"])


def _unless_missing(call: Call, name: str, order: dict[str, Any]) -> dict[str, Any] | None:
    from nexus_site.cli.command import Failed

    try:
        return call(name, order)
    except Failed as failed:
        if failed.shape["error"]["code"] != "not_found":
            raise
        return None


def _minted(call: Call, name: str, places: set[str]) -> str:
    order = {"any_workspace": True} if "any" in places else {"workspaces": sorted(places)}
    return str(call("key_mint", {"agent": name, "label": LABEL, **order})["key"])
