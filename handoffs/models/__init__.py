"""The tables of this room: jobs, and the files they hold."""

from handoffs.models.handoff import Handoff
from handoffs.models.paths import PathClaim
from handoffs.models.sets import CLOSED, HELD, LIVE, HandoffQuerySet, State, Visibility, concerns

__all__ = ["CLOSED", "HELD", "LIVE", "Handoff", "HandoffQuerySet", "PathClaim", "State", "Visibility", "concerns"]
