"""`nexus serve` and other commands as real processes, each on a data directory of its own."""

import http.client
import json
import os
import select
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 180


def environment(home: Path, **more: str) -> dict[str, str]:
    """Return an environment with this data directory and no other setting."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("NEXUS_")}
    return clean | {"NEXUS_HOME": str(home), "PYTHONPATH": str(ROOT)} | more


def nexus(home: Path, *words: str, cwd: Path = ROOT, **more: str) -> subprocess.CompletedProcess[str]:
    """Run `nexus …` to its end."""
    command = [sys.executable, "-P", "-m", "nexus_site.cli", *words]
    return subprocess.run(
        command, cwd=cwd, env=environment(home, **more), capture_output=True, text=True, timeout=PATIENCE
    )


def django(home: Path, code: str) -> None:
    """Run a few lines of Python where Nexus is loaded."""
    command = [sys.executable, str(ROOT / "manage.py"), "shell", "--no-imports", "-c", code]
    subprocess.run(command, env=environment(home), check=True, capture_output=True, timeout=PATIENCE)


def heed_ctrl_c() -> None:
    """Undo what a shell does to the programs it starts in the background: they ignore Ctrl+C, and so would the server."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Serve:
    """A running `nexus serve`."""

    def __init__(self, home: Path, *words: str, **more: str) -> None:
        """Start it on a free port, with more in its environment, and wait until it says where it is."""
        self.home = home
        self.log = home.with_name(f"{home.name}.log")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "nexus_site.cli", "serve", "--port", "0", "--json", *words],
                env=environment(home, **more),
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
                preexec_fn=heed_ctrl_c,
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.log.read_text()
        self.said: dict[str, Any] = json.loads(line)

    @property
    def key(self) -> str:
        """Return the operator's key."""
        return (self.home / "operator.key").read_text().strip()

    @contextmanager
    def open(self, path: str, body: Any = None, **headers: str) -> Iterator[http.client.HTTPResponse]:
        """Send one request and give the response as it begins."""
        connection = http.client.HTTPConnection(urlsplit(self.said["url"]).netloc, timeout=PATIENCE)
        data = None if body is None else json.dumps(body)
        more = {} if body is None else {"Content-Type": "application/json"}
        with closing(connection):
            connection.request("GET" if body is None else "POST", path, data, more | headers)
            with connection.getresponse() as response:
                yield response

    def ask(self, path: str, body: Any = None, **headers: str) -> Any:
        """Return the JSON that a request is answered with."""
        with self.open(path, body, **headers) as response:
            return json.loads(response.read())

    def until(self, path: str, status: int) -> Any:
        """Ask until the answer has this status."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            with suppress(OSError, http.client.HTTPException), self.open(path) as response:
                found = json.loads(response.read())
                if response.status == status:
                    return found
            time.sleep(0.05)
        raise AssertionError(f"{path} never answered {status}")

    def family(self) -> list[int]:
        """Return the process and everything that it started."""
        found = [self.process.pid]
        for pid in found:
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                found += map(int, task.read_text().split())
        return found

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it by a signal and return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def clear_away(self) -> None:
        """End whatever is left of it."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)
        if self.process.stdout is not None:
            self.process.stdout.close()


class Watch:
    """Sees processes end, whoever they belong to."""

    def __init__(self, pids: list[int]) -> None:
        """Take hold of processes that live."""
        self._held = {os.pidfd_open(pid): pid for pid in pids}

    def all_end(self, patience: float = PATIENCE) -> bool:
        """Wait until every one of them has ended; it may be asked again."""
        end = time.monotonic() + patience
        for held in list(self._held):
            ready, _, _ = select.select([held], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                return False
            os.close(held)
            del self._held[held]
        return True


def modes(folder: Path) -> set[str]:
    """Return the distinct permissions of what is in a folder, such as `-rw-------`."""
    return {stat.filemode(path.lstat().st_mode) for path in folder.rglob("*")}
