"""The cluster is lost while work waits for it: the server sweeps by itself meanwhile, and nothing is lost or done twice."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.figures import figure
from tests.serving.processes import Serve, Watch, django, nexus
from tests.serving.test_cluster import cluster, found, pull, returned, stopped, until

pytestmark = pytest.mark.slow
MESSAGES, TASKS = 40, 20
QUEUED = f"""
from django_q.tasks import async_task
for number in range({TASKS}):
    async_task("os.getppid", task_name=f"asked {{number}}")
"""
KILLED = {"whole": [0, 1, 2, 3], "the parent only": [0], "the idle worker": [1]}


@pytest.mark.parametrize("victims", KILLED.values(), ids=KILLED)
def test_a_lost_cluster_loses_nothing(serve: Callable[..., Serve], tmp_path: Path, victims: list[int]) -> None:
    running = serve()
    running.until("/readyz", 200)
    before = cluster(running)
    watch = Watch(before)
    with stopped([running.process.pid]):  # nobody starts it again meanwhile
        for victim in victims:
            os.kill(before[victim], signal.SIGKILL)
        assert watch.all_end()
        django(running.home, QUEUED)
        sent = pull(running, tmp_path, MESSAGES)
        until(lambda: len(returned(running.home)) >= MESSAGES)
    running.until("/readyz", 200)
    assert not set(before) & set(cluster(running))
    asked = "SELECT name FROM django_q_task WHERE success AND name LIKE 'asked %'"
    until(lambda: len(found(running.home / "queue.sqlite3", asked)) >= TASKS)
    assert len(found(running.home / "queue.sqlite3", asked)) == len(set(found(running.home / "queue.sqlite3", asked)))
    assert sorted(returned(running.home)) == sorted(sent)
    assert nexus(running.home, "verify").returncode == 0
    figure("F", "leases that ran out while the cluster was killed", f"{MESSAGES} ended by the server, once each")
