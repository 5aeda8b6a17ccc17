"""Tests against a real server process, over real sockets and real MCP clients."""
