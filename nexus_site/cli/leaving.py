"""The end of keys that `nexus connect` made, once no connection is of their agents any more."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from nexus_site.cli.command import Failed
from nexus_site.cli.ways import way
from nexus_site.connect import keys
from nexus_site.connect.record import Connection

__all__ = ["let_go"]


def let_go(data: Path, agents: Iterable[str], left: Sequence[Connection]) -> tuple[list[str], tuple[str, ...]]:
    """Return what to say, and the agents whose keys could not be ended, which is to be tried again."""
    said, stuck = list[str](), list[str]()
    used = {each.agent for each in left}
    for agent in [each for each in agents if each not in used]:
        path = data / "keys" / agent
        try:
            prefix = keys.forget(way().call, path) if path.exists() else ""
        except (Failed, OSError) as fault:
            stuck.append(agent)
            said.append(f"  The key in {path} could not be revoked: {fault}")
            continue
        said += [f"  Revoked the key {prefix}; the agent {agent} and its mail stay."] if prefix else []
    return said, tuple(stuck)
