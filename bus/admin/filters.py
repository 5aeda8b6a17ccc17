"""Filters that know their choices beforehand, so that no list asks a large table what is in it."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet

__all__ = ["by_choice"]

Choices = Mapping[str, tuple[str, Callable[[], Q]]]


def by_choice(title: str, parameter: str, choices: Choices) -> type[admin.SimpleListFilter]:
    """Return a filter; each choice has its words and the condition behind it."""

    class ByChoice(admin.SimpleListFilter):
        def lookups(self, *_: Any) -> list[tuple[str, str]]:
            return [(name, words) for name, (words, _) in choices.items()]

        def queryset(self, request: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
            chosen = choices.get(self.value() or "")
            return queryset.filter(chosen[1]()) if chosen else queryset

    ByChoice.title = title
    ByChoice.parameter_name = parameter
    return ByChoice
