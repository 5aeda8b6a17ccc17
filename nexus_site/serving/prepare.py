"""What the web process does before it serves: databases, who may reach it, and the key of the command line."""

import ipaddress
import os
import sys
from pathlib import Path

from django.conf import settings
from django.contrib.auth.hashers import is_password_usable
from django.contrib.auth.models import User

from bus import door, identity, people
from bus.directory import directory
from bus.errors import Refusal
from nexus_site.serving import database
from nexus_site.serving.faults import USAGE, CannotServe
from nexus_site.serving.home import OPERATOR_KEY

__all__ = ["ensure_key", "prepare"]

LABEL = "command line"


def prepare(project_root: str) -> str:
    """Get everything ready; return the alias of the workspace at `project_root`, if one is given."""
    try:
        database.prepare()
        if not ipaddress.ip_address(settings.HOST).is_loopback:
            _check_staff()
        ensure_key()
        return _workspace(project_root) if project_root else ""
    except Refusal as refusal:
        raise CannotServe(f"{refusal.message} {refusal.fix}") from refusal


def _check_staff() -> None:
    """Refuse to listen beyond this machine while no person could log in."""
    staff = User.objects.filter(is_staff=True, is_active=True)
    if not any(is_password_usable(password) for password in staff.values_list("password", flat=True)):
        raise CannotServe(
            f"To listen on {settings.HOST}, make a login with a password first: "
            f"{sys.executable} -m django createsuperuser --settings nexus_site.settings",
            USAGE,
        )


def ensure_key() -> str:
    """Return the operator key of this data directory's command line, made anew where it opens nothing."""
    path = Path(settings.NEXUS_HOME) / OPERATOR_KEY
    text = path.read_text().strip() if path.exists() else ""
    known = directory.key(text) if text else None
    if known is not None and directory.agent(known.agent_id).kind == "operator":
        return text
    order = {"agent": identity.OPERATOR, "label": LABEL, "any_workspace": True}
    minted = str(door.run("key_mint", identity.operator("serve"), order).key)
    _write_secret(path, minted)
    return minted


def _write_secret(path: Path, text: str) -> None:
    """Write a file for its owner only, whole or not at all."""
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{text}\n")
    part.rename(path)


def _workspace(project_root: str) -> str:
    found = door.run_work(lambda: people.create_workspace(identity.operator("serve"), project_root))
    return str(found)
