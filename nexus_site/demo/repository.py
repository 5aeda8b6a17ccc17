"""What the demo talks about: files and the last commit of the repository that it runs in."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Repository", "look"]

SOURCES = (".py", ".js", ".ts", ".tsx", ".go", ".rs", ".java", ".rb", ".c", ".cc", ".cpp", ".php", ".sh", ".md")
MOST, PATIENCE = 400, 10
SOME = ("README.md", "src/app.py", "tests/test_app.py")


@dataclass(frozen=True)
class Repository:
    """A repository by its root, some of its files, and what its last commit says."""

    root: Path
    files: tuple[str, ...]
    commit: str
    subject: str

    def file(self, number: int) -> str:
        """Return one of the files, another for each number."""
        return self.files[number * 7 % len(self.files)]


def look(folder: Path) -> Repository:
    """Look at the repository around a folder; where there is none, the folder itself with files that there might be."""
    root = Path(_git(folder, "rev-parse", "--show-toplevel") or folder)
    listed = [name for name in _git(root, "ls-files").splitlines()[: MOST * 10] if _is_fit(name)]
    commit, _, subject = _git(root, "log", "-1", "--format=%h %s").partition(" ")
    return Repository(root, tuple(_spread(listed)) or SOME, commit or "0000000", subject or "the first commit")


def _is_fit(name: str) -> bool:
    return name.endswith(SOURCES) and len(name) <= 80 and name.isascii() and name.isprintable() and '"' not in name


def _spread(names: Sequence[str]) -> Sequence[str]:
    """Return files from all over the repository rather than its first folder."""
    return names[:: max(1, len(names) // MOST)]


def _git(folder: Path, *words: str) -> str:
    try:
        ended = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, timeout=PATIENCE)
    except (OSError, UnicodeDecodeError, subprocess.TimeoutExpired):
        return ""
    return ended.stdout.strip() if ended.returncode == 0 else ""
