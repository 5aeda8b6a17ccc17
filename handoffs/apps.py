"""Handoffs: one job, one winner."""

from django.apps import AppConfig


class HandoffsConfig(AppConfig):
    """Django's view of this room."""

    name = "handoffs"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the bus what of this room time ends, the log adds up to, retention deletes, search finds, and exports hold."""
        from bus import deadlines, search, transfer
        from bus import fold as log
        from bus import retention as keeping
        from handoffs import endings, fold, reservations, retention, sweeps
        from handoffs.transfer import TABLES

        deadlines.register(endings.LEASES, sweeps.end_leases, sweeps.next_lease_end)
        deadlines.register(endings.DUE, sweeps.expire, sweeps.next_due)
        deadlines.register(endings.FALLBACKS, sweeps.fall_back, sweeps.next_fallback)
        deadlines.register(reservations.KIND, reservations.end, reservations.next_end)
        log.register("handoff", fold.fold, fold.actual, ended=fold.ended, over=fold.over)
        log.register("paths", reservations.fold, reservations.actual)
        keeping.register("handoffs", retention.prune, retention.count)
        search.register(search.HANDOFFS)
        for table in TABLES:
            transfer.register(table)
