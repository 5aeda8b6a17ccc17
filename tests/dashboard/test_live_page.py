"""The Live page from the server: its table says what the graph says, filtered and sorted, at a fixed price."""

import html
import re

import pytest
from django.http import HttpRequest, QueryDict
from django.test import Client

from dashboard.look import Look
from dashboard.screens import page
from dashboard.views.graph import state_of
from dashboard.views.live import LIVE, build

WORDS = {"present": "present", "stale": "quiet", "offline": "gone"}


@pytest.fixture
def look(operator, workspace, later):
    """Return a function that looks at the page with a query."""

    def look(query="", seconds=0):
        return Look(later(operator, seconds), workspace.id, QueryDict(query), "/")

    return look


@pytest.fixture
def at_work(do, operator, alice, bob, carol):
    """Mail that waits, work that is open and work that bob has."""
    do("message_create", alice, to="bob", subject="One", body="Text")
    do("message_create", alice, to="bob", subject="Two", body="Text")
    do("message_create", bob, to="carol", subject="Three", body="Text")
    do("handoff_create", alice, title="Open work", to={"capability": "review"})
    job = do("handoff_create", alice, title="Review", to="bob").handoff
    do("handoff_claim", bob, handoff=job)


def shown(look):
    """Return the page as a browser gets it."""
    request = HttpRequest()
    request.method, request.path, request.GET = "GET", "/", look.query
    return page(request, look, LIVE).content.decode()


def tables(text):
    """Return the cells of the page's tables, row by row."""
    found = re.findall(r"<tbody>(.*?)</tbody>", text, re.S)
    return [[_cells(row) for row in re.findall(r"<tr[ >].*?</tr>", body, re.S)] for body in found]


def _cells(row):
    return [
        " ".join(html.unescape(re.sub(r"<[^>]*>", " ", cell)).split())
        for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.S)
    ]


def names(facts):
    return [row["name"] for row in facts["rows"]]


def test_table_has_the_same_facts_as_the_graph(look, at_work):
    there = look("view=table")
    state = state_of(there)
    agents, work, mail = tables(shown(there))
    told = {row[0].split()[-1]: row[1:5] for row in agents}
    assert told == {
        each["name"]: [WORDS[each["presence"]], str(each["unread"]), str(each["held"]), each["role"]]
        for each in state["agents"]
    }
    assert {"alice", "bob", "carol"} <= set(told)
    assert work == [
        [each["title"], each["state"], each["from"], each["claimant"] or f"for {each['to']}"] for each in state["work"]
    ]
    assert {row[0] for row in work} == {"Open work", "Review"}
    assert mail == [[each["from"], each["to"], str(each["unread"])] for each in state["edges"]]
    assert ["bob", "carol", "1"] in mail


def test_facts_line_counts_agents_only(look, at_work):
    facts = build(look())
    agents = [each for each in facts["state"]["agents"] if each["kind"] == "agent"]
    unread = sum(each["unread"] for each in agents)
    assert facts["facts"] == f"2 here, 1 handoff in hand, {unread} unread"
    assert unread >= 3


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("capability=review", {"bob"}),
        ("capability=nothing", set()),
        ("presence=stale", {"carol"}),
        ("presence=present&capability=review", {"bob"}),
        ("presence=stale&capability=review", set()),
    ],
)
def test_filters_leave_the_rows_that_fit(look, at_work, query, found):
    assert set(names(build(look(query)))) == found


def test_rows_are_sorted_as_asked_and_by_name_else(look, at_work):
    everybody = names(build(look()))
    assert everybody == sorted(everybody)
    assert names(build(look("sort=agent"))) == names(build(look("sort=nothing"))) == everybody
    for query, key in (("sort=unread", "unread"), ("sort=held", "held")):
        rows = build(look(query))["rows"]
        assert [row[key] for row in rows] == sorted((row[key] for row in rows), reverse=True)
    assert names(build(look("sort=held")))[0] == "bob"
    order = [row["presence"] for row in build(look("sort=presence"))["rows"]]
    assert order == sorted(order, key=list(WORDS).index)


def test_past_has_its_state_and_the_latest_up_to_it(look, at_work, do, alice):
    then = build(look())["ticker"][0].event.at
    do("message_create", alice, to="bob", subject="Later", body="Text")
    assert "Later" in str(build(look())["ticker"][0].parts)
    past = build(look(f"at={then.isoformat().replace('+', '%2B')}", seconds=5))
    assert past["then"] is not None
    assert not past["state"]["live"]
    assert "Later" not in str(past["ticker"])


def test_page_begins_with_the_welcome_until_somebody_calls(look, operator):
    facts = build(look())
    assert "onboarding" in facts
    assert facts["facts"] == "nobody here yet"


def test_no_instant_is_a_page_that_says_so(committed, workspace, alice):
    answer = Client(HTTP_HOST="localhost").get("/?at=never")
    assert answer.status_code == 422
    assert "no time" in answer.content.decode()


@pytest.mark.parametrize("number", [1, 50])
def test_page_takes_the_same_few_queries(look, do, enrol, alice, number, django_assert_num_queries):
    for each in range(number):
        agent = enrol(f"agent{each}", capabilities=["review"])
        do("message_create", agent, to="alice", subject=f"No {each}", body="Text")
        job = do("handoff_create", alice, title=f"Job {each}", to=f"agent{each}").handoff
        do("handoff_claim", agent, handoff=job)
    shown(look())
    with django_assert_num_queries(33):
        text = shown(look())
    assert f"agent{number - 1}" in text
