"""A cluster that is killed, frozen or started twice is seen and healed, and does no work twice."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.serving.processes import PATIENCE, ROOT, Serve, Watch, django, environment, nexus

pytestmark = pytest.mark.slow
Start = Callable[..., Serve]
MESSAGES = 80  # which one pull takes


def cluster(running: Serve) -> list[int]:
    """Return the processes of the cluster in the order of their start: guard, worker, monitor, pusher."""
    return sorted(pid for pid in running.family() if b"serving.cluster" in Path(f"/proc/{pid}/cmdline").read_bytes())


def returned(home: Path) -> list[str]:
    """Return the message of each `delivery.returned` in the log."""
    return found(home / "nexus.sqlite3", "SELECT message FROM bus_event WHERE type = 'delivery.returned'")


def found(path: Path, query: str) -> list[str]:
    with closing(sqlite3.connect(path)) as raw:
        return [text for (text,) in raw.execute(query)]


def until(is_so: Callable[[], bool]) -> None:
    """Look until it is so."""
    end = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.1)


def pull(running: Serve, folder: Path, count: int) -> list[str]:
    """Send messages to bob, and have him pull them all under leases of a second; return them."""
    assert nexus(running.home, "call", "setting_put", "name=inbox_lease_min", "value=1").returncode == 0
    bob = running.ask("/api/v1/agents", {"name": "bob", "project_root": str(folder)})["key"]
    sent = [
        running.ask("/api/v1/messages", {"to": "bob", "subject": str(number), "body": ""})["message"]
        for number in range(count)
    ]
    order, pulled = {"limit": 100, "lease_seconds": 1}, list[str]()
    while len(pulled) < count:
        got = running.ask("/api/v1/inbox/pull", order, Authorization=f"Bearer {bob}")["messages"]
        pulled += [each["message"] for each in got if each["message"] not in pulled]
    assert set(pulled) == set(sent)
    return sent


@pytest.fixture
def healthy(serve: Start) -> Serve:
    """A server whose cluster works."""
    running = serve()
    running.until("/readyz", 200)
    return running


def test_a_killed_cluster_is_seen_at_once_and_comes_back(healthy: Serve) -> None:
    watch = Watch(cluster(healthy))
    os.kill(cluster(healthy)[0], signal.SIGKILL)
    assert watch.all_end()
    assert healthy.until("/readyz", 503)["cluster"] == {"ok": False}
    healthy.until("/readyz", 200)
    assert json.loads(nexus(healthy.home, "status", "--json").stdout)["cluster_restarts"] == 1
    doctor = nexus(healthy.home, "doctor")
    assert "started again, 1 times" in doctor.stdout


@pytest.mark.parametrize("victim", [1, 2, 3], ids=["worker", "monitor", "pusher"])
def test_a_killed_part_takes_the_whole_cluster_along_and_work_goes_on(healthy: Serve, victim: int) -> None:
    before = cluster(healthy)
    watch = Watch(before)
    os.kill(before[victim], signal.SIGKILL)
    assert watch.all_end()
    django(healthy.home, "from django_q.tasks import async_task; async_task('os.getppid', task_name='asked')")
    tasks = healthy.home / "queue.sqlite3"
    until(lambda: found(tasks, "SELECT success FROM django_q_task WHERE name = 'asked'") == [1])
    healthy.until("/readyz", 200)
    assert not set(before) & set(cluster(healthy))


def test_everything_of_the_cluster_killed_at_once_comes_back(healthy: Serve) -> None:
    before = cluster(healthy)
    watch = Watch(before)
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    assert watch.all_end()
    healthy.until("/readyz", 503)
    healthy.until("/readyz", 200)
    assert len(cluster(healthy)) == len(before)


@pytest.mark.parametrize("victim", [0, 1, 2, 3], ids=["guard", "worker", "monitor", "pusher"])
def test_a_frozen_part_is_seen_killed_and_replaced(healthy: Serve, victim: int) -> None:
    before = cluster(healthy)
    watch = Watch(before)
    os.kill(before[victim], signal.SIGSTOP)
    seen = healthy.until("/readyz", 503)["cluster"]
    assert not seen["ok"]
    assert watch.all_end()
    healthy.until("/readyz", 200)
    assert "The cluster for background work gets nothing done; it is killed." in healthy.log.read_text()
    assert not set(before) & set(cluster(healthy))


def test_a_worker_that_is_frozen_at_a_task_is_replaced(healthy: Serve) -> None:
    before = cluster(healthy)
    watch = Watch(before)
    django(healthy.home, "from django_q.tasks import async_task; async_task('time.sleep', 280)")
    until(lambda: found(healthy.home / "queue.sqlite3", "SELECT lock > datetime('now') FROM django_q_ormq") == [1])
    os.kill(before[1], signal.SIGSTOP)
    assert watch.all_end()
    healthy.until("/readyz", 200)


def test_a_long_task_is_no_freeze(healthy: Serve) -> None:
    before = cluster(healthy)
    code = "from django_q.tasks import async_task; async_task('time.sleep', 25, task_name='long')"
    django(healthy.home, code)
    query = "SELECT success FROM django_q_task WHERE name = 'long'"
    until(lambda: found(healthy.home / "queue.sqlite3", query) == [1])
    assert cluster(healthy) == before
    healthy.until("/readyz", 200)


@contextmanager
def stopped(pids: list[int]) -> Iterator[None]:
    """Stop processes, and let them go on afterwards."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    yield
    for pid in pids:
        os.kill(pid, signal.SIGCONT)


