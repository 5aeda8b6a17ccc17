"""Raw connections to a real server, whose clients do what no library would: trickle, read nothing, say nothing, vanish."""

import base64
import json
import os
import re
import socket
import struct
import time
from pathlib import Path
from typing import Any

from tests.live.servers import MODERN, Server

PATIENCE = 80
SMALL = 4096


def opened(port: int, data: bytes = b"", buffer: int = 0) -> socket.socket:
    """Return a connection on which this was sent; with a buffer of this size it takes little of an answer."""
    raw = socket.socket()
    if buffer:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    raw.settimeout(PATIENCE)
    raw.connect(("127.0.0.1", port))
    raw.sendall(data)
    return raw


def head(port: int, line: str, **headers: str) -> bytes:
    """Return the head of a request."""
    named = {"Host": f"127.0.0.1:{port}", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return "\r\n".join([line, *(f"{name}: {value}" for name, value in named.items()), "", ""]).encode()


def body_of(raw: socket.socket, until: bytes = b"") -> bytes:
    """Read until these bytes came, or to the end."""
    read = b""
    while not (until and until in read) and (more := raw.recv(65_536)):
        read += more
    return read


def status(raw: socket.socket) -> int:
    """Read the status of an answer."""
    return int(re.match(rb"HTTP/1.1 (\d+)", body_of(raw, b"\r\n"))[1])


def is_cut(raw: socket.socket, patience: float = PATIENCE) -> bool:
    """Wait, without reading, until the server has let go of the connection, though the client may not hear of it."""
    mine, theirs = raw.getsockname()[1], raw.getpeername()[1] if not _is_reset(raw) else 0
    end = time.monotonic() + patience
    while theirs and (theirs, mine) in _established():
        if time.monotonic() > end:
            return False
        time.sleep(0.2)
    return True


def queued(raw: socket.socket) -> int:
    """Return how many bytes the kernel holds for a client that has not taken them, on the server's side."""
    ends = (raw.getpeername()[1], raw.getsockname()[1]) if not _is_reset(raw) else ()
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    found = [line[4] for line in lines if tuple(int(each.rpartition(":")[2], 16) for each in line[1:3]) == ends]
    return sum(int(each.partition(":")[0], 16) for each in found)


def _is_reset(raw: socket.socket) -> bool:
    try:
        raw.getpeername()
    except OSError:
        return True
    return False


def _established() -> set[tuple[int, int]]:
    """Return the ports of both ends of every open connection."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    ports = [[int(each.rpartition(":")[2], 16) for each in line[1:3]] for line in lines if line[3] == "01"]
    return {(here, there) for here, there in ports}


def upgraded(server: Server, path: str, buffer: int = 0, **headers: str) -> socket.socket:
    """Return a connection that has become a WebSocket."""
    key = base64.b64encode(os.urandom(16)).decode()
    more = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec_WebSocket_Version": "13", "Sec_WebSocket_Key": key}
    raw = opened(server.port, head(server.port, f"GET {path} HTTP/1.1", **more, **headers), buffer)
    assert status(raw) == 101
    return raw


def frame(**content: Any) -> bytes:
    """Return a text frame of a client, masked with zeros."""
    text = json.dumps(content).encode()
    length = bytes([0x80 | len(text)]) if len(text) < 126 else b"\xfe" + struct.pack(">H", len(text))
    return b"\x81" + length + bytes(4) + text


def events(server: Server, key: str, buffer: int = 0, **query: str) -> socket.socket:
    """Return a connection that asked for the log as a stream."""
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    line = f"GET /api/v1/events/stream?{asked} HTTP/1.1"
    return opened(server.port, head(server.port, line, Authorization=f"Bearer {key}"), buffer)


class Mcp:
    """The two kinds of MCP streams of one key."""

    accepts = "application/json, text/event-stream"

    def __init__(self, server: Server, key: str) -> None:
        """Keep who calls."""
        self.server = server
        self.headers = {"Authorization": f"Bearer {key}", "Accept": self.accepts}
        self.http = server.client(base_url=server.url, headers=self.headers)

    def session(self, *, is_used: bool = True) -> str:
        """Shake hands, to the end where the session is used; return its id."""
        params = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "raw", "version": "1"}}
        answer = self.http.post("/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params})
        assert answer.status_code == 200, answer.text
        session = {"Mcp-Session-Id": answer.headers["mcp-session-id"], "MCP-Protocol-Version": "2025-11-25"}
        if is_used:
            self.http.post("/mcp", json={"jsonrpc": "2.0", "method": "notifications/initialized"}, headers=session)
        return session["Mcp-Session-Id"]

    def legacy(self, uri: str = "", buffer: int = 0) -> socket.socket:
        """Open the stream of a new session, which is told of a resource where one is named."""
        session = {"Mcp-Session-Id": self.session(), "MCP-Protocol-Version": "2025-11-25"}
        if uri:
            order = {"jsonrpc": "2.0", "id": 2, "method": "resources/subscribe", "params": {"uri": uri}}
            assert self.http.post("/mcp", json=order, headers=session).status_code == 200
        headers = {**self.headers, **session}
        return opened(self.server.port, head(self.server.port, "GET /mcp HTTP/1.1", **headers), buffer)

    def modern(self, uri: str, buffer: int = 0) -> socket.socket:
        """Open a stream of the era without handshakes."""
        meta = {
            "io.modelcontextprotocol/protocolVersion": MODERN,
            "io.modelcontextprotocol/clientInfo": {"name": "raw", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {},
        }
        params = {"notifications": {"resourceSubscriptions": [uri]}, "_meta": meta}
        sent = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "subscriptions/listen", "params": params}).encode()
        headers = {
            **self.headers,
            "Content-Type": "application/json",
            "Content-Length": str(len(sent)),
            "MCP-Protocol-Version": MODERN,
            "Mcp-Method": "subscriptions/listen",
        }
        return opened(self.server.port, head(self.server.port, "POST /mcp HTTP/1.1", **headers) + sent, buffer)


def web_process(server: Server) -> int:
    """Return the process that serves, the child of the supervisor."""
    assert server.process is not None
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    return next(int(child) for child in children if b"serving.web" in Path(f"/proc/{child}/cmdline").read_bytes())


def resident(server: Server) -> int:
    """Return the bytes of memory that the serving process holds."""
    return int(Path(f"/proc/{web_process(server)}/statm").read_text().split()[1]) * 4096


def sockets_open(server: Server) -> int:
    """Return how many connections the server has on its port."""
    return len(timers(server))


def timers(server: Server) -> list[int]:
    """Return the kernel's timer of each connection that the server has: 0 is none, 2 is that of keepalive."""
    found = []
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if int(fields[1].rpartition(":")[2], 16) == server.port and fields[3] == "01":
            found.append(int(fields[5].partition(":")[0], 16))
    return found


def until(is_so: Any, patience: float = PATIENCE) -> None:
    """Look until it is so."""
    end = time.monotonic() + patience
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.1)
