"""Text never becomes SQL: no statement, column or order is made of what somebody sent, and a search means its letters."""

import ast
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bus.models import Message
from overview.queries.mailbox import Wanted, page
from tests.figures import figure

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("bus", "handoffs", "overview", "dashboard", "nexus_site")
STATEMENTS = {"execute", "executemany", "executescript", "raw", "extra", "RawSQL", "RunSQL"}
# Statements that are no plain text, and why nothing of anybody's is in them.
COMPILED = {
    ("bus/prepared.py", "sql"): "what Django's compiler made",
    ("bus/prepared.py", "driver_sql"): "the same with the driver's placeholders",
    ("bus/endings.py", "left"): "chosen of two texts",
    ("bus/migrations/0002_residents_and_triggers.py", "statement"): "a text of the migration",
    ("bus/migrations/0002_residents_and_triggers.py", "f'DROP TRIGGER {name}'"): "a name of the migration",
    ("bus/migrations/0007_search.py", "statement"): "a text of the migration",
    ("bus/migrations/0007_search.py", "f'DROP TRIGGER {name}'"): "a name of the migration",
    ("handoffs/migrations/0003_search.py", "statement"): "a text of the migration",
    ("handoffs/migrations/0003_search.py", "f'DROP TRIGGER {name}'"): "a name of the migration",
    ("bus/search.py", "statement"): "texts of the migrations, and names of triggers and tables",
    ("nexus_site/serving/database.py", "f'PRAGMA user_version = {version}'"): "a number that SQLite just gave",
    **{
        (
            "nexus_site/foreign/reading.py",
            statement,
        ): "tables and columns of the importers, on the database of another program"
        for statement in (
            "f'SELECT count(*) FROM {table}'",
            "f'SELECT {wanted} FROM {table} ORDER BY {order}'",
            "f'PRAGMA table_info({table})'",
        )
    },
    ("nexus_site/cli/managed.py", "*given.pop('args', ())"): "runs a command of Django",
}
# Orders that are no plain words, and where they come from.
ORDERS = {
    ("overview/queries/board/paging.py", "'-' * self.falls + self.field"): "a table of the module",
    ("overview/queries/board/paging.py", "'-' * self.rows_fall + 'pk'"): "a table of the module",
    ("overview/queries/graph/work.py", "IN_HAND_FIRST"): "an expression of the module",
}
# Lookups whose column is put together, and of what.
LOOKUPS = {
    ("bus/transfer.py", "f'{column.name}__name'"): "the model's own",
    ("bus/transfer.py", "f'{column.name}__public_id'"): "the model's own",
    ("bus/queries/events.py", "f'{column}__in'"): "of a table of the module",
    ("bus/models/log.py", "f'{subject}__isnull'"): "of a table of the module",
    ("overview/queries/talk.py", "f'message__{name}'"): "of a table of the module",
    ("bus/admin/base.py", "f'{self.opts.pk.name}__exact'"): "the model's own",
    ("bus/admin/exports.py", "f'{field.name}__{name}'"): "the model's own",
    ("bus/admin/lists.py", "f'{field}__{unit}'"): "a parameter of a URL, which Django checks",
    ("bus/admin/lists.py", "f'{field}__'"): "a parameter of a URL, which Django checks",
    ("overview/queries/board/paging.py", "f'{self.field}__{('lt' if self.falls else 'gt')}'"): "a table of the module",
    ("overview/queries/board/paging.py", "f'pk__{('lt' if self.rows_fall else 'gt')}'"): "a table of the module",
}


def sources() -> Iterator[tuple[str, ast.Module]]:
    for path in chain.from_iterable(sorted((ROOT / room).rglob("*.py")) for room in ROOMS):
        yield str(path.relative_to(ROOT)), ast.parse(path.read_text())


def written(node: ast.AST) -> str:
    return ast.unparse(node).replace('"', "'")


def calls(tree: ast.Module, names: set[str]) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in names:
                yield node


def constants(tree: ast.Module) -> set[str]:
    """Return the names in a module that always stand for the same text or number."""
    known: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.Assign) and is_fixed(node.value, known):
            known |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return known


def is_fixed(value: ast.expr, known: set[str]) -> bool:
    if isinstance(value, ast.JoinedStr):
        inside = [part.value for part in value.values if isinstance(part, ast.FormattedValue)]
        return all(is_fixed(part, known) for part in inside)
    if isinstance(value, ast.BinOp):
        return is_fixed(value.left, known) and is_fixed(value.right, known)
    if isinstance(value, ast.Attribute):
        return written(value).endswith("._meta.db_table")
    return isinstance(value, ast.Constant) or (isinstance(value, ast.Name) and value.id in known)


def test_no_statement_is_made_of_text_from_outside() -> None:
    found, seen = set(), 0
    for file, tree in sources():
        known = constants(tree)
        for call in calls(tree, STATEMENTS):
            seen += 1
            if call.args and not is_fixed(call.args[0], known):
                found.add((file, written(call.args[0])))
    assert found == set(COMPILED)
    figure("T", "raw statements in the source, all of fixed text or Django's own", f"{seen}")


def test_every_order_is_a_word_of_the_source() -> None:
    found = {
        (file, written(argument))
        for file, tree in sources()
        for call in calls(tree, {"order_by"})
        for argument in call.args
        if not isinstance(argument, ast.Constant)
    }
    assert found == set(ORDERS)


def test_every_column_that_is_put_together_is_known() -> None:
    found = {
        (file, written(node))
        for file, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        if any("__" in str(part.value) for part in node.values if isinstance(part, ast.Constant))
    }
    assert found == set(LOOKUPS)


# Searches

LETTERS = "%_\\'\"*?[]^;-ab A"
TEXTS = (
    "100%",
    "a_b",
    "ab",
    "a\\b",
    "it's",
    'say "b"',
    "[a]",
    "a*b?",
    "'; DROP TABLE bus_message; --",
    "%_%",
    "-",
    "^b",
)


@pytest.fixture
def stored(do: Any, alice: Any, bob: Any) -> dict[str, str]:
    """Messages from alice to bob, each named by its subject."""
    return {text: do("message_create", alice, to="bob", subject=text, body="\u2606").message for text in TEXTS}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(alphabet=LETTERS, min_size=1, max_size=5))
def test_a_search_finds_what_holds_its_letters_and_nothing_else(
    do: Any, bob: Any, stored: dict[str, str], text: str
) -> None:
    expected = {name for subject, name in stored.items() if text.lower() in subject.lower()}
    found = do("message_list", bob, query=text, limit=200).messages
    assert {each.message for each in found} == expected
    shown = page(bob.workspace.id, Wanted(q=text)).rows
    assert {each.message for each in shown} == expected
    named = do("agent_list", bob, query=text, limit=200).agents
    assert {each.agent for each in named} == {name for name in ("alice", "bob") if text.lower() in name}


def test_after_every_search_the_tables_are_there(do: Any, bob: Any, stored: dict[str, str]) -> None:
    for text in TEXTS:
        do("message_list", bob, query=text, limit=200)
        do("event_list", bob, types=[text], subjects=[text])
        do("agent_list", bob, query=text, capability=text, role=text)
    assert Message.objects.filter(public_id__in=stored.values()).count() == len(TEXTS)
