"""The base of every order and answer, and the field types that rooms share."""

import json
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer, StringConstraints

__all__ = [
    "Answer",
    "Body",
    "Cursor",
    "Instant",
    "Json",
    "Limit",
    "Metadata",
    "Order",
    "Payload",
    "Priority",
    "Subject",
    "Text64",
    "Text200",
    "Timeout",
    "UtcTime",
    "WriteOrder",
    "fits",
]

KB = 1024


class Order(BaseModel):
    """What a caller asks for; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False, hide_input_in_errors=True)

    workspace: str | None = Field(None, max_length=64, description="Workspace id or alias; default: the session's.")


class WriteOrder(Order):
    """An order that changes something."""

    idempotency_key: str | None = Field(
        None,
        min_length=1,
        max_length=128,
        description="Repeat-safe: for 24 h the same key and order give the first answer again.",
    )


class Answer(BaseModel):
    """What an operation answers; fields that are null are left out on every surface."""

    model_config = ConfigDict(extra="forbid", serialize_by_alias=True, validate_by_name=True, validate_by_alias=True)

    duplicate: bool | None = Field(None, description="True when this is the stored answer of an earlier call.")

    def json_text(self) -> str:
        """Return the compact JSON that every surface sends."""
        return self.model_dump_json(exclude_none=True)


def _iso(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def fits(limit: int) -> AfterValidator:
    """Return a validator that refuses a text of more than `limit` UTF-8 bytes, or a value of more JSON bytes."""

    def check(value: Any) -> Any:
        text = value if isinstance(value, str) else _dumps(value)
        if len(text) * 4 > limit and (size := len(text.encode("utf-8", "surrogatepass"))) > limit:
            raise ValueError(f"is {size} bytes; at most {limit} bytes are allowed")
        return value

    return AfterValidator(check)


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _clean(value: str) -> str:
    """Refuse lone surrogates, which no UTF-8 file can hold."""
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueError("holds half of a character (a lone surrogate)") from None
    return value


def _in_range(value: datetime) -> datetime:
    """Return the instant in UTC, or refuse one that UTC cannot say."""
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("is outside the years 1 to 9999 in UTC") from None


Clean = AfterValidator(_clean)
Instant = Annotated[AwareDatetime, AfterValidator(_in_range)]
UtcTime = Annotated[datetime, PlainSerializer(_iso, return_type=str, when_used="json")]
Json = Any
Subject = Annotated[str, StringConstraints(min_length=1, max_length=200), Clean]
Text64 = Annotated[str, StringConstraints(min_length=1, max_length=64), Clean]
Text200 = Annotated[str, StringConstraints(max_length=200), Clean]
Body = Annotated[str, Clean, fits(64 * KB)]
Metadata = Annotated[dict[str, Any], fits(8 * KB)]
Payload = Annotated[Any, fits(64 * KB)]
Priority = Annotated[int, Field(ge=0, le=9)]
Cursor = Annotated[str | None, Field(max_length=200, description="`next_cursor` of the page before.")]
Limit = Annotated[int, Field(ge=1, le=200, description="Page size, 1 to 200.")]
Timeout = Annotated[float, Field(ge=0, le=300, description="Seconds to wait, 0 to 300.")]
