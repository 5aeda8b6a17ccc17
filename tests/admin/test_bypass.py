"""No page of the admin writes a row of Nexus, or of its background work, past an operation."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from bus import clock
from tests.admin.crowd import MODELS, NEXUS, ROOMS, crowd


@pytest.fixture
def full(browser):
    """A row in every table."""
    crowd(0, 2)
    now = clock.now()
    for name in ("Task", "OrmQ", "Schedule"):
        model = apps.get_model("django_q", name)
        _queue_row(model, now)


def _queue_row(model, now):
    if model.__name__ == "Task":
        for number, success in enumerate((True, False)):
            model.objects.create(
                id=f"{number:032}", name=f"t{number}", func="f", started=now, stopped=now, success=success
            )
    elif model.__name__ == "OrmQ":
        model.objects.create(key="nexus", payload="x", lock=now + timedelta(hours=1))
    else:
        model.objects.create(func="f", name="a schedule of a test")


def _rows():
    """Return every row of every table of the rooms and of django-q2."""
    models = [model for room in ROOMS for model in apps.get_app_config(room).get_models(include_auto_created=True)]
    tables = [model for model in models if model._meta.managed]
    return {model._meta.label: sorted(map(repr, model._default_manager.values_list())) for model in tables}


def _page(model, name, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def test_every_table_is_in_the_admin():
    assert set(NEXUS) <= set(MODELS)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_nobody_adds_changes_or_deletes_a_row(browser, full, model):
    row = model._default_manager.order_by("pk").first()
    assert row is not None, "the table of this test is empty"
    sent = {field.name: "1" for field in model._meta.concrete_fields} | {"_save": "Save", "post": "yes"}
    before = _rows()
    for page in ("change", "delete", "history"):
        assert browser.post(_page(model, page, row.pk), sent).status_code in (302, 403)
    assert browser.post(_page(model, "add"), sent).status_code == 403
    for action in ("delete_selected", "resubmit_task"):
        chosen = {"action": action, "_selected_action": [row.pk], "post": "yes", "select_across": "1", "index": "0"}
        assert browser.post(_page(model, "changelist"), chosen).status_code in (200, 302)
    assert browser.post(_page(model, "changelist"), {**sent, "_save": "Save", "form-TOTAL_FORMS": "1"}).status_code in (
        200,
        403,
    )
    assert _rows() == before


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_nothing_offers_to_edit(browser, full, model):
    row = model._default_manager.order_by("pk").first()
    listed = browser.get(_page(model, "changelist"))
    shown = browser.get(_page(model, "change", row.pk))
    assert (listed.status_code, shown.status_code) == (200, 200)
    for page in (listed, shown):
        text = page.content.decode()
        assert "delete_selected" not in text
        assert 'name="_save"' not in text
        assert 'class="addlink">' not in text.partition('id="content"')[2]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_the_methods_that_would_write_refuse(full, model):
    shown = admin.site._registry[model]
    row = model._default_manager.order_by("pk").first()
    for write in (shown.save_model, shown.delete_model, shown.delete_queryset, shown.save_formset, shown.save_related):
        with pytest.raises(PermissionDenied):
            write(None, row)


def test_a_user_behind_an_operator_is_protected_and_says_so(browser, root):
    browser.post(reverse("admin:bus_setting_change_one"), {"once": "a", "name": "backup_hour", "value": 4})
    other = browser.get(_page(type(root), "delete", root.pk))
    assert other.status_code == 200
    assert "Cannot delete user" in other.content.decode()
    assert browser.post(_page(type(root), "delete", root.pk), {"post": "yes"}).status_code in (200, 403)
    chosen = {"action": "delete_selected", "_selected_action": [root.pk], "post": "yes"}
    assert browser.post(_page(type(root), "changelist"), chosen).status_code == 200
    assert type(root).objects.filter(pk=root.pk).exists()


def test_people_and_groups_keep_their_own_admin(browser):
    made = {"username": "erin", "password1": "a long passphrase", "password2": "a long passphrase"}
    response = browser.post(reverse("admin:auth_user_add"), {**made, "usable_password": "true"})
    assert response.status_code == 302
    assert browser.post(reverse("admin:auth_group_add"), {"name": "watchers"}).status_code == 302
