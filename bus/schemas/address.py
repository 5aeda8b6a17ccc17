"""How a sender says who is meant."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bus.schemas.base import Text64

__all__ = ["BROADCAST", "Selector", "To"]

BROADCAST = "broadcast"
Words = Text64 | Annotated[list[Text64], Field(min_length=1, max_length=50)]


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


Recipient = Text64 | Selector
To = Recipient | Annotated[list[Recipient], Field(min_length=1, max_length=50)]
