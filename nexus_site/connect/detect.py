"""Which coding agents are installed on this machine."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

__all__ = ["BINARIES", "FOLDERS", "Detected", "found", "program_of"]

PATIENCE = 2.0  # seconds that a program has to say its version
VERSION = re.compile(r"\d+\.\d+[\w.+-]*")
# The names that a harness's program goes by, and the folders (below the home) that a harness without one leaves.
BINARIES: Mapping[str, tuple[str, ...]] = {
    "claude-code": ("claude",),
    "codex": ("codex",),
    "gemini": ("gemini",),
    "opencode": ("opencode",),
    "copilot": ("copilot",),
    "cursor": ("cursor-agent", "cursor"),
    "vscode": ("code", "code-insiders"),
    "windsurf": ("windsurf",),
    "cline": ("cline",),
    "goose": ("goose",),
    "zed": ("zed", "zeditor"),
}
FOLDERS: Mapping[str, tuple[str, ...]] = {
    "cursor": (".cursor",),
    "vscode": (".config/Code/User", "Library/Application Support/Code/User"),
    "windsurf": (".codeium/windsurf",),
    "zed": (".config/zed",),
}


@dataclass(frozen=True)
class Detected:
    """A harness that is there; one known by its folder only has no binary, one that does not say has no version."""

    harness: str
    binary: str
    version: str


def program_of(harness: str) -> str:
    """Return the program of a harness that is on the PATH, empty where there is none; it is not asked for anything."""
    return next(filter(None, map(shutil.which, BINARIES[harness])), "")


def found() -> list[Detected]:
    """Return the harnesses of this machine, each asked for its version; together they take two seconds at most."""
    with ThreadPoolExecutor(len(BINARIES)) as pool:
        return [each for each in pool.map(_look, BINARIES) if each is not None]


def _look(harness: str) -> Detected | None:
    if binary := program_of(harness):
        return Detected(harness, binary, _version(binary))
    if any((Path.home() / folder).is_dir() for folder in FOLDERS.get(harness, ())):
        return Detected(harness, "", "")
    return None


def _version(binary: str) -> str:
    options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    try:
        with subprocess.Popen([binary, "--version"], text=True, errors="replace", **options) as process:  # type: ignore[call-overload]
            try:
                said, _ = process.communicate(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                return ""
    except OSError:
        return ""
    version = VERSION.search(said)
    return version[0] if version else ""
