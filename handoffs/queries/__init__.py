"""Everything that reads handoffs."""

from handoffs.queries.paths import paths_check
from handoffs.queries.reading import between as between
from handoffs.queries.reading import claimable_items as claimable_items
from handoffs.queries.reading import handoff_get, handoff_list
from handoffs.queries.reading import held as held
from handoffs.queries.reading import visible_to as visible_to
from handoffs.queue import claimable as claimable
from handoffs.queue import claimable_count as claimable_count

__all__ = ["handoff_get", "handoff_list", "paths_check"]
