"""The documents are true where a machine can tell: links, tests, commands and settings that they name exist."""

import re
from functools import cache
from pathlib import Path

import pytest

from bus.knobs import KNOBS, Knob
from nexus_site.cli import COMMANDS

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
WRITTEN = [page for page in PAGES if REFERENCE not in page.parents and page.name != "CHANGELOG.md"]
ROOMS = ("bus", "dashboard", "handoffs", "nexus_site", "overview")
LONGEST = {"explanation": 120, "how-to": 120, "decisions": 60, "tutorial": 240, "": 160}

FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!\!)\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
TEST_FILE = re.compile(r"tests/[\w/]+\.py")
TEST_NAME = re.compile(r"`(test_\w+)`")
TARGET = re.compile(r"`make ([a-z-]+)")
COMMAND = re.compile(r"(?:^|`|/)nexus ([a-z]+)", re.MULTILINE)
VARIABLE = re.compile(r"\bNEXUS_[A-Z_]*[A-Z]\b")


def named(pages: list[Path]) -> list[object]:
    return [pytest.param(page, id=str(page.relative_to(ROOT))) for page in pages]


@cache
def prose(page: Path) -> str:
    """Return a page without its code blocks."""
    return FENCE.sub("", page.read_text())


@cache
def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as code hosts make them."""
    plain = [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in HEADING.findall(prose(page))]
    return set(plain)


def targets(page: Path) -> list[tuple[Path, str]]:
    """Return the file and anchor of every relative link of a page."""
    links = [link for link in LINK.findall(prose(page)) if "://" not in link and not link.startswith("mailto:")]
    parts = [link.partition("#") for link in links]
    return [((page.parent / path).resolve() if path else page, anchor) for path, _, anchor in parts]


@pytest.mark.parametrize("page", named(PAGES))
def test_every_relative_link_resolves(page: Path) -> None:
    broken = [str(path) for path, _ in targets(page) if not path.exists()]
    broken += [
        f"{path}#{anchor}"
        for path, anchor in targets(page)
        if anchor and path.is_file() and anchor not in anchors(path)
    ]
    assert not broken


@pytest.mark.parametrize("page", named(PAGES))
def test_every_test_that_is_named_exists(page: Path) -> None:
    files = [ROOT / name for name in TEST_FILE.findall(prose(page))]
    tests = "\n".join(file.read_text() for file in files)
    missing = [name for name in TEST_NAME.findall(prose(page)) if f"def {name}(" not in tests]
    assert not missing


@pytest.mark.parametrize("page", named(PAGES))
def test_every_make_target_that_is_named_exists(page: Path) -> None:
    known = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(TARGET.findall(page.read_text())) <= known


@pytest.mark.parametrize("page", named(PAGES))
def test_every_command_that_is_named_exists(page: Path) -> None:
    assert set(COMMAND.findall(page.read_text())) <= set(COMMANDS)


@pytest.mark.parametrize("page", named(WRITTEN))
def test_a_page_that_is_written_by_hand_is_short(page: Path) -> None:
    folder = page.parent.name if page.parent.name in LONGEST else ""
    assert len(page.read_text().splitlines()) <= LONGEST[folder]


def test_the_index_leads_to_every_page() -> None:
    reached, left = {DOCS / "index.md"}, [DOCS / "index.md"]
    while left:
        found = {path for path, _ in targets(left.pop()) if path.suffix == ".md" and DOCS in path.parents} - reached
        reached |= found
        left += [path for path in found if path.exists()]
    assert set(DOCS.rglob("*.md")) <= reached


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = [int(page.name[:4]) for page in sorted((DOCS / "decisions").glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))


def variables() -> set[str]:
    """Return every variable that the code reads."""
    sources = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    return {knob.variable for knob in KNOBS.values()} | {
        name for path in sources for name in VARIABLE.findall(path.read_text())
    }


def test_the_settings_page_names_exactly_the_variables_that_the_code_reads() -> None:
    assert set(VARIABLE.findall((REFERENCE / "settings.md").read_text())) == variables()


@pytest.mark.parametrize("knob", KNOBS.values(), ids=list(KNOBS))
def test_the_settings_page_tells_of_each_knob_what_the_code_says(knob: Knob) -> None:
    row = (
        f"| `{knob.name}` | `{knob.variable}` | {knob.default:,} | {knob.low:,} to {knob.high:,} "
        f"| {knob.unit} | {knob.about} |"
    )
    assert row in (REFERENCE / "settings.md").read_text().splitlines()
