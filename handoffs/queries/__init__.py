"""Everything that reads handoffs."""

from handoffs.queries.paths import paths_check
from handoffs.queries.reading import between as between
from handoffs.queries.reading import handoff_get, handoff_list
from handoffs.queue import claimable_count as claimable_count

__all__ = ["handoff_get", "handoff_list", "paths_check"]
