"""The time of every list of the admin, page of the dashboard, jump into the past and search in a large installation.

A list may take 300 ms on the machine where that was set, and by the yardstick more on a slower one.

It runs in a process of its own, whose data directory is FOLDER.
"""

import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import pages, replay, search
from benchmarks.yardstick import Attempt, best, table

__all__ = ["check"]

MOST_MS = 300.0
QUERIES = {
    "bus/message": (
        *("q=build", "q=nothing+like+it", "q=agent-7", "q={{message}}", "kind__exact=topic", "p=150"),
        *("sent_at__year={year}&sent_at__month={month}&sent_at__day=1", "workspace__id__exact=2"),
    ),
    "bus/delivery": ("lane__exact=parked", "lane__exact=expired", "q=agent-7", "q={{message}}", "p=150"),
    "bus/event": (
        *("q=message.created", "q=agent-7", "q=nothing+like+it", "q={{message}}", "about=setting", "from=operator"),
        *("at__year={year}&at__month={month}&at__day=1", "workspace__id__exact=2", "agent=agent-7", "p=150"),
    ),
    "handoffs/handoff": ("q=number+77", "q=nothing", "q=agent-7", "state__exact=open", "state__exact=expired"),
}


def check(folder: Path, *, is_filled: bool = False) -> bool:
    """Measure in a new process, `folder` filled first if it is new; say whether every list and page was quick enough."""
    sys.stdout.flush()
    command = [sys.executable, "-m", "benchmarks.admin", *(["--filled"] if is_filled else [])]
    environment = {**os.environ, "NEXUS_HOME": str(folder), "DJANGO_SETTINGS_MODULE": "nexus_site.settings"}
    return subprocess.run(command, env=environment, check=False).returncode == 0


def main() -> int:
    """Fill a database, ask every list and return the exit code."""
    import django

    django.setup()
    from django.core.management import call_command

    from benchmarks.admin_data import fill

    for alias in ("default", "queue"):
        call_command("migrate", database=alias, verbosity=0)
    if "--filled" not in sys.argv:
        fill()
    client = _client()
    verdicts = [
        table("Lists of the admin", _times(client), MOST_MS),
        pages.show(pages.times(client)),
        replay.show(replay.jumps(client)),
        search.show(search.times()),
    ]
    return 0 if all(verdicts) else 1


def _client() -> Any:
    from django.contrib.auth.models import User
    from django.test import Client

    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(User.objects.filter(username="bench").first() or User.objects.create_superuser("bench"))
    client.get("/admin/")  # what is imported once is not a list's
    return client


def _times(client: Any) -> dict[str, Attempt]:
    return {url: best(partial(_time, client, url), MOST_MS) for url in _urls()}


def _urls() -> list[str]:
    from django.contrib import admin

    from bus import clock

    month = clock.now()
    lists = sorted({f"{model._meta.app_label}/{model._meta.model_name}" for model in admin.site._registry})
    urls = ["/admin/", *(f"/admin/{each}/" for each in lists)]
    for each, queries in QUERIES.items():
        filled = [query.format(year=month.year, month=month.month) for query in queries]
        urls += [f"/admin/{each}/?{pages.named(query)}" for query in filled]
    return urls


def _time(client: "object", url: str) -> float:
    started = time.perf_counter()
    response = client.get(url)  # type: ignore[attr-defined]
    if response.status_code != 200:
        raise SystemExit(f"{url} answered {response.status_code}")
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    sys.exit(main())
