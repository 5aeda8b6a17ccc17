"""The line of a text that shows what was found in it."""

from collections.abc import Sequence

from bus.phrases import Phrase, spans
from bus.text import visible

__all__ = ["READ", "snippet"]

READ = 8_000
LONGEST, BEFORE = 160, 40
CUT = "…"


def snippet(text: str, wanted: Sequence[Phrase]) -> tuple[str, list[tuple[int, int]]]:
    """Return one line of a text around the first hit, else its beginning, and where the hits stand in the line."""
    line = visible(" ".join(text.split()))
    found = spans(line, wanted)
    begin = _begin(line, found[0][0] if found else 0)
    end = begin + LONGEST
    shown = (CUT if begin else "") + line[begin:end] + (CUT if end < len(line) else "")
    moved = begin - (1 if begin else 0)
    return shown, [(start - moved, stop - moved) for start, stop in found if start >= begin and stop <= end]


def _begin(line: str, hit: int) -> int:
    """Return where the line begins: at a word some way before the hit."""
    if hit <= BEFORE:
        return 0
    return line.find(" ", hit - BEFORE, hit) + 1 or hit
