"""Reads the `NEXUS_…` variables of the environment; a bad value stops the start with a sentence."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from platformdirs import user_data_path

__all__ = ["Config", "read"]

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
SERVERS = ("daphne", "uvicorn")
SYNCHRONOUS = ("FULL", "NORMAL")
LOOPBACK = ("open", "login")


@dataclass(frozen=True)
class Config:
    """What the environment says; every field has a default that just runs."""

    home: Path
    host: str
    port: int
    allowed_hosts: tuple[str, ...]
    log_level: str
    server: str
    synchronous: str
    loopback: str


def read(environ: Mapping[str, str] = os.environ) -> Config:
    """Return the configuration, or raise `ImproperlyConfigured` naming the variable and the fix."""
    if environ.get("NEXUS_DATABASE_URL"):
        raise ImproperlyConfigured("NEXUS_DATABASE_URL is set, but Nexus keeps its data in SQLite. Unset it.")
    return Config(
        home=_home(environ),
        host=environ.get("NEXUS_HOST", "127.0.0.1"),
        port=_port(environ),
        allowed_hosts=tuple(filter(None, (part.strip() for part in environ.get("NEXUS_ALLOWED_HOSTS", "").split(",")))),
        log_level=_choice(environ, "NEXUS_LOG_LEVEL", LOG_LEVELS, "WARNING"),
        server=_choice(environ, "NEXUS_SERVER", SERVERS, "daphne"),
        synchronous=_choice(environ, "NEXUS_SYNCHRONOUS", SYNCHRONOUS, "FULL"),
        loopback=_choice(environ, "NEXUS_LOOPBACK", LOOPBACK, "open"),
    )


def _home(environ: Mapping[str, str]) -> Path:
    home = Path(environ.get("NEXUS_HOME") or user_data_path("nexus")).expanduser()
    if not home.is_absolute():
        raise ImproperlyConfigured(f"NEXUS_HOME must be an absolute path, not {str(home)!r}.")
    return home


def _port(environ: Mapping[str, str]) -> int:
    value = environ.get("NEXUS_PORT", "8642")
    if not value.isdecimal() or not 0 < int(value) < 65536:
        raise ImproperlyConfigured(f"NEXUS_PORT must be a number from 1 to 65535, not {value!r}.")
    return int(value)


def _choice(environ: Mapping[str, str], name: str, choices: tuple[str, ...], default: str) -> str:
    value = environ.get(name) or default
    for choice in choices:
        if choice.lower() == value.lower():
            return choice
    raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}, not {value!r}.")
