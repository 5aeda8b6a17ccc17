"""Finding texts: windows of the index, their ranking, and the lines that show what was found."""

from overview.queries.finding.looking import Page, look
from overview.queries.finding.shapes import KINDS, Match, Wanted

__all__ = ["KINDS", "Match", "Page", "Wanted", "look"]
