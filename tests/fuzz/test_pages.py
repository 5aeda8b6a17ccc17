"""Every page of the dashboard and the admin, with query strings and forms that nobody filled in: never a server error."""

import re
from collections import Counter
from collections.abc import Iterator
from urllib.parse import quote, urlencode

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus import door
from tests.figures import figure
from tests.fuzz.arena import FIELDS, Arena
from tests.fuzz.budget import part
from tests.fuzz.oddities import URL_TEXTS
from tests.routes import CONVERTER, routes

pytestmark = pytest.mark.slow

NOT_HERE = ("api/", "login/", "admin/logout/", "admin/password_change/", "^", "static/")
# What pages read of a query, and what the admin's lists do.
QUERIED = [
    *("act", "after", "agent", "at", "before", "capability", "column", "columns", "dry", "find", "format", "from"),
    *("inspect", "kind", "lane", "limit", "line", "peer", "presence", "priority", "q", "sort", "subject", "time", "to"),
    *("type", "verbs", "view", "who", "workspace", "open", "claimed", "done", "name", "cursor"),
]
LISTED = [
    *("o", "p", "q", "e", "all", "_popup", "_to_field", "_changelist_filters", "at__year", "at__month", "at__day"),
    *("sent_at__year", "created_at__month", "workspace__id__exact", "kind__exact", "state__exact", "lane__exact"),
    *(
        "term",
        "app_label",
        "model_name",
        "field_name",
        "agent",
        "name",
        "about",
        "origin",
        "standing",
        "open",
        "archived",
    ),
]
FILLED = [
    *("words", "days", "words.json", "days.json", "back", "said", "again", "label", "title", "criteria", "due_at"),
    *("action", "_selected_action", "index", "select_across", "sure", "once", "username", "password", "reason"),
]


PAGES = [route for route in routes() if not route.startswith(NOT_HERE) and "(?" not in route]
DASHBOARD = [route for route in PAGES if not route.startswith("admin/")]
ADMIN = [route for route in PAGES if route.startswith("admin/")]
FORMS = [route for route in DASHBOARD if route.startswith(("agents/", "compose", "settings/", "do/"))]
ADMIN_FORMS = [route for route in ADMIN if not route.startswith(("admin/auth/", "admin/login/"))]
OPERATIONS = sorted(door.published())


def filled(names: list[str], most: int = 5) -> st.SearchStrategy:
    """Return fields with what they should not hold; a number is the place of a thing that exists."""
    value = st.integers(0, 63) | URL_TEXTS
    return st.lists(st.tuples(st.sampled_from(names), value), max_size=most)


class Visitor:
    """A person who is logged in and fills in whatever it wants."""

    def __init__(self, arena: Arena) -> None:
        self.arena, self.base = arena, arena.server.url
        self.answers: Counter[int] = Counter()
        self.http = arena.server.client(base_url=self.base, headers={"Origin": self.base})
        link = re.search(rf"{self.base}/login/\S+", arena.log)
        assert link is not None
        assert self.http.get(link[0]).status_code == 302
        assert self.http.get("/admin/").status_code == 200

    def fields(self, chosen) -> list[tuple[str, str]]:
        return [(name, self.value(name, value)) for name, value in chosen]

    def value(self, name: str, value: object) -> str:
        if not isinstance(value, int):
            return str(value)
        field = name.removesuffix(".json")
        found = self.arena.name(field, value) if field in FIELDS else value
        return str(found[0] if isinstance(found, list) else found)

    def path(self, route: str, words: list[object]) -> str:
        """Return the path of a route, its parameters filled in."""
        left = iter(words)
        return "/" + CONVERTER.sub(lambda found: quote(self.value(found[1] or found[2], next(left)), safe=""), route)

    def get(self, path: str, query: list[tuple[str, str]]) -> httpx2.Response:
        return self.judged(self.http.get(f"{path}?{urlencode(query)}"[:12_000]))

    def post(self, path: str, form: list[tuple[str, str]], *, is_htmx: bool) -> httpx2.Response:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "X-CSRFToken": self.http.cookies["nexus_csrf"]}
        headers |= {"HX-Request": "true"} if is_htmx else {}
        return self.judged(self.http.post(path[:12_000], content=urlencode(form).encode(), headers=headers))

    def judged(self, answer: httpx2.Response) -> httpx2.Response:
        self.answers[answer.status_code] += 1
        assert answer.status_code < 500 or answer.url.path == "/readyz", (
            f"{answer.request.method} {answer.request.url}"[:3000]
        )
        return answer


@pytest.fixture(scope="module")
def visitor(arena: Arena) -> Iterator[Visitor]:
    visitor = Visitor(arena)
    yield visitor
    assert visitor.http.get("/admin/").status_code == 200, "the login was lost on the way"
    shown = ", ".join(f"{status}: {count:,}" for status, count in sorted(visitor.answers.items()))
    figure("T", "pages and forms fuzzed", f"{visitor.answers.total():,} ({shown}), no server error")


words = st.lists(st.integers(0, 63) | URL_TEXTS, min_size=2, max_size=2)


@pytest.mark.parametrize("route", DASHBOARD)
def test_a_page_takes_any_query(visitor: Visitor, route: str):
    @part(0.24)
    @given(words=words, query=filled(QUERIED))
    def fuzzed(words, query) -> None:
        visitor.get(visitor.path(route, words), visitor.fields(query))

    fuzzed()


@pytest.mark.parametrize("route", FORMS)
def test_a_form_takes_anything(visitor: Visitor, route: str):
    names = sorted({*FILLED, *QUERIED, *(f"{name}.json" for name in QUERIED)})

    @part(0.24)
    @given(words=words, form=filled(names, 8), is_htmx=st.booleans())
    def fuzzed(words, form, is_htmx) -> None:
        visitor.post(visitor.path(route, words), visitor.fields(form), is_htmx=is_htmx)

    fuzzed()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_button_takes_anything(visitor: Visitor, operation: str):
    own = list(door.find(operation).order.model_fields)
    names = [*own, *(f"{name}.json" for name in own), *own, "back", "said"]
    hasty = [("timeout_seconds", "0")] if "timeout_seconds" in own else []

    @part(0.1)
    @given(form=filled(names, 8), is_htmx=st.booleans())
    def fuzzed(form, is_htmx) -> None:
        chosen = [field for field in visitor.fields(form) if not (hasty and field[0].startswith("timeout"))]
        visitor.post(f"/do/{operation}", chosen + hasty, is_htmx=is_htmx)

    fuzzed()


@part(2.4)
@given(route=st.sampled_from(ADMIN), words=words, query=filled(LISTED))
def test_the_admin_takes_any_query(visitor: Visitor, route, words, query):
    visitor.get(visitor.path(route, words), visitor.fields(query))


@part(2)
@given(route=st.sampled_from(ADMIN_FORMS), words=words, form=filled(FILLED + LISTED, 8))
def test_the_admin_takes_any_form(visitor: Visitor, route, words, form):
    visitor.post(visitor.path(route, words), visitor.fields(form), is_htmx=False)


@pytest.mark.parametrize("levels", [200, 300, 600, 950, 5000])
def test_a_form_holds_json_of_any_depth(visitor: Visitor, levels: int):
    text = "[" * levels + "]" * levels
    form = [("title", "Deep"), ("to", "bob"), ("payload.json", text)]
    visitor.post("/do/handoff_create", form, is_htmx=True)
    assert visitor.get("/handoffs", []).status_code == 200
    assert visitor.arena.bob.http.get("handoffs").status_code == 200
