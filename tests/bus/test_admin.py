"""The admin shows every table of the bus and changes none."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User

MODELS = list(apps.get_app_config("bus").get_models())


@pytest.fixture
def request_of_staff(rf, store):
    """A request of a superuser."""
    request = rf.get("/")
    request.user = User.objects.create_superuser("root")
    return request


@pytest.mark.parametrize("model", MODELS)
def test_rows_are_shown_and_never_changed(request_of_staff, alice, model):
    shown = admin.site._registry[model]
    assert shown.has_view_permission(request_of_staff)
    assert not shown.has_add_permission(request_of_staff)
    assert not shown.has_change_permission(request_of_staff)
    assert not shown.has_delete_permission(request_of_staff)
    page = shown.get_changelist_instance(request_of_staff)
    assert page.result_count == model.objects.count()


def test_hashes_of_keys_are_not_shown(request_of_staff):
    key = apps.get_model("bus", "Key")
    shown = admin.site._registry[key]
    assert "secret_hash" not in {*shown.get_list_display(request_of_staff), *shown.get_fields(request_of_staff)}
