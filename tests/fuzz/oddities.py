"""Texts that have broken parsers before, and strategies around them."""

from typing import Any

from hypothesis import strategies as st

__all__ = ["JSON", "TEXTS", "URL_TEXTS", "deep"]

ODD = [
    "",
    " ",
    "0",
    "-1",
    "007",
    "1.5",
    "1e400",
    "NaN",
    "-Infinity",
    "9" * 19,
    "9" * 5000,
    "000001" + "9" * 19,
    "\u0663",
    "\u00b2",
    "true",
    "null",
    "None",
    "[]",
    "{}",
    "\x00",
    "a\x00b",
    "\r\n",
    "\ud800",
    "\ufeff",
    "\u202e",
    "\U0001f600" * 60,
    "%00",
    "%",
    "%zz",
    "+",
    "a b",
    "*" * 400,
    "'; DROP TABLE bus_event; --",
    "<script>",
    "{{ 7 * 7 }}",
    "../" * 20,
    "/",
    "C:\\",
    "2026-01-31T14:06:41Z",
    "2026-01-31T14:06:41.123456789+00:00",
    "2026-02-30",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-W05-6",
    "2026-01-31T24:00:00Z",
    "nxs_",
    "nxs_a_b",
    "nxs___",
    "cur_",
    "cur_" + "A" * 40,
    "msg_" + "0" * 300,
    "x" * 5000,
]

LARGE = [2**31, 2**53, 2**63, -(2**63) - 1, 10**30]

TEXTS = st.sampled_from(ODD) | st.text(max_size=40)
# What a URL or a form can carry: no half characters.
URL_TEXTS = st.sampled_from([text for text in ODD if text != "\ud800"]) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=40
)


def deep(levels: int, leaf: Any = 1) -> Any:
    """Return lists and objects inside each other."""
    for level in range(levels):
        leaf = [leaf] if level % 2 else {"a": leaf}
    return leaf


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.sampled_from(LARGE)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
)
JSON = st.recursive(
    SCALARS, lambda inside: st.lists(inside, max_size=4) | st.dictionaries(TEXTS, inside, max_size=4), max_leaves=8
) | st.sampled_from([deep(150), deep(190), deep(190, "x")])
