"""A peer of a topic as a program of its own, which may be killed at any moment: `python peer.py {JSON}`.

It posts its share and writes each number that it saw into its journal before it says so. With `acks` the server keeps what
was confirmed; without, the server's cursor runs ahead, and after a start it is put back to what the journal holds. It ends
with 0 when it has seen all, and with 1 when something was missing, twice or out of order.
"""

import http.client
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BATCH, PAGE, WAIT, PATIENCE, REST = 10, 100, 2, 60, 0.05
INFO = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "peer", "version": "1"}}
HEADERS = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}


class Away(Exception):
    """The server is not there, or knows this session no more."""


@dataclass
class Peer:
    """What the program is told."""

    port: int
    key: str
    topic: str
    name: str
    token: str
    folder: str
    share: int
    total: int
    acks: bool

    def __post_init__(self) -> None:
        """Go on from what the files say."""
        self.journal, self.progress = Path(self.folder, "seen"), Path(self.folder, "sent")
        seen = self.journal.read_text().split() if self.journal.exists() else []
        self.last = int(seen[-1]) if seen else 0
        self.sent = int(self.progress.read_text() or 0) if self.progress.exists() else 0
        self.file = os.open(self.journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def run(self) -> int:
        """Connect again and again until all is seen."""
        while True:
            try:
                self._connect()
                while self.last < self.total or self.sent < self.share:
                    self._step()
                self._call("sync", topic_id=self.topic, wait_seconds=0, **self._place())
                return 0
            except (Away, OSError, http.client.HTTPException):
                time.sleep(REST)

    def _connect(self) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        self.headers = {**HEADERS, "Authorization": f"Bearer {self.key}"}
        response, _ = self._post({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": INFO})
        self.headers["Mcp-Session-Id"] = response.headers["mcp-session-id"]
        self.headers["MCP-Protocol-Version"] = INFO["protocolVersion"]
        self._post({"jsonrpc": "2.0", "method": "notifications/initialized"})
        self._call("topic_join", topic_id=self.topic, agent_name=self.name, reclaim_token=self.token)
        if not self.acks:
            self._call("cursor_reset", topic_id=self.topic, last_seq=self.last)

    def _place(self) -> dict[str, Any]:
        return {"auto_advance": False, "ack_through": self.last} if self.acks else {}

    def _step(self) -> None:
        """Send some of the share, take what is new, and write it down."""
        numbers = range(self.sent, min(self.sent + BATCH, self.share))
        outbox = [{"content_markdown": f"{self.name} {each}", "client_message_id": str(each)} for each in numbers]
        usual = {"include_self": True, "max_items": PAGE, "wait_seconds": 0 if outbox else WAIT}
        found = self._call("sync", topic_id=self.topic, outbox=outbox, **usual, **self._place())
        self._keep_sent(len(outbox))
        seqs = [each["seq"] for each in found["received"]]
        if seqs != list(range(self.last + 1, self.last + 1 + len(seqs))):
            sys.exit(f"{self.name} stood at {self.last} and got {seqs}")
        if seqs:
            os.write(self.file, "".join(f"{seq}\n" for seq in seqs).encode())
            self.last = seqs[-1]

    def _keep_sent(self, count: int) -> None:
        if count:
            self.sent += count
            new = self.progress.with_suffix(".new")
            new.write_text(str(self.sent))
            new.replace(self.progress)

    def _call(self, tool: str, **arguments: Any) -> Any:
        params = {"name": tool, "arguments": arguments}
        _, body = self._post({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})
        lines = [line[5:] for line in body.splitlines() if line.startswith(b"data:") and len(line) > 6]
        found = json.loads(lines[-1] if lines else body)["result"]["structuredContent"]
        if "error" in found:
            raise Away(found["error"])
        return found

    def _post(self, message: dict[str, Any]) -> tuple[http.client.HTTPResponse, bytes]:
        self.connection.request("POST", "/mcp?toolsets=agent-bus", json.dumps(message), self.headers)
        response = self.connection.getresponse()
        body = response.read()
        if response.status >= 300:
            raise Away(body)
        return response, body


if __name__ == "__main__":
    sys.exit(Peer(**json.loads(sys.argv[1])).run())
