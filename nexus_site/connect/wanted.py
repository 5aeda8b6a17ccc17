"""What is asked for, where things are on this machine, and what a harness wants written."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nexus_site.connect.splice import Edit

__all__ = ["Part", "Place", "Wanted"]


@dataclass(frozen=True)
class Place:
    """The folders of a person, of a project and of Nexus, and the environment that may move some of them."""

    home: Path
    project: Path
    data: Path
    variables: Mapping[str, str]
    system: str = "linux"

    def moved(self, variable: str, usual: str) -> Path:
        """Return the folder that a variable names, else the usual one below the home."""
        return Path(self.variables.get(variable) or self.home / usual)

    @property
    def config(self) -> Path:
        """Return the folder of configurations."""
        return self.moved("XDG_CONFIG_HOME", ".config")


@dataclass(frozen=True)
class Wanted:
    """One connection: which harness as which agent, with what, and where; without a `hook` program, no hooks."""

    harness: str
    scope: str
    agent: str
    place: Place
    url: str
    hook: str
    key: str
    wake: bool = False
    skill: bool = False
    agents_md: bool = False
    is_shared: bool = False  # meant for the project, whose files cannot hold it

    @property
    def is_user(self) -> bool:
        """Say whether the files are the person's own."""
        return self.scope == "user"

    @property
    def key_file(self) -> Path:
        """Return where the agent's key is kept."""
        return self.place.data / "keys" / self.agent

    def bearer(self, own: str, project: str) -> dict[str, str]:
        """Return the header: with the key or with what stands for it in a person's file, else a variable's name."""
        return {"Authorization": f"Bearer {own if self.is_user else project}"}

    def command(self, event: str) -> str:
        """Return the line that a harness runs at an event; it stays the same for ever, since some trust it by hash."""
        wakes = " --wake" if event in ("stop", "wait") else ""
        return f"{shlex.quote(self.hook)} {event} --harness {self.harness} --agent {self.agent}{wakes}"


@dataclass(frozen=True)
class Part:
    """What one file shall hold: members of JSON, a block of TOML, YAML or Markdown, or the whole of it."""

    path: Path
    kind: str  # json, toml, yaml, markdown or whole
    edits: tuple[Edit, ...] = ()
    body: str = ""
    secret: bool = False
    executable: bool = False
    only_hooks: bool = False
