"""Python loads this first: it adds an app, so that Nexus has a migration more, as the next release may have."""

from typing import Any

from django import conf

set_up = conf.LazySettings._setup


def _set_up_with_more(self: Any, name: str | None = None) -> None:
    set_up(self, name)
    self._wrapped.INSTALLED_APPS.append("later")


conf.LazySettings._setup = _set_up_with_more
