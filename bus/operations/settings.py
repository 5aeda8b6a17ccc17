"""Turning the knobs of the installation."""

from bus import events, knobs
from bus.directory import directory
from bus.errors import Conflict
from bus.identity import Caller
from bus.models import Setting
from bus.schemas.operators import SettingChanged, SettingPut

__all__ = ["FixedByEnvironment", "setting_put"]


class FixedByEnvironment(Conflict):
    """An environment variable fixes that setting."""

    hint = "Unset the variable and restart the server, or change it there."


def setting_put(caller: Caller, order: SettingPut) -> SettingChanged:
    """Store a setting; it is in force at once, in every process."""
    knob = knobs.checked(order.name, order.value)
    if knobs.source(order.name) == "environment":
        raise FixedByEnvironment(name=order.name, variable=knob.variable)
    stored = Setting.objects.filter(name=order.name).values_list("value", flat=True).first()
    was = knob.default if stored is None else stored
    values = {"value": order.value, "changed_at": caller.now}
    Setting.objects.update_or_create(name=order.name, defaults=values)
    payload = {"name": order.name, "value": order.value, "was": was}
    events.record(caller, "setting.changed", payload, workspace=directory.workspace_by_id(None).id)
    return SettingChanged(name=order.name, value=order.value, was=was)
