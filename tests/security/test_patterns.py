"""No pattern comes from outside: what is matched is text of the source, so that nobody can send one that never ends."""

import ast

from tests.figures import figure
from tests.security.test_sql import ROOT, calls, constants, is_fixed, sources, written

PATTERNS = {"compile", "match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer"}
# Patterns that are no plain text, and what they are.
BUILT = {
    ("bus/people.py", "NAME"): "the pattern of a field, from its module",
    **dict.fromkeys((("bus/importing.py", name) for name in ("ALIAS", "NAME", "WORKSPACE")), "patterns of fields"),
    ("nexus_site/mcp/oversized.py", r"b'\\s*+\\{\\s*+((?:%s,\\s*+)*+)' % MEMBER"): "a pattern of the module",
    ("nexus_site/mcp/oversized.py", r"b'((?:,\\s*+%s)++)\\}\\s*+\\Z' % MEMBER"): "a pattern of the module",
    ("bus/phrases.py", "'|'.join((_alternative(each) for each in longest_first))"): "words, each escaped",
    ("dashboard/redaction.py", "pattern"): "of the person at the command line, who runs this process",
}
LOOKUPS = ("__regex", "__iregex", " REGEXP ", " GLOB ")


def patterns(tree: ast.Module) -> list[ast.expr]:
    """Return the first argument of every call of the module `re`."""
    asked = [call for call in calls(tree, PATTERNS) if isinstance(call.func, ast.Attribute)]
    return [call.args[0] for call in asked if written(call.func).startswith("re.")]


def test_no_pattern_is_made_of_text_from_outside() -> None:
    found, seen = set(), 0
    for file, tree in sources():
        known = constants(tree)
        for pattern in patterns(tree):
            seen += 1
            if not is_fixed(pattern, known):
                found.add((file, written(pattern)))
    assert found == set(BUILT)
    figure("T", "patterns in the source, all of fixed text", f"{seen}")


def test_no_module_matches_in_another_way() -> None:
    imported = {
        (file, alias.name if isinstance(node, ast.Import) else str(node.module))
        for file, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert {name for _, name in imported if name in ("fnmatch", "glob", "regex", "sre_compile")} == set()
    assert ("bus/text.py", "re") in imported
    assert {file for file, name in imported if name == "re" and "import re\n" not in (ROOT / file).read_text()} == set()


def test_the_database_matches_no_pattern() -> None:
    found = {
        (file, text)
        for file, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for text in LOOKUPS
        if text in node.value
    }
    assert found == set()
