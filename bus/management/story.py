"""The story that `seed` plays: a hundred minutes of seven agents at work on a harbour's booking system."""

from bus.management import threads
from bus.management.stage import MINUTES, PERSON, Play

__all__ = ["LAST_SUBJECT", "play"]

LAST_SUBJECT = "Feature freeze on Thursday at 16:00"
HOUR, DAY = 3600, 86_400
EVERYBODY = ("ada", "boris", "cleo", "dmitri", "edda", "fay", "gil")


def play(stage: Play) -> None:
    """Play the whole story, scene by scene."""
    begin = (_plan, threads.at_first, _build, _quarrel, threads.half_way, _design)
    end = (threads.later_on, _break, _mend, _tidy, _close)
    for scene in (*begin, *end):
        scene(stage)


def _plan(stage: Play) -> None:
    for number, who in enumerate(EVERYBODY):
        stage.do(number / 10, who, "session_open", machine="runner-2" if who == "gil" else "quay")
    stage.say(
        1,
        "ada",
        "broadcast",
        "Plan for the booking release",
        "We ship bookings by the day on Friday.\n\n"
        "1. **boris**: no two bookings of one berth may overlap, and the database must say so.\n"
        "2. **cleo**: the calendar shows a year of bookings and the tides.\n"
        "3. **dmitri**: browser tests for both.\n\nI hand the pieces over in a minute. Tell me what is missing.",
        references=[{"kind": "file", "id": "docs/release-4.md", "label": "Release plan"}],
    )
    stage.read(2, *EVERYBODY[1:])


def _build(stage: Play) -> None:
    job = stage.hand_over(
        3,
        "ada",
        "boris",
        "Refuse overlapping bookings in the database",
        body="Exclusion constraint on `(berth, during)`; map its violation to a 409 in `api/bookings.py`.",
        priority=7,
        paths=["harbor/bookings/**", "migrations/0041_*.py"],
        payload={"branch": "booking-constraint", "issue": 412},
    )
    stage.claim(4, "boris", job)
    stage.step(7, "boris", "renew", job, note="Constraint written; 14 rows overlap today, moving them to `disputed`")
    stage.step(11, "boris", "renew", job, note="Old rows moved, 409 mapped, tests next")
    result = {"commit": "8c1f0de", "tests": "31 passed", "note": "14 old rows are `disputed` now"}
    stage.step(15, "boris", "complete", job, result=result)
    stage.here(15.5, "cleo", "fay")
    review = stage.hand_over(
        16,
        "boris",
        {"capability": "review"},
        "Review the booking constraint",
        body="Please look at the lock that migration 0041 takes: `bookings` has 2.1 million rows.",
    )
    stage.claim(17, "fay", review)
    stage.step(20, "fay", "complete", review, result="Add the constraint NOT VALID, validate it after. Else fine.")
    stage.read(21, "ada", "boris")


def _quarrel(stage: Play) -> None:
    subject = "Do bookings that only touch overlap?"
    asked = stage.say(
        22,
        "boris",
        "ada",
        subject,
        "One boat leaves at 10:00, the next arrives at 10:00. With `[)` ranges they do not overlap, with `[]` they do. "
        "The old code has `[]`; nobody noticed, as it rounds to days.",
    )
    stage.read(22.5, "ada")
    answer = stage.reply(23, "ada", asked, "Half-open, `[)`. Please add a test with exactly that pair.", subject)
    stage.read(23.5, "boris")
    stage.reply(24, "boris", answer, "Added: `test_two_boats_touch_at_ten`. It failed before, it passes now.", subject)
    stage.say(
        25,
        PERSON,
        "boris",
        "Keep the public API stable",
        "Partners poll `GET /bookings` every minute. New fields are welcome, changed ones are not.",
        priority=8,
    )
    stage.read(25.5, "boris", "ada")


def _design(stage: Play) -> None:
    job = stage.hand_over(
        26,
        "ada",
        "cleo",
        "Show a year of bookings and the tides in the calendar",
        body="Tides come from `harbor/tides.py`, one value an hour. Mockup: `design/calendar.png`.",
        acceptance_criteria=["A year of bookings loads in under 200 ms", "Every berth can be reached by keyboard"],
        verify_by="fay",
        lease_seconds=HOUR,
        paths=["web/calendar/**"],
    )
    stage.claim(27, "cleo", job)
    stage.step(36, "cleo", "renew", job, note="Grid is virtual now: 365 days by 80 berths in 140 ms")
    stage.step(44, "cleo", "complete", job, result={"commit": "f00e2b1", "load_ms": 140})
    feedback = "Loads in 138 ms. But Tab leaves the grid after the first berth: arrow keys need a roving tabindex."
    stage.step(49, "fay", "verify", job, verdict="fail", feedback=feedback)
    _rebuild(stage)
    stage.step(58, "cleo", "renew", job, note="Roving tabindex works; screen reader labels next")
    stage.step(66, "cleo", "complete", job, result={"commit": "3b77c90", "load_ms": 141})
    colours = stage.hand_over(
        67,
        "ada",
        "cleo",
        "Give the calendar colours that work in both themes",
        acceptance_criteria=["Contrast is at least 4.5 in light and dark"],
    )
    stage.claim(68, "cleo", colours)
    stage.step(
        72, "cleo", "complete", colours, result="Tokens `--berth-free` and `--berth-taken`; contrast 5.1 and 6.3."
    )
    stage.step(74, "ada", "verify", colours, verdict="pass", feedback="Measured 5.1 and 6.3 as well. Thank you.")


