"""Starts and stops the servers that are measured, and reads what they cost from /proc."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from benchmarks import floor
from benchmarks.client import BenchmarkError

__all__ = ["Served", "resident", "serve", "serve_floor"]

ROOT = Path(__file__).resolve().parent.parent
START_LIMIT = 60.0
STOP_LIMIT = 15.0
LISTEN = "0A"
TICK = os.sysconf("SC_CLK_TCK")


class Served:
    """A server of ours: its port, its data directory, its cost, and its end."""

    def __init__(self, command: list[str], home: Path, port: int, health: str) -> None:
        """Start it and wait until it answers."""
        self.home, self.port = home, port
        self.log = home.with_name(f"{home.name}-{port}.log")
        environment = os.environ | {"NEXUS_HOME": str(home), "NEXUS_PAIR_LIMIT": "0", "PYTHONUNBUFFERED": "1"}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        started = time.perf_counter()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        try:
            self._await_answer(f"http://127.0.0.1:{port}{health}", started + START_LIMIT)
            self.start_seconds = time.perf_counter() - started
            self.pid = _listener(self.process.pid, port)
        except BaseException:
            self.kill()
            raise

    def cpu_seconds(self) -> float:
        """Return the processor time that the process behind the port has used, all threads."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        except FileNotFoundError:
            raise BenchmarkError(f"The server's process {self.pid} is gone.") from None
        return (int(fields[11]) + int(fields[12])) / TICK

    def stop(self) -> float:
        """Ask it to end as an operator would; return the seconds until it and its children are gone."""
        started = time.perf_counter()
        self.process.send_signal(signal.SIGTERM)
        while self._lives():
            if time.perf_counter() - started > STOP_LIMIT:
                self.kill()
                raise BenchmarkError(f"The server ignores SIGTERM for {STOP_LIMIT:.0f} s.\n{self.tail()}")
            time.sleep(0.005)
        return time.perf_counter() - started

    def kill(self) -> None:
        """End it and its children at once, if any still runs."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def _lives(self) -> bool:
        if self.process.poll() is None:
            return True
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def tail(self) -> str:
        """Return the last lines that it printed."""
        lines = self.log.read_text(errors="replace").splitlines()[-25:]
        return "\n".join(["Its last lines:", *lines] if lines else ["It printed nothing."])

    def _await_answer(self, url: str, limit: float) -> None:
        while time.perf_counter() < limit:
            if self.process.poll() is not None:
                raise BenchmarkError(f"The server ended with code {self.process.returncode}.\n{self.tail()}")
            try:
                with urlopen(url, timeout=5) as answer:
                    answer.read()
                return
            except (URLError, OSError):
                time.sleep(0.02)
        raise BenchmarkError(f"{url} does not answer within {START_LIMIT:.0f} s.\n{self.tail()}")


def resident(pid: int) -> float:
    """Return the resident memory of a process in MB."""
    (line,) = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) / 1024


@contextmanager
def serve(home: Path, server: str) -> Iterator[Served]:
    """Run Nexus on a data directory, as `nexus serve` does."""
    port = _free_port()
    command = [sys.executable, "manage.py", "serve", "--port", str(port), "--server", server]
    with _running(Served(command, home, port, "/healthz")) as served:
        yield served


@contextmanager
def serve_floor(home: Path, server: str) -> Iterator[Served]:
    """Run the constant application on the same kind of web server."""
    port = _free_port()
    with _running(Served(floor.command(server, port), home, port, "/")) as served:
        yield served


@contextmanager
def _running(served: Served) -> Iterator[Served]:
    try:
        yield served
    except BenchmarkError as error:
        raise BenchmarkError(f"{error}\n{served.tail()}") from error
    finally:
        if served.process.returncode is None:
            served.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _listener(parent: int, port: int) -> int:
    """Return the youngest process of the family that listens on the port: a child inherits its parent's socket."""
    inode = _listening_inode(port)
    holders = [pid for pid in _family(parent) if inode in _sockets(pid)]
    if not holders:
        raise BenchmarkError(f"No process of the server's family {_family(parent)} listens on port {port}.")
    return holders[-1]


def _listening_inode(port: int) -> str:
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
                return fields[9]
    raise BenchmarkError(f"No socket listens on port {port}.")


def _family(parent: int) -> list[int]:
    family = [parent]
    for pid in family:
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            family += map(int, task.read_text().split())
    return family


def _sockets(pid: int) -> set[str]:
    found = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            match = re.fullmatch(r"socket:\[(\d+)\]", str(descriptor.readlink()))
        except FileNotFoundError:
            continue
        if match:
            found.add(match[1])
    return found
