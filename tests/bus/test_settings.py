"""Settings: environment over stored over default."""

import pytest

from bus import knobs
from bus.models import Event, Setting


def row(answer, name):
    return next(setting for setting in answer.settings if setting.name == name)


def test_stored_setting_is_in_force_at_once(do, operator):
    assert knobs.get("inbox_attempts") == 5
    changed = do("setting_put", operator, name="inbox_attempts", value=3)
    assert (changed.name, changed.value, changed.was) == ("inbox_attempts", 3, 5)
    assert knobs.get("inbox_attempts") == 3
    again = do("setting_put", operator, name="inbox_attempts", value=4)
    assert (again.was, Setting.objects.get().value) == (3, 4)


def test_change_of_a_setting_is_in_the_log_of_the_installation(do, operator, workspace):
    do("setting_put", operator, name="backup_hour", value=0)
    event = Event.objects.get(type="setting.changed")
    assert event.payload == {"name": "backup_hour", "value": 0, "was": 3}
    assert (event.workspace.public_id, event.public, event.actor.name) == ("wsp_installation", False, "operator")


def test_setting_that_the_environment_fixes_is_not_stored(do, attempt, assert_refused, operator, monkeypatch):
    monkeypatch.setenv("NEXUS_INBOX_ATTEMPTS", "7")
    error = assert_refused(attempt("setting_put", operator, name="inbox_attempts", value=3), "conflict")
    assert error["details"] == {"name": "inbox_attempts", "variable": "NEXUS_INBOX_ATTEMPTS"}
    seen = row(do("setting_list", operator), "inbox_attempts")
    assert (seen.value, seen.source, seen.default) == (7, "environment", 5)
    assert not Setting.objects.exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [("inbox_attempts", 0), ("inbox_attempts", 101), ("inbox_attempts", "many"), ("no_such_setting", 1), ("", 1)],
)
def test_unknown_settings_and_values_out_of_range_are_refused(attempt, assert_refused, operator, name, value):
    assert_refused(attempt("setting_put", operator, name=name, value=value), "invalid_input")
    assert not Setting.objects.exists()


def test_list_tells_of_every_setting(do, operator):
    do("setting_put", operator, name="backup_copies", value=2)
    listed = do("setting_list", operator)
    assert [setting.name for setting in listed.settings] == list(knobs.KNOBS)
    stored, default = row(listed, "backup_copies"), row(listed, "backup_hour")
    assert (stored.value, stored.source, stored.variable) == (2, "stored", "NEXUS_BACKUP_COPIES")
    assert (default.value, default.source, default.low, default.high) == (3, "default", 0, 23)


def test_settings_are_for_operators(attempt, assert_refused, alice):
    assert_refused(attempt("setting_list", alice), "forbidden")
    assert_refused(attempt("setting_put", alice, name="backup_hour", value=1), "forbidden")


def test_setting_list_takes_two_queries_and_then_none(do, operator, django_assert_num_queries):
    do("setting_put", operator, name="backup_hour", value=1)
    for queries in (2, 0):
        with django_assert_num_queries(queries):
            do("setting_list", operator)
