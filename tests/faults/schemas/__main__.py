"""Writes a database of this version, with a little of everything, as SQL: `python -m tests.faults.schemas VERSION`.

One is kept of each release, and never changed afterwards.
"""

import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from tests.serving.processes import nexus

STORY = """
agent add alice
agent add bob
send bob Question Where?
call message_create to=alice subject=Answer body=Here
call handoff_create title=Review to=bob acceptance_criteria=["green"]
call handoff_create title=Later to={"capability":"review"}
call setting_put name=backup_copies value=3
"""


def main(version: str) -> None:
    """Play the story and write what came of it."""
    with tempfile.TemporaryDirectory() as folder:
        home, project = Path(folder, "home"), Path(folder, "atlas")
        (project / ".git").mkdir(parents=True)
        for line in STORY.strip().splitlines():
            ended = nexus(home, *line.split(), cwd=project)
            assert ended.returncode == 0, ended.stderr
        with closing(sqlite3.connect(home / "nexus.sqlite3")) as raw:
            text = "\n".join(raw.iterdump()).replace(folder, "/home/you")
    Path(__file__).with_name(f"{version}.sql").write_text(f"{text}\n")


main(*sys.argv[1:])
