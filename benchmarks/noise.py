"""Another process that floods the server: many connections of one key, or of keys that nobody has, as fast as they can.

Run with the port, the head of a request as a file, and how many connections; it goes on until it is ended.
"""

import asyncio
import contextlib
import json
import sys
from collections import Counter
from pathlib import Path

from benchmarks.client import BenchmarkError, connect

__all__: list[str] = []


async def _flood(port: int, request: bytes, answers: Counter[int]) -> None:
    """Send the same request for ever; a connection that the server closes is opened again."""
    while True:
        connection = await connect(port)
        with contextlib.suppress(BenchmarkError):
            while True:
                answers[(await connection.call(request)).status] += 1


async def main(port: int, request: bytes, connections: int) -> None:
    """Flood until the input ends, and tell what was answered."""
    answers: Counter[int] = Counter()
    floods = [asyncio.create_task(_flood(port, request, answers)) for _ in range(connections)]
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    for flood in floods:
        flood.cancel()
    print(json.dumps(answers), flush=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2]).read_bytes(), int(sys.argv[3])))
