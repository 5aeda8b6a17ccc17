"""How the database finds rows: every prepared statement, and every statement of every operation, uses an index,
reads no table from end to end and sorts nothing, so that its cost does not grow with what is kept.

An exception stands in a list here, with the reason why it stays small.
"""

import re
import sys

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from bus import door
from bus.directory import directory
from bus.prepared import Prepared
from tests.test_statements import ELSEWHERE, orders, world

__all__ = ["world"]

pytestmark = pytest.mark.django_db(databases=["default", "queue"])

ROOMS = ("bus", "handoffs", "overview", "dashboard", "nexus_site")
# A step of a plan that reads all of something or sorts; what comes out of a subquery is not a table.
GROWS = re.compile(r"^(?:SCAN (?!CONSTANT ROW|\(?subquery|counted$)\w+.*|USE TEMP B-TREE .*)$")


SORT = "USE TEMP B-TREE"
# (a step, a part of the statement, why it is no matter)
ALLOWED = (
    ("SCAN bus_setting", 'FROM "bus_setting"', "a handful of settings, kept in memory"),
    ("SCAN bus_workspace", 'FROM "bus_workspace"', "one row a repository"),
    ("SCAN bus_agent", 'FROM "bus_agent"', "one row an agent"),
    ("SCAN bus_event", 'FROM "bus_event" ORDER BY 1 DESC LIMIT 1', "the last row by its key"),
    ("SCAN bus_message", 'FROM "bus_message" ORDER BY 1 DESC LIMIT 1', "the last row by its key"),
    ("SCAN bus_searchentry VIRTUAL TABLE", " MATCH ", "FTS5 finds entries by their words"),
    ("SCAN V0 VIRTUAL TABLE", " MATCH ", "the same, by its name within the statement"),
    ("SCAN W0 VIRTUAL TABLE", " MATCH ", "the same, one level further in"),
    ("SCAN bus_searchword VIRTUAL TABLE", '"term" >= ', "FTS5 finds words by their beginning"),
    (SORT, '"bus_message"."handoff" = ', "the messages that offer one handoff"),
    (SORT, """"bus_delivery"."lane" = 'delivered' AND "bus_delivery"."lease_until" <= """, "one agent's lapsed leases"),
    (SORT, """"bus_delivery"."lane" IN ('unread', 'delivered')""", "the mail that waits for one agent"),
    (SORT, '"bus_message"."kind" IN (', "the unread mail of one agent that it was not told of"),
    (SORT, '"bus_delivery"."message_id" = ', "the recipients of one message"),
    (SORT, '"handoffs_pathclaim"."released_at" IS NULL', "the files that are held now"),
    (SORT, 'FROM "bus_peer"', "those who take part in a topic"),
    (SORT, 'FROM "bus_workspace"', "one row a repository"),
    (SORT, 'FROM "bus_capability"', "the words of some agents"),
    (SORT, 'FROM "bus_membership"', "the workspaces of one agent"),
    (SORT, 'FROM "bus_session" INNER JOIN', "the one session that a call names, or those of one key that are open"),
)


def prepared_statements():
    """Return every prepared statement of the code by its name."""
    return {
        f"{module}.{name}": value
        for module, loaded in sorted(sys.modules.items())
        if module.partition(".")[0] in ROOMS
        for name, value in vars(loaded).items()
        if isinstance(value, Prepared)
    }


def bound(statement):
    """Return a prepared statement with some value at each place."""
    sql, _, slots, _ = statement._compiled
    return sql, [1 if at >= 0 else constant for at, constant in slots]


def plan(sql, arguments=()):
    """Return the steps of a statement's plan that grow with the tables."""
    with connection.cursor() as cursor:
        steps = cursor.execute(f"EXPLAIN QUERY PLAN {sql}", arguments).fetchall()
    return [step[-1] for step in steps if GROWS.match(step[-1])]


def findings(sql, arguments=()):
    """Return the steps that grow and are not allowed."""
    shown = sql % tuple(repr(each) for each in arguments) if arguments else sql
    return [step for step in plan(sql, arguments) if not any(allows(each, step, shown) for each in ALLOWED)]


def allows(allowed, step, sql):
    return step.startswith(allowed[0]) and allowed[1] in sql


@pytest.fixture
def statements(do, alice, bob, operator):
    """Return the statements that an operation runs."""

    def run(name, caller, order):
        with CaptureQueriesContext(connection) as made:
            do(name, caller, **order)
        return [each["sql"] for each in made if each["sql"].startswith(("SELECT", "UPDATE", "DELETE"))]

    return run


@pytest.mark.parametrize("name", sorted(prepared_statements()))
def test_prepared_statement_uses_an_index(name):
    assert findings(*bound(prepared_statements()[name])) == []


@pytest.mark.parametrize("name", sorted(set(door.published()) - ELSEWHERE))
def test_operation_uses_indexes(statements, world, alice, bob, operator, name):
    caller, order = orders(world, alice, bob, operator)[name]
    found = {sql: findings(sql.replace("%", "%%")) for sql in statements(name, caller, order)}
    assert [(steps, sql) for sql, steps in found.items() if steps] == []


def test_every_exception_is_needed(statements, world, alice, bob, operator):
    found = [(step, each._compiled[0]) for each in prepared_statements().values() for step in plan(*bound(each))]
    for name in sorted(set(door.published()) - ELSEWHERE):
        mark = transaction.savepoint()
        made = statements(name, *orders(world, alice, bob, operator)[name])
        found += [(step, sql) for sql in made for step in plan(sql.replace("%", "%%"))]
        transaction.savepoint_rollback(mark)
        directory.forget_all()
    idle = [each[:2] for each in ALLOWED if not any(allows(each, *one) for one in found)]
    assert idle == []
