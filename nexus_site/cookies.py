"""Logins in the database, each under the hash of what its cookie says: a copy of the data logs nobody in."""

import hashlib
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.sessions.backends import db

from bus import clock

__all__ = ["SessionStore"]


def _digest(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()[:40]  # as many characters as the column takes


class SessionStore(db.SessionStore):
    """Django's store of sessions, whose rows are named by the hash of a cookie; its text is kept nowhere."""

    def _get_session_from_db(self) -> Any:
        digest = _digest(self.session_key or "")
        row = self.model.objects.filter(session_key=digest, expire_date__gt=clock.now()).first()
        if row is None:
            self._session_key = None
        return row

    async def _aget_session_from_db(self) -> Any:
        return await sync_to_async(self._get_session_from_db)()

    def exists(self, session_key: str) -> bool:
        """Say whether a cookie says this."""
        return super().exists(_digest(session_key))

    async def aexists(self, session_key: str) -> bool:
        """Say whether a cookie says this."""
        return await super().aexists(_digest(session_key))

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        """Return the row to store."""
        row = super().create_model_instance(data)
        row.session_key = _digest(row.session_key)
        return row

    async def acreate_model_instance(self, data: dict[str, Any]) -> Any:
        """Return the row to store."""
        row = await super().acreate_model_instance(data)
        row.session_key = _digest(row.session_key)
        return row

    def delete(self, session_key: str | None = None) -> None:
        """End a login, this one unless another is named."""
        if cookie := session_key or self.session_key:
            super().delete(_digest(cookie))

    async def adelete(self, session_key: str | None = None) -> None:
        """End a login, this one unless another is named."""
        if cookie := session_key or self.session_key:
            await super().adelete(_digest(cookie))
