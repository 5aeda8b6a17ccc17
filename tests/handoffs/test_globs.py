"""Path globs: their normal form, what they match, and when two of them can mean the same path."""

import itertools
import re
import sys
from collections.abc import Callable
from functools import cache
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bus.errors import InvalidInput
from handoffs.globs import MAX_CHARACTERS, MAX_SEGMENTS, check, matches, overlap


@pytest.mark.parametrize(
    ("sent", "normal"),
    [
        ("src/app.py", "src/app.py"),
        ("src", "src"),
        ("src/", "src/**"),
        ("src/.", "src/**"),
        ("src/**/", "src/**"),
        ("./src//api/./*.py", "src/api/*.py"),
        ("./", "**"),
        ("**/**/a/**/**", "**/a/**"),
        ("a[1]{b,c}.py", "a[1]{b,c}.py"),
        ("...", "..."),
        ("~/notes", "~/notes"),
        ("dokumente/über uns.md", "dokumente/über uns.md"),
        ("x" * MAX_CHARACTERS, "x" * MAX_CHARACTERS),
        ("a/" * (MAX_SEGMENTS - 1) + "a", "a/" * (MAX_SEGMENTS - 1) + "a"),
    ],
)
def test_checked_glob_is_in_normal_form(sent: str, normal: str) -> None:
    assert check(sent) == normal
    assert check(normal) == normal


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ("", "empty"),
        (".", "empty"),
        ("  ", "empty"),
        ("/etc/passwd", "relative"),
        ("//server/share", "relative"),
        ("/", "relative"),
        ("C:/work", "relative"),
        ("c:work", "relative"),
        ("src\\app.py", "backslash"),
        ("../other", "stays inside"),
        ("src/../../other", "stays inside"),
        ("src/..", "stays inside"),
        ("src/**.py", "whole segment"),
        ("a**", "whole segment"),
        ("***", "whole segment"),
        ("a\0b", "control"),
        ("a\nb", "control"),
        ("a\x9bb", "control"),
        ("a\ud800b", "control"),
        ("x" * (MAX_CHARACTERS + 1), "300 characters"),
        ("x" * (MAX_CHARACTERS - 1) + "/", "300 characters"),
        ("a/" * MAX_SEGMENTS + "a", "40 segments"),
        ("a/" * MAX_SEGMENTS, "40 segments"),
    ],
)
def test_bad_glob_is_refused_with_the_reason(sent: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        check(sent)


def test_refusal_names_field_limit_and_what_was_sent() -> None:
    with pytest.raises(InvalidInput) as refused:
        check("é/" * 1_000, field="globs")
    details = refused.value.details
    assert (details["field"], details["limit"]) == ("globs", MAX_CHARACTERS)
    assert details["sent"] == "é/" * (MAX_CHARACTERS // 2)
    assert refused.value.fix == "Claim a folder above it."


def test_refusal_shows_control_characters_escaped() -> None:
    with pytest.raises(InvalidInput) as refused:
        check("a\x1b[31m\ud800")
    assert refused.value.details["sent"] == "a\\x1b[31m\ufffd"


@pytest.mark.parametrize(
    ("glob", "path"),
    [
        ("src/app.py", "src/app.py"),
        ("src/app.py", "./src//app.py"),
        ("src/*.py", "src/app.py"),
        ("src/???.py", "src/app.py"),
        ("src/**", "src/a/b/c.py"),
        ("src/**", "src"),
        ("**/test_*.py", "test_a.py"),
        ("**/test_*.py", "x/y/test_a.py"),
        ("src/**/api/*", "src/api/a"),
        ("**", "anything/at/all"),
        ("a*", "a*b"),
        ("a[1]{b}", "a[1]{b}"),
        ("docs/*", "docs/.hidden"),
    ],
)
def test_glob_matches_path(glob: str, path: str) -> None:
    assert matches(glob, path)


@pytest.mark.parametrize(
    ("glob", "path"),
    [
        ("src", "src/app.py"),
        ("src/*", "src/a/b"),
        ("src/*", "src"),
        ("src/?.py", "src/ab.py"),
        ("src/?.py", "src/.py"),
        ("a[12]", "a1"),
        ("{a,b}", "a"),
        ("a/b", "a/*"),
        ("a/b", "a/**"),
        ("a/b", "a/?"),
        ("Src/**", "src/a"),
        ("**", "/etc/passwd"),
        ("src/**", "src/../secret"),
        ("src/*a*b", "src/ba"),
    ],
)
def test_glob_does_not_match_path(glob: str, path: str) -> None:
    assert not matches(glob, path)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("src/app.py", "src/app.py"),
        ("src/", "src/app.py"),
        ("src/**", "src"),
        ("src/*.py", "src/test_*"),
        ("*a", "b*"),
        ("**/x", "y/**"),
        ("a/**/b", "a/b"),
        ("a/**/b/**/c", "**/b/c"),
        ("*ab*", "*ba*"),
    ],
)
def test_globs_overlap(a: str, b: str) -> None:
    assert overlap(a, b)
    assert overlap(b, a)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("src", "src/app.py"),
        ("src/**", "srcs/app.py"),
        ("src/*.py", "src/*.js"),
        ("src/*", "src/a/b"),
        ("?", "??"),
        ("???", "*a??b*"),
        ("a*", "b*"),
        ("*/a", "**/b"),
        ("a[1]", "a1"),
        ("**/a/**", "b/c"),
    ],
)
def test_globs_do_not_overlap(a: str, b: str) -> None:
    assert not overlap(a, b)
    assert not overlap(b, a)