def test_while_the_cluster_is_frozen_the_server_sweeps_by_itself(healthy: Serve, tmp_path: Path) -> None:
    with stopped([healthy.process.pid, *cluster(healthy)]):  # nobody is left but the web server
        (message,) = pull(healthy, tmp_path, 1)
        until(lambda: bool(returned(healthy.home)))
        assert returned(healthy.home) == [message]
    healthy.until("/readyz", 200)
    assert returned(healthy.home) == [message]


def test_a_frozen_cluster_ends_with_a_killed_supervisor(healthy: Serve) -> None:
    family = healthy.family()
    watch = Watch(family)
    for pid in cluster(healthy)[:2]:
        os.kill(pid, signal.SIGSTOP)
    healthy.process.kill()
    assert watch.all_end()


def test_the_cluster_is_started_by_its_supervisor_only(tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-m", "nexus_site.serving.cluster"]
    env = environment(tmp_path / "home")
    ended = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=PATIENCE)
    assert ended.returncode == 1
    assert "manage.py qcluster" in ended.stderr
    assert "Traceback" not in ended.stderr


@contextmanager
def another_cluster(home: Path) -> Iterator[int]:
    """Run `manage.py qcluster` by hand, and end it by Ctrl+C."""
    with home.with_name("qcluster.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "qcluster"], cwd=ROOT, env=environment(home), stdout=log, stderr=log
        )
        try:
            yield process.pid
            process.send_signal(signal.SIGINT)
            process.wait(PATIENCE)
        finally:
            process.kill()
            process.wait()
    assert process.returncode == 0, home.with_name("qcluster.log").read_text()


WHO = """
from django_q.tasks import async_task
for _ in range(20):
    async_task("os.getpid", task_name="who")
"""
SWEEPS = """
from django_q.tasks import async_task
for _ in range(30):
    async_task("bus.tasks.sweep", "delivery_lease")
    async_task("bus.tasks.sweep_all")
    async_task("bus.tasks.backup")
"""


def test_two_clusters_do_nothing_twice(healthy: Serve, tmp_path: Path) -> None:
    queue = healthy.home / "queue.sqlite3"

    def both_work() -> bool:
        django(healthy.home, WHO)
        return len(found(queue, "SELECT DISTINCT result FROM django_q_task WHERE name = 'who'")) == 2

    with another_cluster(healthy.home):
        until(both_work)
        sent = pull(healthy, tmp_path, MESSAGES)
        django(healthy.home, SWEEPS)
        until(lambda: len(returned(healthy.home)) >= MESSAGES)
        until(lambda: found(queue, "SELECT count(*) FROM django_q_ormq") == [0])
    assert sorted(returned(healthy.home)) == sorted(sent)
    backups = found(healthy.home / "nexus.sqlite3", "SELECT payload FROM bus_event WHERE type = 'backup.made'")
    assert len(backups) == len([*(healthy.home / "backups").glob("nexus-*.sqlite3")]) == 1
    failed = found(queue, "SELECT name FROM django_q_task WHERE NOT success")
    assert failed == []
    assert nexus(healthy.home, "verify").returncode == 0
