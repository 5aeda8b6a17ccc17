"""How well a text fits: how often its title and its beginning hold each word looked for, and how new it is.

`rank = 0.9 * fit + 0.1 * 30 / (30 + days)`, where fit is the mean over the words of `n / (n + 2)`, and n counts a word
in the title three times. How rare a word is in everything that was ever said is left out: to know it the database would
have to read every place of a common word, and as all words must be there it would change little.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from bus.phrases import WORD, Phrase, folded
from overview.queries.finding.shapes import Match

__all__ = ["Ranked", "ranked"]

IN_TITLE, HALF, DEEP, FRESH, DAYS = 3, 2, 0.2, 0.1, 30.0

Ranked = tuple[float, Match]


def ranked(matches: Sequence[Match], wanted: Sequence[Phrase], now: datetime) -> list[Ranked]:
    """Return matches with their ranks, best first, of equal ones the newest."""
    words = [tuple(folded(word) for word in phrase.words) for phrase in wanted]
    looked = list(zip(words, [phrase.is_open for phrase in wanted], strict=True))
    found = [(_rank(match, looked, now), match) for match in matches]
    return sorted(found, key=lambda each: (-each[0], -each[1].at.timestamp(), -each[1].pk))


def _rank(match: Match, looked: Sequence[tuple[tuple[str, ...], bool]], now: datetime) -> float:
    title, begin = (Counter(WORD.findall(folded(text))) for text in (match.title, match.begin))
    counts = [IN_TITLE * _count(title, *each) + _count(begin, *each) for each in looked]
    # What is only found behind the beginning counts a little.
    fit = sum((count or DEEP) / ((count or DEEP) + HALF) for count in counts) / len(counts)
    days = max(0.0, (now - match.at).total_seconds() / 86_400)
    return round((1 - FRESH) * fit + FRESH * DAYS / (DAYS + days), 4)


def _count(there: Counter[str], words: tuple[str, ...], is_open: bool) -> int:
    """Return how often a phrase can be there at most: as often as its rarest word."""
    counts = [there[word] for word in words]
    if is_open:
        counts[-1] = sum(count for word, count in there.items() if word.startswith(words[-1]))
    return min(counts)
