"""The log as a file: every row once, in order, filtered, harmless in spreadsheets."""

import csv
import io
import json

import pytest
from asgiref.sync import async_to_sync
from django.utils.http import urlencode

from bus import door, events, identity
from nexus_site import asgi
from overview.queries.happened import Filter, newest
from tests.protocol.wires import wire

MANY = 2_345
COLUMNS = ["seq", "at", "type", "actor", "origin", "message", "handoff", "topic", "task", "agent", "data"]


@pytest.fixture
def fetch(committed, workspace):
    """Return a function that downloads an export and returns its status, headers and text."""

    async def fetched(query):
        reply = await wire("GET", f"/events/export?{urlencode(query)}").run(asgi.django)
        return reply, reply.body.decode()

    return lambda **query: async_to_sync(fetched)(query)


@pytest.fixture
def fill(workspace):
    """Return a function that records many events."""

    def fill(number=MANY, type_="session.opened", **about):
        def record():
            for each in range(number):
                events.record(identity.system(), type_, {"number": each}, workspace=workspace.id, **about)

        door.run_work(record)

    return fill


def cells(text):
    return list(csv.reader(io.StringIO(text, newline="")))


def test_json_lines_have_every_event_once_over_several_pages(fetch, fill):
    fill()
    answer, text = fetch(format="jsonl")
    rows = [json.loads(line) for line in text.splitlines()]
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.headers["content-disposition"] == 'attachment; filename="nexus-events.jsonl"'
    assert [list(row) for row in rows[:1]] == [COLUMNS]
    assert [row["seq"] for row in rows] == [each.seq for each in newest(None, Filter(), None, 10 * MANY)][-len(rows) :]
    filled = [row["data"]["number"] for row in rows if row["type"] == "session.opened"]
    assert filled == list(range(MANY))[::-1]


def test_a_table_has_the_same_rows(fetch, fill):
    fill()
    answer, text = fetch(format="csv")
    head, *rows = cells(text)
    _, lines = fetch(format="jsonl")
    told = [json.loads(line) for line in lines.splitlines()]
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert head == COLUMNS
    assert [row[0] for row in rows] == [str(each["seq"]) for each in told]
    assert [json.loads(row[-1]) for row in rows] == [each["data"] for each in told]


@pytest.mark.parametrize("number", [999, 1000, 1001, 2000])
def test_pages_that_are_just_full_lose_and_double_nothing(fetch, fill, number):
    fill(number)
    _, text = fetch(format="csv", type="session")
    assert len(cells(text)) == number + 1


def test_json_lines_are_what_is_sent_unless_asked_otherwise(fetch, fill):
    fill(3)
    assert fetch()[1] == fetch(format="jsonl")[1] != ""


def test_filter_of_the_page_is_kept(fetch, fill, do, alice, bob):
    fill(3)
    message = do("message_create", alice, to="bob", subject="Question", body="Text").message
    for query in ({"type": "message"}, {"who": "alice", "type": "message.created"}, {"subject": message}):
        rows = [json.loads(line) for line in fetch(**query)[1].splitlines()]
        assert [row["message"] for row in rows] == [message], query
    assert cells(fetch(format="csv", type="nothing")[1]) == [COLUMNS]
    assert fetch(type="nothing")[1] == ""


def test_other_workspaces_are_left_out_unless_all_are_asked_for(fetch, fill, settle, workspace):
    fill(2)
    settle("other")
    here = fetch(workspace="atlas", type="session")[1].splitlines()
    assert len(here) == 2
    assert fetch(workspace="other", type="session")[1] == ""
    assert len(fetch(workspace="all", type="session")[1].splitlines()) == 2


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", " =", "\uff1d", "\u200b="])
def test_no_cell_begins_a_formula(fetch, fill, start):
    fill(1, agent=f"{start}1+1")
    _, text = fetch(format="csv", type="session")
    assert cells(text)[1][COLUMNS.index("agent")] == f"'{start}1+1"


@pytest.mark.parametrize("form", ["xml", "CSV", "", "../csv"])
def test_other_formats_are_refused(fetch, form):
    answer, text = fetch(format=form)
    assert answer.status == 422
    assert json.loads(text)["error"]["code"] == "invalid_input"


def test_unknown_workspace_is_refused(fetch):
    answer, _ = fetch(workspace="nowhere")
    assert answer.status == 404
