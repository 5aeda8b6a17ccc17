"""The time of every list of the admin, 300 ms at most, page of the dashboard and jump into the past in a large installation.

It runs in a process of its own, whose data directory is FOLDER.
"""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks import pages, replay

__all__ = ["check"]

MOST_MS = 300.0
TRIES = 3
QUERIES = {
    "bus/message": (
        *("q=build", "q=nothing+like+it", "q=agent-7", "q=msg_500", "kind__exact=topic", "p=150"),
        *("sent_at__year={year}&sent_at__month={month}&sent_at__day=1", "workspace__id__exact=2"),
    ),
    "bus/delivery": ("lane__exact=parked", "lane__exact=expired", "q=agent-7", "q=msg_500", "p=150"),
    "bus/event": (
        *("q=message.created", "q=agent-7", "q=nothing+like+it", "q=msg_500", "about=setting", "from=operator"),
        *("at__year={year}&at__month={month}&at__day=1", "workspace__id__exact=2", "agent=agent-7", "p=150"),
    ),
    "handoffs/handoff": ("q=number+77", "q=nothing", "q=agent-7", "state__exact=open", "state__exact=expired"),
}


def check(folder: Path) -> bool:
    """Measure in a new process; print the times and say whether every list was quick enough."""
    sys.stdout.flush()
    environment = {**os.environ, "NEXUS_HOME": str(folder), "DJANGO_SETTINGS_MODULE": "nexus_site.settings"}
    return subprocess.run([sys.executable, "-m", "benchmarks.admin"], env=environment, check=False).returncode == 0


def main() -> int:
    """Fill a database, ask every list and return the exit code."""
    import django

    django.setup()
    from django.core.management import call_command

    from benchmarks.admin_data import fill

    for alias in ("default", "queue"):
        call_command("migrate", database=alias, verbosity=0)
    fill()
    client = _client()
    verdicts = [_show(_times(client)), pages.show(pages.times(client)), replay.show(replay.jumps(client))]
    return 0 if all(verdicts) else 1


def _show(times: dict[str, float]) -> bool:
    print(f"\n{'Admin, 100,000 messages':<70}{'ms':>8}")
    for url, milliseconds in times.items():
        print(f"{url:<70}{milliseconds:>8.1f}{'' if milliseconds <= MOST_MS else '   FAILED'}")
    slowest = max(times.values())
    print(f"slowest {slowest:.1f}   at most {MOST_MS:g}   {'ok' if slowest <= MOST_MS else 'FAILED'}")
    return slowest <= MOST_MS


def _client() -> Any:
    from django.contrib.auth.models import User
    from django.test import Client

    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(User.objects.create_superuser("bench"))
    client.get("/admin/")  # what is imported once is not a list's
    return client


def _times(client: Any) -> dict[str, float]:
    return {url: min(_time(client, url) for _ in range(TRIES)) for url in _urls()}


def _urls() -> list[str]:
    from django.contrib import admin

    from bus import clock

    month = clock.now()
    lists = sorted({f"{model._meta.app_label}/{model._meta.model_name}" for model in admin.site._registry})
    urls = ["/admin/", *(f"/admin/{each}/" for each in lists)]
    for each, queries in QUERIES.items():
        urls += [f"/admin/{each}/?{query.format(year=month.year, month=month.month)}" for query in queries]
    return urls


def _time(client: "object", url: str) -> float:
    started = time.perf_counter()
    response = client.get(url)  # type: ignore[attr-defined]
    if response.status_code != 200:
        raise SystemExit(f"{url} answered {response.status_code}")
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    sys.exit(main())