def _rebuild(stage: Play) -> None:
    stage.here(49.5, "gil")
    image = stage.hand_over(
        50,
        "ada",
        {"capability": "ci"},
        "Move the build image to Debian 13",
        body="Python 3.11 stays. Watch the size: we are at 410 MB.",
        lease_seconds=DAY,
        paths=[".ci/**", "Dockerfile"],
    )
    stage.claim(51, "gil", image)
    stage.step(53, "gil", "renew", image, note="Image builds; 388 MB; playwright still wants libwoff1")
    stage.say(
        54,
        "dmitri",
        "gil",
        "Please restart runner-2",
        "Its disk is full: 0 bytes free in `/var/lib/docker`.",
        priority=8,
    )
    for attempt in range(6):
        stage.do(54.5 + attempt / 4, "gil", "inbox_pull", lease_seconds=10, limit=1)


def _break(stage: Play) -> None:
    red = stage.say(
        80,
        "dmitri",
        "boris",
        "CI is red on main: migration 0042",
        "`0042_berth_index` runs before `0041` on a new database. Log attached.",
        priority=9,
        references=[
            {"kind": "file", "id": "migrations/0042_berth_index.py"},
            {"kind": "url", "id": "https://ci.example.org/runs/5120", "label": "Failing run"},
        ],
    )
    stage.read(80.5, "boris")
    stage.reply(
        81, "boris", red, "Missing dependency, my mistake. Fixed in 51d2a07; the run is green.", "CI is red on main"
    )
    stage.read(81.5, "dmitri")


def _mend(stage: Play) -> None:
    flaky = stage.hand_over(
        82, "ada", "dmitri", "Find out why test_two_boats_one_berth is flaky", body="It failed 3 times in 200 runs."
    )
    stage.claim(82.5, "dmitri", flaky)
    mail = stage.hand_over(83, "ada", "edda", "Translate the welcome mail into Dutch")
    stage.do(84, "edda", "handoff_reject", handoff=mail, reason="I write English and Icelandic only.")
    cache = stage.hand_over(84.5, "boris", {"capability": "python"}, "Try a Redis cache for the calendar")
    stage.hand_over(
        85,
        "cleo",
        {"role": "tester"},
        "Click through the calendar before the demo at noon",
        due_at=stage.at(90).isoformat(),
    )
    stage.say(
        86,
        "ada",
        ["edda", "cleo"],
        "Staging is down for two minutes",
        "New database parameters. Nothing is lost.",
        expires_at=stage.at(88).isoformat(),
    )
    error = {"reason": "Could not reproduce it in 2,000 runs", "next": "Needs the runner's kernel; see runner-2"}
    stage.step(87, "dmitri", "complete", flaky, error=error)
    stage.do(88, "boris", "handoff_cancel", handoff=cache, reason="140 ms without it: not needed.")


def _tidy(stage: Play) -> None:
    stage.here(90.5, "dmitri")
    load = stage.hand_over(
        91, "ada", {"capability": "tests"}, "Load test: 300 bookings a second", body="Target: p99 under 80 ms."
    )
    stage.claim(91.5, "dmitri", load)
    stage.hand_over(
        92,
        "ada",
        {"agent": "edda", "fallback": {"capability": "docs"}, "fallback_after": HOUR},
        "Write the upgrade notes for release 4",
        body="What operators must do by hand: nothing but `migrate`. Mention the disputed bookings.",
    )
    reason = "The runner is too small: it saturates at 190 a second. Somebody with the big one, please."
    stage.step(93, "dmitri", "release", load, reason=reason)
    index = stage.hand_over(94, "ada", "boris", "Index bookings by berth and day", priority=6, lease_seconds=HOUR)
    stage.claim(95, "boris", index)
    stage.step(95.3, "boris", "renew", index, note="Partial index on open bookings: 41 MB instead of 160")


def _close(stage: Play) -> None:
    stage.here(95.5, "ada", "boris", "cleo")
    stage.say(
        96,
        "fay",
        {"tag": {"team": ["core", "ui"]}},
        "Two findings in the upload form",
        "1. The file name is shown unescaped in the error page.\n2. The limit is checked after the whole body was read.\n\n"
        "I would block the release on the first one.",
        priority=8,
        references=[{"kind": "file", "id": "harbor/uploads/views.py", "label": "Lines 40 to 72"}],
    )
    stage.say(97, "cleo", "edda", "Words for the empty calendar", 'Now: "No data". I would like something kinder.')
    stage.do(97.5, "ada", "inbox_pull", lease_seconds=1800, limit=2)
    stage.read(98, "cleo")
    stage.here(98.5, "dmitri", "fay")
    threads.at_last(stage)
    stage.say(
        MINUTES - 1,
        "ada",
        "broadcast",
        LAST_SUBJECT,
        "After that only fixes for the release. Please close or release what you hold, and say so if you cannot.",
        priority=7,
    )
    stage.read(MINUTES - 0.5, "boris")
