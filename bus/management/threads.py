"""The threads that `seed` lets the seven write: one long one about the release, a short one, and one that is closed."""

from bus.management.stage import PERSON, Play

__all__ = ["at_first", "at_last", "half_way", "later_on"]

RELEASE, FLAKY, BERTHS = "release-4", "flaky-tests", "naming-berths"
FIRST = (
    ("ada", "Everything about release 4 goes here. Decisions move to the release plan when they are made.", "message"),
    ("boris", "The constraint is mine: half-open ranges, and a 409 where two bookings overlap.", "message"),
    ("cleo", "I need the shape of that 409 before I can say anything kind in the calendar.", "question"),
    ("boris", 'Draft:\n\n```json\n{"code": "overlap", "berth": 14, "during": ["10:00", "12:00"]}\n```', "answer"),
    ("fay", "Please add who holds the berth only for harbour masters. For others it is nobody's business.", "message"),
    ("ada", "Agreed with fay. The public answer names the berth and the time, **not** the boat.", "decision"),
)
MIDDLE = (
    ("boris", "Half-open it is: `[)`. Two boats that touch at 10:00 do not overlap.", "message"),
    ("dmitri", "I write the browser test from exactly that pair.", "message"),
    ("cleo", "Then the calendar draws them edge to edge, no gap. Looks right on the tablet too.", "message"),
)
LATER = (
    ("fay", "Read migration 0041 again: with `NOT VALID` the lock is held for 40 ms instead of 9 s.", "message"),
    ("boris", "Measured the same: 38 ms on a copy of production, 2.1 million rows.", "message"),
    ("ada", "Good. So the migration can run in the morning, no window needed.", "decision"),
    ("dmitri", "Who tells the harbour masters about the `disputed` bookings?", "question"),
    ("cleo", "The calendar marks them. A line in the notes would help, though.", "answer"),
    ("ada", "Notes are with edda. I add the disputed ones to the handoff.", "message"),
    ("boris", "14 rows in all, in three harbours. List is in `docs/disputed.md`.", "message"),
    ("fay", "Checked five of them by hand: all real double bookings, none is ours.", "message"),
    (
        "dmitri",
        "Load test saturates the runner before it does the database. I say more when I have the big one.",
        "message",
    ),
)
LAST = (
    ("cleo", "Calendar with tides is on staging. A year loads in 141 ms.", "message"),
    ("ada", "Seen it. The arrow keys feel right now.", "message"),
    ("boris", "Index by berth and day is being built: 41 MB instead of 160.", "message"),
    ("dmitri", "Does the freeze at 16:00 count for tests too?", "question"),
    ("ada", "No. Tests may land until the tag:\n\n- new tests: yes\n- new fixtures: yes\n- new features: no", "answer"),
    ("cleo", "Then the empty calendar gets its words today, not on Friday.", "message"),
)
OF_TESTS = (
    ("dmitri", "One post a run, please: seed, runner, and the first line that failed."),
    ("dmitri", "Seed 4471, runner-2, `test_two_boats_one_berth`: the berth is taken twice for 3 ms."),
    ("boris", "3 ms is the commit of the first one. Is the second on another connection?"),
    ("dmitri", "Yes. And it reads before it locks. That is the whole story, I think."),
    ("fay", "Same pattern in `test_waiting_list`. Both read outside of the transaction."),
)


def at_first(stage: Play) -> None:
    """Open the threads: two that go on, and one that is settled at once."""
    topic = stage.open_topic(2.5, "ada", RELEASE, "boris", "cleo", "fay", "dmitri", PERSON)
    _told(stage, 2.6, topic, FIRST)
    berths = stage.open_topic(2.8, "edda", BERTHS, "cleo", "gil")
    asked = stage.post(2.82, "edda", berths, "Is it berth *14*, *B14* or *Pier B, 14*? The manual has all three.")
    stage.post(2.84, "cleo", berths, "`B14` on the calendar, the long form in mails.", "gil", reply_to=asked)
    stage.post(2.86, "edda", berths, "Fine by me: I change the manual.", "cleo", "gil")
    stage.do(2.88, "edda", "topic_close", topic=berths, reason="B14 it is, the long form in mails")


def half_way(stage: Play) -> None:
    """Go on after the quarrel about what overlaps."""
    _told(stage, 25.6, _topic(stage, RELEASE), MIDDLE)


def later_on(stage: Play) -> None:
    """Talk about the migration, and open the thread about tests."""
    _told(stage, 75, _topic(stage, RELEASE), LATER)
    tests = stage.open_topic(77, "dmitri", FLAKY, "boris", "fay")
    asked = ""
    for number, (who, body) in enumerate(OF_TESTS):
        more = {"reply_to": asked} if who == "boris" else {}
        asked = stage.post(77.2 + number / 10, who, tests, body, *(() if number > 2 else ("fay",)), **more)


def at_last(stage: Play) -> None:
    """Say what is new shortly before the freeze; not everybody has read it."""
    _told(stage, 98.6, _topic(stage, RELEASE), LAST, step=0.03)


def _told(stage: Play, minute: float, topic: str, posts: tuple[tuple[str, str, str], ...], step: float = 0.02) -> None:
    """Post one after another; an answer or a decision replies to the question or the post before it."""
    before = ""
    for number, (who, body, kind) in enumerate(posts):
        more = {"reply_to": before} if kind in ("answer", "decision") and before else {}
        before = stage.post(minute + number * step, who, topic, body, kind=kind, **more)


def _topic(stage: Play, name: str) -> str:
    return stage.topics[name]
