"""Settings: every knob has its place, is turned with and without JavaScript, and numbers refresh by themselves."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from bus.knobs import KNOBS
from dashboard.views.settings.knobs import group_of
from dashboard.views.settings.screen import SCREENS, SECTIONS
from tests.dashboard.browser import NARROW, Eyes

VENDORED = Path(__file__).resolve().parents[2] / "static" / "vendor" / "VENDORED.json"


@pytest.fixture(scope="module")
def http(served):
    return served.client(base_url=served.url)


def token(text: str) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', text)
    assert found
    return found[1]


def put(http, section: str, name: str, value: str):
    """Turn a knob as a browser without JavaScript does."""
    page = http.get(f"/settings/{section}").text
    form = {"csrfmiddlewaretoken": token(page), "name": name, "value": value}
    return http.post(f"/settings/{section}", data=form, follow_redirects=True)


def knob(text: str, name: str) -> str:
    """Return the part of a page that is about a knob."""
    return text.partition(f'id="knob-{name}"')[2].partition("</li>")[0]


@pytest.mark.parametrize("section", [name for name, _ in SECTIONS])
def test_every_section_has_a_url_and_is_marked_in_the_list(http, section):
    reply = http.get(f"/settings/{section}".rstrip("/"))
    assert reply.status_code == 200
    assert f"{dict(SECTIONS)[section]}</a>" in re.search(r'data-swap aria-current="page">[^<]*</a>', reply.text)[0]


def test_unknown_section_is_no_page(http):
    assert http.get("/settings/nothing").status_code == 404


def test_every_knob_is_in_one_section_with_its_range_and_words(http):
    for name, each in KNOBS.items():
        part = knob(http.get(f"/settings/{group_of(name)}").text, name)
        assert each.about in part
        assert f'min="{each.low}" max="{each.high}"' in part
        assert f"default {each.default:,}" in part
    assert {group_of(name) for name in KNOBS} <= set(SCREENS)


def test_knob_turned_without_javascript_is_in_force(http, served):
    page = put(http, "limits", "inbox_attempts", "7")
    assert page.status_code == 200
    assert "Setting saved" in page.text
    assert "changed" in knob(page.text, "inbox_attempts")
    stored = {each["name"]: each["value"] for each in served.operator().get("settings")["settings"]}
    assert stored["inbox_attempts"] == 7


@pytest.mark.parametrize("value", ["0", "101", "many", ""])
def test_refused_value_comes_back_beside_its_field(http, value):
    page = put(http, "limits", "handoff_attempts", value)
    part = knob(page.text, "handoff_attempts")
    assert page.status_code == 422
    assert f'value="{value}" required' in part
    assert re.search(r'class="refusal" role="alert">\S', part)
    assert 'role="alert"></p>' in knob(page.text, "inbox_attempts")


def test_typed_value_stays_text(http):
    page = put(http, "limits", "handoff_attempts", '"><script>alert(1)</script>')
    assert page.status_code == 422
    assert "<script>alert" not in page.text


def test_knob_that_the_environment_fixes_cannot_be_turned(http):
    part = knob(http.get("/settings/presence").text, "inbox_lease_min")
    assert "set by NEXUS_INBOX_LEASE_MIN" in part
    assert "disabled" in part
    assert "Save" not in part


def test_dry_run_counts_and_deletes_nothing(http):
    assert "A dry run counts and deletes nothing." in http.get("/settings/retention").text
    assert "Nothing is old enough." in http.get("/settings/retention?dry=1").text


def test_backup_is_made_and_listed_without_javascript(http):
    page = http.get("/settings/backup").text
    form = {"csrfmiddlewaretoken": token(page), "back": "/settings/backup"}
    listed = http.post("/do/backup_create", data=form, follow_redirects=True).text
    assert "Backed up" in listed
    assert re.search(r"nexus restore nexus-\d{8}-\d{6}\.sqlite3", listed)
    assert "There is no backup yet" not in http.get("/settings").text


def test_figures_alone_are_a_fragment_that_leads_back_to_the_page(http):
    reply = http.get("/settings/figures")
    assert reply.status_code == 200
    assert "<html" not in reply.text
    assert 'name="back" value="/settings"' in reply.text


def test_who_was_refused_is_counted(http):
    assert http.get("/api/v1/whoami", headers={"Authorization": "Bearer nxs_wrong"}).status_code == 401
    assert "unauthorized" in http.get("/settings/figures").text


def test_held_stream_is_counted_while_it_is_open(http, served, ann):
    def streams() -> str:
        text = http.get("/settings/figures").text
        return re.search(r"<dt>Event streams</dt><dd>(\d+)</dd>", text)[1]

    assert streams() == "0"
    headers = {"Authorization": f"Bearer {ann.key}"}
    with served.client().stream("GET", f"{served.url}/api/v1/events/stream", headers=headers) as stream:
        lines = stream.iter_lines()
        assert next(line for line in lines if line.startswith("id:"))
        assert streams() == "1"


def test_verified_log_is_remembered(http, served):
    assert "The log was not checked yet" in http.get("/settings/figures").text
    assert served.command("verify").returncode == 0
    assert "The log is whole" in http.get("/settings/figures").text


def test_about_names_every_address_and_licence(http, served):
    text = http.get("/settings/about").text
    for part in (f"{served.url}/mcp", "/api/v1/docs", "/api/v1/openapi.json", "/api/v1/events/stream", "/healthz"):
        assert part in text
    for each in json.loads(VENDORED.read_text()):
        assert f"{each['version']}, {each['licence']}" in text
    assert str(served.home) in text


def test_page_says_no_raw_times(http):
    text = http.get("/settings").text
    visible = re.sub(r"<[^>]*>", " ", text.partition("<main")[2].partition("</main>")[0])
    assert not re.search(r"\d{4}-\d\d-\d\dT", visible)


@pytest.mark.slow
def test_refusal_shows_beside_the_field_and_goes_when_it_is_mended(eyes: Eyes) -> None:
    page = eyes.go("/settings/limits")
    row = page.locator("#knob-handoff_attempts")
    row.get_by_role("spinbutton").fill("500")
    row.get_by_role("button", name="Save").click()
    expect(row.get_by_role("alert")).to_contain_text("takes 1 to 100 attempts")
    colours = (
        "each => [getComputedStyle(each).color, getComputedStyle(each.closest('.knob').querySelector('.muted')).color]"
    )
    red, muted = row.get_by_role("alert").evaluate(colours)
    assert red != muted
    row.get_by_role("spinbutton").fill("9")
    row.get_by_role("button", name="Save").click()
    expect(page.locator("#toasts")).to_contain_text("Setting saved")
    expect(page.locator("#knob-handoff_attempts")).to_contain_text("changed")


@pytest.mark.slow
def test_a_value_that_was_not_saved_yet_stays_when_another_is_saved(eyes: Eyes) -> None:
    page = eyes.go("/settings/presence")
    first, second, *_ = page.locator(".knob").all()
    first.get_by_role("spinbutton").fill("1234")
    value = int(second.get_by_role("spinbutton").input_value())
    second.get_by_role("spinbutton").fill(str(value + 1))
    second.get_by_role("button", name="Save").click()
    expect(second).to_contain_text("changed")
    expect(second.get_by_role("spinbutton")).to_have_value(str(value + 1))
    expect(first.get_by_role("spinbutton")).to_have_value("1234")


@pytest.mark.slow
def test_figures_refresh_by_themselves_and_keep_the_focus(eyes: Eyes, ann) -> None:
    page = eyes.go("/settings")
    page.get_by_role("button", name="Back up now").focus()
    with page.expect_response("**/settings/figures"):
        pass
    expect(page.get_by_role("button", name="Back up now")).to_be_focused()
    expect(page.locator(".pairs", has_text="Dashboards")).to_contain_text("Dashboards1")


@pytest.mark.slow
def test_retention_asks_before_it_deletes(eyes: Eyes) -> None:
    page = eyes.go("/settings/retention")
    page.get_by_role("button", name="Run now").click()
    expect(page.locator("#confirm")).to_contain_text("Delete everything that is older")
    page.locator("#confirm").get_by_role("button", name="Run now").click()
    expect(page.locator("#toasts")).to_contain_text("Nothing was old enough")


@pytest.mark.slow
def test_question_mark_shows_the_keys_and_escape_closes_them(eyes: Eyes) -> None:
    page = eyes.go("/settings")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Keyboard shortcuts")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.slow
@pytest.mark.parametrize("section", [name for name, _ in SECTIONS])
def test_no_section_is_wider_than_a_phone(browser, served, section) -> None:
    eyes = Eyes(browser, served.url, viewport=NARROW)
    page = eyes.go(f"/settings/{section}".rstrip("/"))
    assert page.evaluate("document.querySelector('main').scrollWidth") == NARROW["width"]
    assert eyes.problems() == []
    eyes.close()
