"""The settings in force."""

from bus import knobs
from bus.identity import Caller
from bus.knobs import KNOBS, Knob
from bus.schemas.operators import SettingList, Settings, SettingView

__all__ = ["setting_list"]


def setting_list(caller: Caller, order: SettingList) -> Settings:
    """List every setting with its value, where that comes from and its range."""
    return Settings(settings=[_view(knob) for knob in KNOBS.values()])


def _view(knob: Knob) -> SettingView:
    return SettingView(
        name=knob.name,
        value=knobs.get(knob.name),
        default=knob.default,
        source=knobs.source(knob.name),
        variable=knob.variable,
        low=knob.low,
        high=knob.high,
        unit=knob.unit,
        about=knob.about,
    )
