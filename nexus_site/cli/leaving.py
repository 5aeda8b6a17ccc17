"""The end of keys that `nexus connect` made, once no connection is of their agents any more."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from nexus_site.cli.command import Failed
from nexus_site.cli.ways import way
from nexus_site.connect import keys
from nexus_site.connect.record import Connection

__all__ = ["end_unheld", "let_go"]


def let_go(data: Path, agents: Iterable[str], left: Sequence[Connection]) -> tuple[list[str], tuple[str, ...]]:
    """Return what to say, and the agents whose keys could not be ended, which is to be tried again."""
    said, stuck = list[str](), list[str]()
    used = {each.agent for each in left}
    for agent in agents:
        path = data / "keys" / agent
        if agent in used:
            end_unheld(path, left)
            continue
        try:
            prefix = keys.forget(way().call, path) if path.exists() or keys.has_former(path) else ""
        except (Failed, OSError) as fault:
            stuck.append(agent)
            said.append(f"  The key in {path} could not be revoked: {fault}")
            continue
        said += [f"  Revoked the key {prefix}; the agent {agent} and its mail stay."] if prefix else []
    return said, tuple(stuck)


def end_unheld(path: Path, connections: Iterable[Connection]) -> None:
    """End the narrower keys that stood in this file before, unless programs of a project may hold them in NEXUS_KEY."""
    if keys.has_former(path) and not any(each.project and each.agent == path.name for each in connections):
        keys.end_former(way().call, path)
