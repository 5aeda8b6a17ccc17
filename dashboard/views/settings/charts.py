"""Lines of the last hour as SVG paths."""

from collections.abc import Sequence

__all__ = ["WIDTH", "Line", "ceiling", "drawn"]

WIDTH = 236
STEPS = (1, 2, 5)

Line = tuple[str, str]  # the path of the line, and of what lies under it


def drawn(values: Sequence[float], top: float, height: float) -> Line:
    """Return the line through values from left to right; `top` is the value at the upper edge."""
    step = WIDTH / max(1, len(values) - 1)
    floor = height - 1
    points = [
        f"{index * step:.1f} {floor - (floor - 1) * value / (top or 1):.1f}" for index, value in enumerate(values)
    ]
    line = f"M{'L'.join(points)}"
    return line, f"{line}L{WIDTH} {height}L0 {height}Z"


def ceiling(value: float) -> int:
    """Return the next round number: 1, 2, 5, 10, 20, 50 and so on."""
    size = 1
    while True:
        for step in STEPS:
            if step * size >= value:
                return step * size
        size *= 10
