"""Orders and answers about files that agents hold."""

from typing import Annotated

from pydantic import BaseModel, Field

from bus.schemas.base import Answer, Order, Text200, UtcTime, WriteOrder
from handoffs.schemas.handoffs import Glob

MANY = 20
Globs = Annotated[list[Glob], Field(min_length=1, max_length=MANY)]
WHAT = "Relative globs with *, ? and **, e.g. src/**; at most 20."


class PathsReserve(WriteOrder):
    """Which files to hold, and for how long."""

    globs: Globs = Field(description=WHAT)
    ttl: int | None = Field(None, description="Seconds, 60 to 86,400 (3600); a repeat never shortens.")
    reason: Text200 = Field("", description="Others read it; at most 200 characters.")


class PathsCheck(Order):
    """Which files to ask about."""

    globs: Globs = Field(description=WHAT)


class PathsRelease(WriteOrder):
    """Which files to give back."""

    globs: Globs | None = Field(None, description="As I reserved them, at most 20; default: all.")


class Reserved(Answer):
    """What is held now."""

    globs: list[str]
    until: UtcTime = Field(description="All of them are held at least until then.")


class Holder(BaseModel):
    """Who holds files that overlap."""

    agent: str
    glob: str
    until: UtcTime | None = Field(None, description="Left out while a handoff's result is verified.")
    reason: str | None = None


class Checked(BaseModel):
    """One glob, and who holds some of its files."""

    glob: str
    free: bool = Field(description="True when I can reserve it: what I hold myself is no obstacle.")
    holders: list[Holder] = Field(description="At most 20, mine among them.")


class PathsChecked(Answer):
    """Each glob as asked for."""

    paths: list[Checked]


class Released(Answer):
    """What was given back."""

    released: list[str]
    not_held: list[str] = Field(description="Named, but not reserved by me.")
