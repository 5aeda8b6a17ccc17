"""The tutorial is played as it is written, and prints what it says it prints."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.live.servers import ROOT, Server

pytestmark = pytest.mark.slow

TUTORIAL = ROOT / "docs" / "tutorial" / "two-agents-hand-over-a-job.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ID = re.compile(r"\b([a-z]{3})_[0-9a-z]{22}\b")
STEP = "---- step"
PATIENCE = 180


def steps() -> list[tuple[str, str]]:
    """Return each block of commands with the output that follows it; a file is made where it is shown."""
    found: list[tuple[str, str]] = []
    for kind, text in BLOCK.findall(TUTORIAL.read_text()):
        if kind == "python":
            found.append((f"cat > hello.py <<'END'\n{text}END\n", ""))
        elif kind == "sh":
            found.append((text, ""))
        else:
            found[-1] = (found[-1][0], text)
    return found


def play(server: Server, folder: Path) -> list[str]:
    """Run all commands in one shell; return what each block printed."""
    script = "".join(f"echo '{STEP}'\n{commands}" for commands, _ in steps())
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script.replace("http://127.0.0.1:8642", server.url)],
        cwd=folder,
        env=server.environment | {"PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return done.stdout.split(f"{STEP}\n")[1:]


def pieces(expected: str) -> list[str]:
    """Return the parts of an output between the dots, without what differs from run to run."""
    return [piece.strip() for piece in ID.sub(r"\1_", expected).split("…") if piece.strip()]


def test_every_step_of_the_tutorial_prints_what_it_says(own_server: Server, tmp_path: Path) -> None:
    printed = play(own_server, tmp_path)
    assert len(printed) == len(steps())
    for (commands, expected), output in zip(steps(), printed, strict=True):
        plain, reached = ID.sub(r"\1_", output), 0
        for piece in pieces(expected):
            found = plain.find(piece, reached)
            assert found >= 0, f"{piece!r} is not printed by\n{commands}\nwhich printed\n{output}"
            reached = found + len(piece)
