"""`python -m benchmarks` measures and prints; `--check` fails when a bound is broken, `--scale` when cost grows."""

import argparse
import asyncio
import gc
import signal
import sys
import tempfile
from pathlib import Path

from benchmarks import admin, scale
from benchmarks.bench import bench
from benchmarks.check import check
from benchmarks.client import BenchmarkError
from benchmarks.soak import soak


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
    if arguments.scale:
        size = scale.FULL._replace(messages=arguments.messages)
        big = arguments.big or folder / "big"
        holds = asyncio.run(scale.grows(folder, arguments.server, size, big))
        return 0 if admin.check(big, is_filled=True) and holds else 1
    if arguments.soak:
        return 0 if asyncio.run(soak(folder, arguments.server, arguments.soak)) else 1
    if arguments.check:
        small = folder / "scale"
        verdicts = [
            asyncio.run(check(folder, arguments.server, arguments.seconds)),
            asyncio.run(scale.grows(small, arguments.server, scale.SMALL, small / "big")),
            admin.check(folder / "admin"),
        ]
        return 0 if all(verdicts) else 1
    asyncio.run(bench(folder, arguments.server, arguments.seconds))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail on ratios to the floor; 32 clients over MCP only")
    parser.add_argument("--scale", action="store_true", help="fail when a big installation is slower than an empty one")
    parser.add_argument("--messages", type=int, default=scale.FULL.messages, help="how big it is (default: 1,000,000)")
    parser.add_argument("--big", type=Path, help="a data directory that `benchmarks.scale_data` has made")
    parser.add_argument("--soak", type=float, metavar="MINUTES", help="a steady load; fail when something grows")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of one measurement (default: 3)")
    parser.add_argument("--server", choices=("daphne", "uvicorn"), default="daphne", help="web server of both")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
