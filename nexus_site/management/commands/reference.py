"""Writes docs/reference/ anew from the operations themselves."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from nexus_site.reference.pages import NOTE, pages


class Command(BaseCommand):
    help = "Write docs/reference/: one page a toolset, the refusals and an index."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="Write nothing; fail when a page is not fresh.")

    def handle(self, *args: Any, **options: Any) -> None:
        folder = settings.BASE_DIR / "docs" / "reference"
        wanted = pages()
        if options["check"]:
            _check(folder, wanted)
            return
        folder.mkdir(parents=True, exist_ok=True)
        for page in set(written(folder)) - set(wanted):
            (folder / page).unlink()
        for name, text in wanted.items():
            (folder / name).write_text(text)
        self.stdout.write(f"{len(wanted)} pages in {folder}")


def written(folder: Path) -> dict[str, str]:
    """Return the pages that an earlier run wrote; those written by hand are left alone."""
    texts = {path.name: path.read_text() for path in folder.glob("*.md")}
    return {name: text for name, text in texts.items() if text.startswith(NOTE)}


def stale(folder: Path, wanted: dict[str, str]) -> list[str]:
    """Return the names of pages that are missing, differ, or are of nothing any more."""
    there = written(folder)
    return sorted(name for name in {*there, *wanted} if there.get(name) != wanted.get(name))


def _check(folder: Path, wanted: dict[str, str]) -> None:
    old = stale(folder, wanted)
    if old:
        raise CommandError(f"Not fresh: {', '.join(old)}. Run `make docs`.")
