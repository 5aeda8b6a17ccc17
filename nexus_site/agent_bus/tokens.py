"""The tokens that this process gave out: who joins again from the same seat gets the same one.

Where a call has no seat nothing is kept, as every program with the key would get it.
"""

from collections import OrderedDict

from bus.identity import Caller

__all__ = ["Tokens", "tokens"]

MOST = 4096


class Tokens:
    """Tokens by who took which name where."""

    def __init__(self) -> None:
        """Start empty."""
        self._kept: OrderedDict[tuple[object, ...], str] = OrderedDict()

    def find(self, caller: Caller, topic: str, name: str) -> str | None:
        """Return the token of a name that this caller's seat took, None where there is none."""
        return self._kept.get(_place(caller, topic, name))

    def keep(self, caller: Caller, topic: str, name: str, token: str) -> None:
        """Keep a token, and forget the oldest where there are very many."""
        if not caller.seat:
            return
        self._kept[_place(caller, topic, name)] = token
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)


def _place(caller: Caller, topic: str, name: str) -> tuple[object, ...]:
    return caller.key.id if caller.key else 0, caller.seat, topic, name.casefold()


tokens = Tokens()
