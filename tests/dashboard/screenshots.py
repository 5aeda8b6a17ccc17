"""`python -m tests.dashboard.screenshots [FOLDER]`: every screen at 1440 and 390 pixels, in light and dark."""

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from playwright.sync_api import Browser

from tests.dashboard.browser import NARROW, WIDE, Eyes, chromium
from tests.dashboard.screens import EMPTY, screens
from tests.live.servers import Server

THEMES = ("light", "dark")
SIZES = (WIDE, NARROW)
SETTLED = 400  # milliseconds for fonts and the first layout of the graph


def main() -> int:
    """Write the pictures; return 1 when a page complained."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "build/screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="nexus-screens-") as scratch, chromium() as browser:
        complaints = _all(browser, Path(scratch), folder)
    print(f"{len(list(folder.glob('*.png')))} pictures in {folder}")
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    return 1 if complaints else 0


def _all(browser: Browser, scratch: Path, folder: Path) -> list[str]:
    empty = Server(scratch / "empty").start()
    complaints = picture(browser, empty.url, EMPTY, folder)
    empty.close()
    seeded = Server(scratch / "seeded")
    print(seeded.command("seed").stdout.strip())
    seeded.start()
    try:
        return complaints + picture(browser, seeded.url, screens(seeded.url), folder)
    finally:
        seeded.close()


def picture(browser: Browser, base: str, pages: Mapping[str, str], folder: Path) -> list[str]:
    """Picture pages into a folder; return what they complained of."""
    complaints = []
    for theme in THEMES:
        for size in SIZES:
            eyes = Eyes(browser, base, viewport=size, color_scheme=theme)
            for name, path in pages.items():
                eyes.go(path).wait_for_timeout(SETTLED)
                eyes.page.screenshot(path=folder / f"{name}-{theme}-{size['width']}.png")
                complaints += [f"{name} {theme} {size['width']}: {said}" for said in eyes.problems()]
                eyes.complaints.clear()
            eyes.close()
    return complaints


if __name__ == "__main__":
    sys.exit(main())
