"""Old handoffs go; one that is not closed never does."""

from datetime import datetime

from django.db.models import QuerySet

from bus.identity import Caller
from bus.models import Audience
from bus.retention import CHUNK
from handoffs.models import CLOSED, Handoff, PathClaim

__all__ = ["count", "prune"]


def prune(caller: Caller, before: datetime) -> list[str]:
    """Delete handoffs of the workspace that were closed before an instant, a chunk of them; return their ids."""
    rows = list(_old(caller, before).order_by("state", "closed_at").values_list("pk", "public_id")[:CHUNK])
    numbers, names = [pk for pk, _ in rows], [public_id for _, public_id in rows]
    PathClaim.objects.filter(handoff__in=numbers).delete()
    Handoff.objects.filter(pk__in=numbers).delete()
    Audience.objects.filter(subject__in=names).delete()
    return names


def count(caller: Caller, before: datetime) -> int:
    """Return how many would go."""
    return _old(caller, before).count()


def _old(caller: Caller, before: datetime) -> QuerySet[Handoff]:
    return Handoff.objects.filter(workspace_id=caller.workspace.id, state__in=CLOSED, closed_at__lt=before)
