"""Times and sizes in words, at every edge."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard.moments import ago, left, size, span, urgency

NOW = datetime(2026, 3, 15, 14, 30, tzinfo=UTC)
KB, MB, GB, TB = 1024, 1024**2, 1024**3, 1024**4


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-60, "in 1:00"),
        (-2, "in 0:02"),
        (-1, "now"),
        (0, "now"),
        (9.9, "now"),
        (10, "10 s ago"),
        (59.9, "59 s ago"),
        (60, "1 min ago"),
        (3599, "59 min ago"),
        (3600, "13:30"),
        (14.5 * 3600, "00:00"),
        (14.5 * 3600 + 1, "yesterday 23:59"),
        (38.5 * 3600, "yesterday 00:00"),
        (38.5 * 3600 + 1, "13 Mar"),
        (73 * 86_400, "1 Jan"),
        (74 * 86_400, "31 Dec 2025"),
    ],
)
def test_moments_get_coarser_the_longer_they_are_past(seconds, said):
    assert ago(NOW - timedelta(seconds=seconds), NOW) == said


def test_minutes_are_told_across_midnight():
    midnight = NOW.replace(hour=0, minute=5)
    assert ago(midnight - timedelta(minutes=10), midnight) == "10 min ago"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-5, "0:00"),
        (0, "0:00"),
        (48.9, "0:48"),
        (60, "1:00"),
        (252, "4:12"),
        (3599, "59:59"),
        (3600, "1 h 0 min"),
        (7500, "2 h 5 min"),
        (86_399, "23 h 59 min"),
        (86_400, "1 d"),
        (3 * 86_400 + 7, "3 d"),
    ],
)
def test_what_is_left_is_a_clock_then_hours_then_days(seconds, said):
    assert left(seconds) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(-1, "0 s"), (9, "9 s"), (59, "59 s"), (60, "1 min"), (3599, "59 min"), (7500, "2 h 5 min")]
)
def test_spans_are_words(seconds, said):
    assert span(seconds) == said


@pytest.mark.parametrize(
    ("seconds", "whole", "said"),
    [
        (-1, 900, "is-over"),
        (0, 900, "is-over"),
        (0.5, 900, "is-red"),
        (59, 60, "is-red"),
        (60, 60, ""),
        (134, 900, "is-red"),
        (135, 900, "is-amber"),
        (359, 900, "is-amber"),
        (360, 900, ""),
        (900, 900, ""),
    ],
)
def test_countdown_turns_amber_then_red(seconds, whole, said):
    assert urgency(seconds, whole) == said


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "0 bytes"),
        (512, "512 bytes"),
        (1023, "1023 bytes"),
        (KB, "1.0 KB"),
        (MB - 1, "1.0 MB"),
        (MB, "1.0 MB"),
        (int(41.4 * MB), "41.4 MB"),
        (GB - 1, "1.0 GB"),
        (TB, "1.0 TB"),
        (5000 * TB, "5000.0 TB"),
    ],
)
def test_sizes_take_the_unit_that_fits(count, said):
    assert size(count) == said
