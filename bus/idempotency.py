"""Idempotency keys: the same key and order give the first answer again; another order under the key is refused."""

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bus.errors import Conflict
from bus.identity import Caller
from bus.models import StoredAnswer
from bus.prepared import insert, prepared
from bus.schemas.base import Answer, WriteOrder

if TYPE_CHECKING:
    from bus.door import Published

__all__ = ["earlier", "forget", "keep", "once", "secret"]

FIND = prepared(
    lambda agent, key: StoredAnswer.objects.filter(agent_id=agent, key=key).values_list("digest", "answer"), int, str
)
INSERT = insert(StoredAnswer, "agent", "key", "digest", "answer", "created_at")
KEEP = prepared(
    lambda answer, agent, key: (StoredAnswer.objects.filter(agent_id=agent, key=key), {"answer": answer}), str, int, str
)


def secret(answer: type[Answer]) -> set[str]:
    """Return the fields of an answer that are secret: shown once, stored as null."""
    return {name for name, field in answer.model_fields.items() if (field.json_schema_extra or {}) == {"secret": True}}


def once(entry: "Published", caller: Caller, order: WriteOrder) -> Any:
    """Run the operation unless its key already has an answer; a refusal stores nothing. Runs inside the lane."""
    key = order.idempotency_key or ""
    digest = _digest(entry.name, caller, order)
    kept = FIND.first(caller.agent.id, key)
    if kept is not None:
        return _again(entry, kept, digest, key)
    answer = entry.function(caller, order)
    INSERT.one(caller.agent.id, key, digest, _stored(answer), caller.now)
    return answer


def keep(caller: Caller, key: str, answer: Answer) -> None:
    """Let a later answer of the same call be the one of its key. Runs inside the lane."""
    KEEP.run(_stored(answer), caller.agent.id, key)


def _stored(answer: Answer) -> str:
    return answer.model_dump_json(exclude_none=True, exclude=secret(type(answer)))


def earlier(entry: "Published", caller: Caller, order: WriteOrder) -> Any:
    """Return the answer that the order's key has already, None without one."""
    key = order.idempotency_key or ""
    kept = FIND.first(caller.agent.id, key) if key else None
    return None if kept is None else _again(entry, kept, _digest(entry.name, caller, order), key)


def _again(entry: "Published", kept: tuple[bytes, str], digest: bytes, key: str) -> Any:
    if bytes(kept[0]) != digest:
        raise Conflict(
            "This idempotency key was used for another order.",
            hint="Use a new key for a new order.",
            idempotency_key=key,
        )
    answer = entry.answer.model_validate_json(kept[1])
    answer.duplicate = True
    return answer


def _digest(name: str, caller: Caller, order: WriteOrder) -> bytes:
    body = order.model_dump_json(exclude={"idempotency_key", "workspace"}, exclude_unset=True)
    return hashlib.sha256(f"{name}\x00{caller.workspace.public_id}\x00{body}".encode("utf-8", "replace")).digest()


def forget(before: datetime, limit: int) -> int:
    """Delete at most `limit` answers stored before an instant; return how many."""
    old = StoredAnswer.objects.filter(created_at__lt=before).order_by("created_at").values("pk")[:limit]
    return StoredAnswer.objects.filter(pk__in=old).delete()[0]
