"""Every operation has a route, a docstring, described fields and a page in the reference that is fresh; so have promises."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from ninja.signature.utils import get_path_param_names

from bus import door
from nexus_site.management.commands.reference import stale
from nexus_site.reference.pages import pages
from nexus_site.reference.refusals import every
from nexus_site.rest import ROUTES
from tests.promises import FAULTS, PAGE, PROMISES, THREATS

ROOT = Path(__file__).resolve().parent
REFERENCE = settings.BASE_DIR / "docs" / "reference"
NAMES = sorted(door.published())
# Names that say all there is to say.
PLAIN = {
    *("agent", "capability", "handoff", "harness", "kind", "message", "name", "peer", "reason", "role", "session"),
    *("session_ref", "title", "topic", "verdict", "workspace"),
}


@pytest.mark.parametrize("name", NAMES)
def test_operation_has_a_route(name):
    assert [route for route in ROUTES if route.operation == name]


@pytest.mark.parametrize("name", NAMES)
def test_operation_says_in_one_or_two_sentences_what_it_does(name):
    text = door.find(name).description
    assert text.endswith(".")
    assert 1 <= len(re.findall(r"\.(?:\s|$)", text)) <= 2
    assert len(text) <= 250


@pytest.mark.parametrize("name", NAMES)
def test_every_field_is_described_or_says_all_by_its_name(name):
    fields = door.find(name).order.model_fields
    assert [each for each, info in fields.items() if not info.description and each not in PLAIN] == []


@pytest.mark.parametrize("name", NAMES)
def test_operation_has_a_reference_entry(name):
    page = (REFERENCE / f"{door.find(name).toolset}.md").read_text()
    assert f"\n## {name}\n" in page
    assert f"({door.find(name).toolset}.md#{name})" in (REFERENCE / "index.md").read_text()


def test_reference_is_fresh():
    assert stale(REFERENCE, pages()) == [], "run `make docs`"


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_names_in_a_path_are_fields_of_the_order(route):
    assert get_path_param_names(route.path) <= set(door.find(route.operation).order.model_fields)


@pytest.mark.parametrize("refusal", every(), ids=lambda refusal: refusal.code)
def test_every_refusal_says_what_is_true_and_how_to_mend_it(refusal):
    shape = refusal().shape()["error"]
    assert re.fullmatch(r"[a-z_]+", shape["code"])
    assert shape["message"].endswith(".")
    assert shape["hint"].endswith((".", "`", "…"))
    assert 400 <= refusal.status < 600


@pytest.mark.parametrize("promise", [*PROMISES, *THREATS, *FAULTS], ids=lambda each: each.id or each.promise)
def test_every_promise_is_on_its_page_and_is_tried(promise):
    page = PAGE.read_text()
    assert promise.promise in page
    assert promise.mechanism in page
    for test in promise.tests:
        assert (ROOT / test).is_file()
        assert f"(../../tests/{test})" in page