def spelled(letters: str, longest: int) -> list[str]:
    """Return every word over `letters` up to a length."""
    return ["".join(word) for size in range(1, longest + 1) for word in itertools.product(letters, repeat=size)]


def every_path(names: list[str], deepest: int) -> str:
    """Return all paths over these names, one a line, a slash after each name; the root is the empty line."""
    steps = [name + "/" for name in names]
    paths = ("".join(path) for size in range(deepest + 1) for path in itertools.product(steps, repeat=size))
    return "".join(path + "\n" for path in paths)


@cache
def matched(glob: str, paths: str) -> frozenset[str]:
    """Return the paths that a glob matches, found by a regular expression."""
    wild = {"*": "[^/\n]*", "?": "[^/\n]"}
    names = ["".join(wild.get(character, character) for character in part) + "/" for part in glob.split("/")]
    pattern = "".join(names).replace(wild["*"] * 2 + "/", "(?:[^/\n]+/)*")
    return frozenset(re.findall(f"^{pattern}$", paths, re.MULTILINE))


NAME_PATTERNS = [word for word in spelled("ab*?", 3) if "**" not in word]
SHORT_PATTERNS = [*(word for word in spelled("ab*?", 2) if "**" not in word), "**"]
DEEP_GLOBS = ["/".join(parts) for size in (1, 2, 3) for parts in itertools.product(["a", "*", "**"], repeat=size)]
# Long enough for every witness: no two of these patterns need more than four letters, or names, to agree.
NAMES = every_path(spelled("ab", 4), 1)
DEEP_PATHS = every_path(["a", "b"], 5)
SHORT_PATHS = every_path(spelled("ab", 2), 4)


@pytest.mark.parametrize(("globs", "paths"), [(NAME_PATTERNS, NAMES), (DEEP_GLOBS, DEEP_PATHS)], ids=["names", "trees"])
def test_overlap_of_all_small_globs_agrees_with_brute_force(globs: list[str], paths: str) -> None:
    for a, b in itertools.product(globs, repeat=2):
        has_witness = not matched(a, paths).isdisjoint(matched(b, paths))
        assert overlap(check(a), check(b)) == has_witness, (a, b)


SMALL_GLOBS = st.lists(st.sampled_from(SHORT_PATTERNS), min_size=1, max_size=3).map("/".join)


@settings(deadline=None, max_examples=200)
@given(SMALL_GLOBS, SMALL_GLOBS)
def test_overlap_agrees_with_brute_force(a: str, b: str) -> None:
    has_witness = not matched(a, SHORT_PATHS).isdisjoint(matched(b, SHORT_PATHS))
    assert overlap(check(a), check(b)) == has_witness


@settings(deadline=None, max_examples=50)
@given(SMALL_GLOBS)
def test_matches_agrees_with_brute_force(glob: str) -> None:
    paths = SHORT_PATHS.split("\n")[:-1]
    assert {path for path in paths if matches(check(glob), path)} == matched(glob, SHORT_PATHS)


SEGMENTS = st.one_of(st.just("**"), st.text("ab*?[", min_size=1, max_size=6).filter(lambda part: "**" not in part))
GLOBS = st.lists(SEGMENTS, min_size=1, max_size=6).map("/".join).map(check)
PATHS = st.lists(st.text("ab[", min_size=1, max_size=5), min_size=1, max_size=6).map("/".join)


@settings(deadline=None)
@given(GLOBS, GLOBS)
def test_overlap_is_symmetric(a: str, b: str) -> None:
    assert overlap(a, b) == overlap(b, a)


@settings(deadline=None)
@given(GLOBS)
def test_glob_overlaps_itself_and_everything(glob: str) -> None:
    assert overlap(glob, glob)
    assert overlap(glob, "**")


@settings(deadline=None)
@given(PATHS, st.data())
def test_globs_that_match_one_path_overlap(path: str, data: st.DataObject) -> None:
    a, b = data.draw(globs_matching(path)), data.draw(globs_matching(path))
    assert matches(a, path)
    assert matches(b, path)
    assert overlap(a, b)


@settings(deadline=None)
@given(GLOBS, PATHS)
def test_overlap_with_a_path_is_matching_it(glob: str, path: str) -> None:
    assert overlap(glob, path) == matches(glob, path)


@st.composite
def globs_matching(draw: Callable[[st.SearchStrategy[str]], str], path: str) -> str:
    """Return the path with some characters made wildcards and some segments made `**`."""
    names = path.split("/")
    parts = ["".join(draw(st.sampled_from([one, one, "?", "*"])) for one in name) for name in names]
    parts = [re.sub(r"\*+", "*", part) for part in parts]
    return check("/".join(draw(st.sampled_from([part, part, "**", f"**/{part}"])) for part in parts))


def steps(a: str, b: str) -> int:
    """Count the function calls that comparing two globs takes."""
    count = 0

    def tick(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += 1

    sys.setprofile(tick)
    try:
        overlap(a, b)
    finally:
        sys.setprofile(None)
    return count


ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789AB"


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("*a" * 150, "*b" * 150),
        ("*a" * 149 + "c", "*a" * 149 + "d"),
        ("?*" * 150, "*?" * 150),
        ("**/*/" * 19 + "a", "**/*/" * 19 + "b"),
        ("**/" + "/".join(f"*{one}*a?*" for one in ALPHABET), "**/" + "/".join(f"?*{one}*b*" for one in ALPHABET)),
    ],
)
def test_worst_globs_take_steps_bounded_by_their_lengths(a: str, b: str) -> None:
    assert steps(check(a), check(b)) < MAX_CHARACTERS**2
