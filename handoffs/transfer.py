"""What of this room an export holds: handoffs, who may see them, and the files that are held."""

from typing import Any

from django.db.models import QuerySet

from bus.models import Audience
from bus.transfer import Table
from handoffs.models import Handoff, PathClaim

__all__ = ["TABLES"]


class Seen(Table):
    """Who may see the handoffs of a workspace."""

    def rows(self, workspace: int) -> QuerySet[Any]:
        """Return them in their order."""
        handoffs = Handoff.objects.filter(workspace=workspace)
        return Audience.objects.filter(subject__in=handoffs.values("public_id")).order_by("pk")


TABLES = (
    Table("handoffs", Handoff, named=("to", "pool", "fallback", "verify_by")),
    Seen("audience", Audience),
    Table("path_claims", PathClaim),
)
