"""What a command is, how it fails, and how it prints."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bus.text import one_line

__all__ = ["DATA", "REFUSED", "USAGE", "Command", "Failed", "Json", "aligned", "show"]

REFUSED, USAGE, DATA = 1, 2, 3
Json = dict[str, Any]


@dataclass(frozen=True)
class Command:
    """One command: its arguments, what it does, and examples for the help (without `nexus NAME`)."""

    arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]
    examples: Sequence[str]


class Failed(Exception):
    """The command did not do what was asked."""

    def __init__(self, shape: Json, code: int = REFUSED) -> None:
        """Keep the error shape and the exit code."""
        super().__init__(shape["error"]["message"])
        self.shape, self.code = shape, code

    @classmethod
    def because(cls, message: str, hint: str, code: int = DATA, kind: str = "unavailable") -> "Failed":
        """Return the failure for something that the server did not say."""
        return cls({"error": {"code": kind, "message": message, "details": {}, "hint": hint}}, code)

    def show(self, *, as_json: bool) -> None:
        """Print the error: its shape to standard output, or its sentences to standard error."""
        if as_json:
            print(json.dumps(self.shape, ensure_ascii=False))
            return
        error = self.shape["error"]
        said = (f"nexus: {error['message']}".rstrip(), error["hint"])
        print("\n".join(one_line(line) for line in said if line), file=sys.stderr)


def show(given: argparse.Namespace, data: Json, lines: Sequence[str]) -> None:
    """Print `data` with --json, else the lines, with whatever could trick a terminal or its reader written out."""
    print(json.dumps(data, ensure_ascii=False) if given.json else "\n".join(map(one_line, lines)), flush=True)


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows as lines with columns under each other."""
    if not rows:
        return []
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
