"""How a sender says who is meant."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import to_json

from bus.schemas.base import Text64

__all__ = ["BROADCAST", "Selector", "To"]

BROADCAST = "broadcast"
Words = Text64 | Annotated[list[Text64], Field(min_length=1, max_length=50)]


LARGEST = 4096


def _small(value: Any) -> Any:
    """Refuse an address of more than 4 KB, as it is shown wherever its message or handoff is."""
    if (size := len(to_json(value, exclude_none=True))) > LARGEST:
        raise ValueError(f"is {size} bytes; at most {LARGEST} bytes are allowed")
    return value


class Selector(BaseModel):
    """Agents by what they can do: every given key must match (AND), any value of a list will do (OR)."""

    model_config = ConfigDict(extra="forbid")

    capability: Words | None = Field(None, description="One capability, or a list: any of them.")
    role: Words | None = Field(None, description="One role, or a list: any of them.")
    tag: dict[Text64, Words] | None = Field(None, description='Tags, e.g. {"team": ["core", "ui"]}: AND over keys.')

    @model_validator(mode="after")
    def _says_something(self) -> "Selector":
        if not (self.capability or self.role or self.tag):
            raise ValueError("a selector needs at least one of capability, role and tag")
        return self

    @model_validator(mode="after")
    def _is_small(self) -> "Selector":
        _small(self)
        return self


Recipient = Text64 | Selector
To = Recipient | Annotated[list[Recipient], Field(min_length=1, max_length=50), AfterValidator(_small)]
