"""Path claims in the admin."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.db.models import Q

from bus.admin import cells
from bus.admin.base import ReadOnly
from bus.admin.filters import by_choice
from handoffs.models import PathClaim

STANDING = by_choice(
    "standing",
    "standing",
    {
        "held": ("Not given back", lambda: Q(released_at=None)),
        "released": ("Given back", lambda: Q(released_at__isnull=False)),
    },
)


@admin.register(PathClaim)
class PathClaims(ReadOnly):
    """Which files were held by whom."""

    list_display = ("glob_code", "agent_link", "handoff_link", "place", "standing", "ends")
    list_filter = (STANDING, "workspace")
    list_select_related = ("agent", "handoff", "workspace")
    search_fields = ("glob", "agent__name", "reason")
    search_help_text = "A path, an agent or a reason."
    fields = readonly_fields = (
        *("glob_code", "agent_link", "handoff_link", "place", "standing", "reason_text"),
        *("begun", "ends_exactly", "released"),
    )

    glob_code = admin.display(lambda _, row: cells.code(row.glob), description="files")
    agent_link = admin.display(lambda _, row: cells.link(row.agent), description="agent")
    handoff_link = admin.display(lambda _, row: cells.link(row.handoff), description="handoff")
    place = admin.display(lambda _, row: cells.place(row.workspace), description="workspace")
    standing = admin.display(lambda _, row: cells.badge("given back" if row.released_at else "held"))
    reason_text = admin.display(lambda _, row: cells.block(row.reason), description="reason")
    begun = admin.display(lambda _, row: cells.exact(row.created_at), description="since")
    ends = admin.display(lambda _, row: cells.moment(row.until), description="until")
    ends_exactly = admin.display(lambda _, row: cells.exact(row.until), description="until")
    released = admin.display(lambda _, row: cells.exact(row.released_at), description="given back")

    def history(self, row: Any) -> Mapping[str, Any]:
        """Find the events of its handoff, or those about files."""
        return {"handoff": row.handoff.public_id} if row.handoff else {"type__startswith": "paths."}
