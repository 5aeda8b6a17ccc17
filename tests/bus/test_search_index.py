"""The index follows its tables, in the transaction of each write and whoever writes; `verify` sees where it does not."""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.utils import DatabaseError
from hypothesis import given
from hypothesis import strategies as st

from bus import door, search
from bus.models import Message, SearchEntry
from bus.phrases import phrases
from bus.verifier import verify
from handoffs.models import Handoff

SOURCES = search.sources()


@pytest.fixture
def message(do, alice, bob):
    sent = do("message_create", alice, to="bob", subject="Trailing commas", body="The parser takes them.").message
    return Message.objects.get(public_id=sent)


@pytest.fixture
def handoff(do, alice, bob):
    made = do("handoff_create", alice, to="bob", title="Review commas", body="In the parser.").handoff
    return Handoff.objects.get(public_id=made)


def entries(text):
    found = SearchEntry.objects.filter(words__matches=search.asked(phrases(text)))
    return sorted(found.values_list("pk", flat=True))


def jobs(text):
    """Return the handoffs, without the mail that tells of them."""
    first = search.HANDOFFS.first
    return [entry - first for entry in entries(text) if entry > first]


def check():
    """Let FTS5 check the index by itself; it raises where something is wrong.

    Only as the last thing of a transaction: what is written after it may be refused as malformed, though nothing is.
    """
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO bus_searchentry (bus_searchentry) VALUES ('integrity-check')")


def test_a_message_and_a_handoff_are_in_the_index_with_their_words(message, handoff):
    assert entries("parser") == [message.pk, search.HANDOFFS.first + handoff.pk]
    assert entries('"trailing commas"') == [message.pk]
    assert [search.missing(source) for source in SOURCES] == [(0, 0), (0, 0)]
    check()


def test_what_is_changed_is_found_by_its_new_words_only(message, handoff):
    Message.objects.filter(pk=message.pk).update(body="Semicolons")
    Handoff.objects.filter(pk=handoff.pk).update(title="Semicolons too")
    assert entries("semicolons") == [message.pk, search.HANDOFFS.first + handoff.pk]
    assert entries("parser") == [search.HANDOFFS.first + handoff.pk]
    assert jobs("review") == []
    check()


def test_a_move_of_a_handoff_leaves_the_index_as_it_is(do, bob, handoff):
    do("handoff_claim", bob, handoff=handoff.public_id)
    assert jobs("review") == [handoff.pk]
    check()


def test_what_is_deleted_is_not_found(message, handoff):
    message.deliveries.all().delete()
    message.delete()
    handoff.delete()
    assert entries("trailing") == jobs("review") == []
    assert [search.missing(source) for source in SOURCES] == [(0, 0), (0, 0)]
    check()


def test_what_is_rolled_back_was_never_found(do, attempt, alice, bob):
    attempt("message_create", alice, to=["bob", "nobody"], subject="Unwritten", body="")
    assert entries("unwritten") == []


def test_a_message_keeps_its_own_number_whatever_the_trigger_inserts(do, alice, bob, message):
    do("message_create", alice, to="bob", subject="Next", body="")
    newest = Message.objects.latest("pk")
    assert newest.deliveries.get().message_id == newest.pk == message.pk + 1


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=100))
@pytest.mark.django_db
def test_any_text_can_be_indexed_changed_and_taken_out_again(text):
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO bus_searchentry (rowid, title, body) VALUES (%s, %s, %s)", [1, text, text])
        cursor.execute(
            "INSERT INTO bus_searchentry (bus_searchentry, rowid, title, body) VALUES ('delete', %s, %s, %s)",
            [1, text, text],
        )
    assert not SearchEntry.objects.exists()
    assert list(search.problems()) == []


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.model)
@pytest.mark.parametrize("event", search.EVENTS)
def test_verify_sees_a_missing_trigger(db, source, event):
    name = f"{source.table._meta.db_table}_search_{event}"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {name}")
    (problem,) = verify().problems
    assert problem.what == f"The trigger {name} is missing."


def test_verify_sees_what_the_index_lacks_and_what_it_has_too_much(message, handoff):
    assert verify().is_clean
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO bus_searchentry (rowid, title, body) VALUES (%s, 'Ghost', '')", [message.pk + 9])
        cursor.execute(
            "INSERT INTO bus_searchentry (bus_searchentry, rowid, title, body) VALUES ('delete', %s, %s, %s)",
            [search.HANDOFFS.first + handoff.pk, handoff.title, handoff.body],
        )
    said = [(problem.what, problem.where) for problem in verify().problems]
    assert said == [
        ("1 entries of the index have no row.", "bus_message"),
        ("1 rows are not in the index.", "handoffs_handoff"),
    ]


def test_verify_sees_a_damaged_index(message, handoff):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE bus_searchentry_data SET block = zeroblob(length(block)) WHERE id > 10")
    (problem,) = verify().problems
    assert problem.where == "bus_searchentry"
    with pytest.raises(DatabaseError):
        check()


HARM = {
    "a trigger": "DROP TRIGGER bus_message_search_insert",
    "an entry": "INSERT INTO bus_searchentry (bus_searchentry, rowid, title, body) "
    "SELECT 'delete', id, subject, body FROM bus_message",
    "a word": "UPDATE bus_searchentry_data SET block = zeroblob(length(block)) WHERE id > 10",
    "everything": "INSERT INTO bus_searchentry (bus_searchentry) VALUES ('delete-all')",
    "the words": "DROP TABLE bus_searchword",
    "the index": "DROP TABLE bus_searchentry",
    "a table of the index": "DROP TABLE bus_searchentry_data",
}


@pytest.mark.parametrize("harm", HARM)
def test_reindex_mends_an_index_that_lost(do, alice, bob, message, handoff, harm):
    with connection.cursor() as cursor:
        cursor.execute(HARM[harm])
    assert door.run_work(search.rebuild) == Message.objects.count() + 1
    assert verify().is_clean
    later = do("message_create", alice, to="bob", subject="Later", body="The parser again.").message
    newest = Message.objects.get(public_id=later)
    assert entries("parser") == [message.pk, newest.pk, search.HANDOFFS.first + handoff.pk]
    assert entries("par*") == entries("parser")
    check()


def test_the_command_reindex_says_what_it_did(message, handoff):
    said = StringIO()
    call_command("reindex", "--json", stdout=said)
    assert json.loads(said.getvalue())["entries"] == Message.objects.count() + 1


def test_reindex_makes_what_the_migrations_made(db):
    def made():
        with connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE name LIKE '%search%' ORDER BY name")
            return cursor.fetchall()

    before = made()
    door.run_work(search.rebuild)
    assert made() == before
