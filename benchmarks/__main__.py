"""`python -m benchmarks` measures and prints; `--check` fails when a ratio to the floor is broken."""

import argparse
import asyncio
import gc
import signal
import sys
import tempfile
from pathlib import Path

from benchmarks import admin
from benchmarks.bench import bench
from benchmarks.check import check
from benchmarks.client import BenchmarkError


def main() -> int:
    """Return the exit code: 0, 1 for a broken bound, 2 when nothing could be measured."""
    arguments = _arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the servers are stopped on both
    gc.freeze()
    gc.disable()
    try:
        with tempfile.TemporaryDirectory(prefix="nexus-bench-") as folder:
            return _run(Path(folder), arguments)
    except BenchmarkError as error:
        print(f"\nThe benchmark stopped: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _run(folder: Path, arguments: argparse.Namespace) -> int:
    if not Path("/proc/self/stat").exists():
        raise BenchmarkError("the cost of a process is read from /proc, which this system does not have.")
    if arguments.check:
        holds = asyncio.run(check(folder, arguments.server, arguments.seconds))
        return 0 if admin.check(folder / "admin") and holds else 1
    asyncio.run(bench(folder, arguments.server, arguments.seconds))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail on ratios to the floor; 32 clients over MCP only")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of one measurement (default: 3)")
    parser.add_argument("--server", choices=("daphne", "uvicorn"), default="daphne", help="web server of both")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
