"""The WebSocket surface, `/ws/agent`: any operation as a frame, and pushes of one's own inbox and of chosen events.

`sockets` lets clients in and counts them, `connection` reads and writes frames, `member` is who calls, `conversation`
serves one client, and `pushes` tells it what it has not asked for.
"""
