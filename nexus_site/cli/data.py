"""Commands that work on the data directory itself, beside a running server or without one."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from nexus_site.cli.command import Failed
from nexus_site.cli.places import is_path
from nexus_site.cli.ways import bring_up_to_date, configuration, load

if TYPE_CHECKING:
    from bus.directory import WorkspaceEntry

__all__ = ["opened", "refusals", "workspace_of"]


@contextmanager
def opened() -> Iterator[None]:
    """Load Nexus and its data into this process."""
    home = configuration().home
    load(home)
    bring_up_to_date(home)
    yield


@contextmanager
def refusals() -> Iterator[None]:
    """End the command with what was refused, or what a file system said."""
    from bus.errors import Refusal

    try:
        yield
    except Refusal as refusal:
        raise Failed(json.loads(json.dumps(refusal.shape(), default=str))) from refusal
    except OSError as error:
        raise Failed.because(f"{error.filename or 'A file'}: {error.strerror}.", "Check the path.") from error


def workspace_of(named: str) -> "WorkspaceEntry":
    """Return the workspace of an alias, id or path, else that of the current folder; raise `NotFound` where there is none."""
    from bus import places
    from bus.directory import directory
    from bus.errors import NotFound

    if named and not is_path(named):
        found = directory.workspace(named)
    else:
        found = directory.workspace(places.at(str(Path(named or os.curdir).expanduser().resolve())).public_id)
    if found is None:
        raise NotFound("There is no such workspace.", hint="Name one with --workspace: an alias, an id or a path.")
    return found
