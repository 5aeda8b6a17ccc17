"""Lists and pages: a fixed number of statements, everything escaped, links between things, and figures that are right."""

import re
from html.parser import HTMLParser

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bus import clock
from bus.admin import lists
from bus.models import Agent, Delivery, Event, Message
from handoffs.models import Handoff
from tests.admin.crowd import NEXUS, crowd

ATTACKS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</pre></textarea><svg onload=alert(1)>",
    "{{ request.user.password }}{% debug %}",
    "javascript:alert(1)//' onclick='alert(1)",
)


class Page(HTMLParser):
    """Collects what a page would run."""

    def __init__(self):
        super().__init__()
        self.bad = []

    def handle_starttag(self, tag, attrs):
        named = {name: value or "" for name, value in attrs}
        runs = any(name.startswith("on") for name in named) or named.get("href", "").startswith("javascript:")
        foreign = tag in ("img", "script") and not named.get("src", "").startswith(("/static/", "/admin/"))
        if runs or foreign or tag == "textarea":
            self.bad.append((tag, attrs))


def _page(model, name, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def _statements(browser, url):
    with CaptureQueriesContext(connection) as captured:
        response = browser.get(url)
    assert response.status_code == 200
    return len(captured)


@pytest.mark.parametrize("model", NEXUS, ids=lambda model: model._meta.label)
def test_a_list_asks_the_same_number_of_statements_for_one_row_and_for_fifty(browser, model):
    crowd(0, 1)
    browser.get(_page(model, "changelist"))
    one = _statements(browser, _page(model, "changelist"))
    crowd(1, 49)
    many = _statements(browser, _page(model, "changelist"))
    assert model.objects.count() >= 50
    assert many <= one
    assert many <= 12


@pytest.mark.parametrize("model", NEXUS, ids=lambda model: model._meta.label)
def test_a_page_asks_the_same_number_of_statements_however_much_hangs_on_it(browser, model):
    crowd(0, 2)
    row = model.objects.order_by("pk").last()
    browser.get(_page(model, "change", row.pk))
    few = _statements(browser, _page(model, "change", row.pk))
    message = Message.objects.order_by("pk").last()
    now = clock.now()
    for number in range(20):
        reader = Agent.objects.create(name=f"reader-{number}", created_at=now)
        common = {"workspace": message.workspace, "recipient": reader, "priority": 5}
        Delivery.objects.create(message=message, lane="unread", **common)
    assert _statements(browser, _page(model, "change", row.pk)) == few


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("model", NEXUS, ids=lambda model: model._meta.label)
def test_what_agents_write_is_shown_as_text(browser, model, attack):
    crowd(0, 1, text=attack, word=attack[:40])
    row = model.objects.order_by("pk").last()
    for url in (_page(model, "changelist"), _page(model, "change", row.pk)):
        text = browser.get(url).content.decode()
        page = Page()
        page.feed(text)
        assert not page.bad
        assert "pbkdf2" not in text


def test_hidden_characters_are_written_out(browser):
    crowd(0, 1, text="safe\u202etxt.exe\x1b[31m")
    message = Message.objects.get()
    for url in (_page(Message, "changelist"), _page(Message, "change", message.pk), _page(Handoff, "changelist")):
        text = browser.get(url).content.decode()
        assert "\\u202e" in text
        assert "\u202e" not in text
        assert "\x1b" not in text


def test_hashes_of_keys_and_stored_answers_are_on_no_page(browser):
    crowd(0, 1, text="only the agent reads this")
    for model in (model for model in NEXUS if model.__name__ in ("Key", "StoredAnswer")):
        text = browser.get(_page(model, "change", model.objects.get().pk)).content.decode()
        assert "01" * 32 not in text
        assert "answer: only" not in text


def test_things_link_to_each_other(browser):
    crowd(0, 1)
    message, handoff, agent, event = (model.objects.last() for model in (Message, Handoff, Agent, Event))
    wanted = {
        _page(Message, "change", message.pk): (
            _page(Agent, "change", agent.pk),
            f"{_page(Event, 'changelist')}?message={message.public_id}",
            f"{_page(Handoff, 'changelist')}?public_id={message.handoff}",
            f"{_page(Message, 'changelist')}?reply_to__id__exact={message.pk}",
        ),
        _page(Handoff, "change", handoff.pk): (
            _page(Agent, "change", agent.pk),
            f"{_page(Event, 'changelist')}?handoff={handoff.public_id}",
        ),
        _page(Event, "change", event.pk): (
            f"{_page(Message, 'changelist')}?public_id={message.public_id}",
            f"{_page(Handoff, 'changelist')}?public_id={handoff.public_id}",
        ),
        _page(Agent, "change", agent.pk): (
            f"{_page(Delivery, 'changelist')}?recipient__id__exact={agent.pk}",
            f"{_page(Event, 'changelist')}?actor__id__exact={agent.pk}",
        ),
    }
    for url, links in wanted.items():
        text = browser.get(url).content.decode()
        for link in links:
            assert f'href="{link}"' in text
            assert browser.get(link).status_code == 200


@pytest.mark.parametrize("model", NEXUS, ids=lambda model: model._meta.label)
def test_the_history_of_a_row_is_in_the_log(browser, model):
    crowd(0, 1)
    row = model.objects.order_by("pk").last()
    response = browser.get(_page(model, "history", row.pk), follow=True)
    assert response.status_code == 200
    assert response.redirect_chain[0][0].startswith(_page(Event, "changelist"))


def test_a_message_is_found_by_id_by_sender_and_by_its_words(browser):
    crowd(0, 3)
    message = Message.objects.order_by("pk").first()
    Message.objects.filter(pk=message.pk).update(subject="The tide table")
    for term in (message.public_id, message.sender.name.upper(), "tide"):
        shown = browser.get(_page(Message, "changelist"), {"q": term}).context["cl"].result_list
        assert [row.pk for row in shown] == [message.pk]


def test_events_are_found_by_day_type_and_subject(browser):
    crowd(0, 2)
    event = Event.objects.order_by("pk").first()
    day = {"at__year": event.at.year, "at__month": event.at.month, "at__day": event.at.day}
    for query, count in ((day, 2), ({"q": event.message}, 1), ({"q": "handoff."}, 2), ({"about": "key"}, 0)):
        assert browser.get(_page(Event, "changelist"), query).context["cl"].result_count == count


def test_the_calendar_leads_to_each_day_between_the_first_and_the_last_row(browser):
    crowd(0, 2)
    first, last = Message.objects.order_by("pk")
    Message.objects.filter(pk=first.pk).update(sent_at="2024-02-27T12:00:00Z")
    Message.objects.filter(pk=last.pk).update(sent_at="2025-03-02T12:00:00Z")

    def titles(**chosen):
        query = {f"sent_at__{unit}": value for unit, value in chosen.items()}
        shown = browser.get(_page(Message, "changelist"), query).context["cl"]
        return [choice["title"] for choice in shown.calendar["choices"]], shown.result_count

    assert titles() == (["2024", "2025"], 2)
    assert titles(year=2025) == (["January 2025", "February 2025", "March 2025"], 1)
    assert titles(year=2024, month=2) == (["February 27", "February 28", "February 29"], 1)
    assert titles(year=2024, month=2, day=28) == (["February 28"], 0)


def test_a_nonsense_date_is_no_failure(browser):
    crowd(0, 1)
    queries = [{"p": "x"}, {"o": "99"}]
    for when in (
        (2026, 13),
        (0,),
        ("", 13),
        ("", "", 40),
        (9999, 12, 31),
        (2026, "", 40),
        ("9" * 5000,),
        ("", "9" * 5000),
    ):
        units = zip(("year", "month", "day"), when, strict=False)
        queries.append({f"sent_at__{unit}": value for unit, value in units if value != ""})
    for query in queries:
        assert browser.get(_page(Message, "changelist"), query, follow=True).status_code in (200, 400)


def test_a_long_list_counts_no_further_than_it_shows(browser, monkeypatch):
    crowd(0, 3)
    monkeypatch.setattr(lists, "MOST", 2)
    response = browser.get(_page(Event, "changelist"))
    assert response.context["cl"].result_count == 2
    assert "The newest 2 events" in response.content.decode()


@pytest.mark.parametrize(
    ("model", "query"), [(Message, {"q": "tide"}), (Message, {"kind__exact": "direct"}), (Event, {"from": "agent"})]
)
def test_what_no_index_helps_looks_through_the_newest_rows_and_says_so(browser, monkeypatch, model, query):
    crowd(0, 6)
    Message.objects.update(subject="The tide table")
    assert "Looked through" not in browser.get(_page(model, "changelist"), query).content.decode()
    monkeypatch.setattr(admin.site._registry[model], "looks_through", 3)
    answer = browser.get(_page(model, "changelist"), query)
    assert "Looked through the newest 3 " in answer.content.decode()
    assert [row.pk for row in answer.context["cl"].result_list] == list(
        model.objects.order_by("-pk").values_list("pk", flat=True)[:3]
    )


def test_an_index_finds_rows_however_old(browser, monkeypatch):
    crowd(0, 6)
    monkeypatch.setattr(admin.site._registry[Message], "looks_through", 3)
    oldest = Message.objects.order_by("pk")[0]
    answer = browser.get(_page(Message, "changelist"), {"q": oldest.public_id})
    assert [row.pk for row in answer.context["cl"].result_list] == [oldest.pk]
    assert "Looked through" not in answer.content.decode()


def test_the_index_shows_what_there_is(browser):
    crowd(0, 3)
    Delivery.objects.filter(pk=Delivery.objects.first().pk).update(lane="unread", ended_at=None)
    shown = {total.name: (total.value, total.note) for total in browser.get(reverse("admin:index")).context["totals"]}
    assert shown.pop("Database")[0][0].isdigit()
    assert shown == {
        "Agents present": ("3", "of 3"),
        "Unread": ("1", "deliveries"),
        "Parked": ("2", "need a decision"),
        "Open": ("0", "handoffs"),
        "Claimed": ("3", "handoffs"),
        "Verifying": ("0", "handoffs"),
        "Topics": ("0", "open"),
        "Messages": ("3", ""),
        "Events": ("3", ""),
    }


def test_the_index_asks_the_same_few_statements_whatever_there_is(browser):
    crowd(0, 1)
    browser.get(reverse("admin:index"))
    few = _statements(browser, reverse("admin:index"))
    crowd(1, 20)
    assert _statements(browser, reverse("admin:index")) == few
    assert few <= 8


def test_no_page_of_ours_has_inline_style_or_script(browser):
    crowd(0, 1)
    urls = [_page(model, "changelist") for model in NEXUS] + [_page(Message, "change", Message.objects.get().pk)]
    urls += [reverse(f"admin:{name}") for name in ("index", "bus_key_mint", "bus_setting_all", "bus_setting_retention")]
    for url in urls:
        text = browser.get(url).content.decode()
        assert "<style" not in text
        assert not re.search(r"<[^>]+\sstyle=", text)
        assert not re.search(r"<script(?![^>]*\ssrc=)", text)


def test_every_list_has_its_exports_and_no_other_action_that_is_not_an_operation():
    for model in NEXUS:
        actions = {getattr(action, "__name__", action) for action in admin.site._registry[model].actions}
        assert {"export_jsonl", "export_csv"} <= actions
