"""What a call costs does not grow with what is kept: instructions of the database in two installations, one of them four
times as big. They are counted, not timed, so that the answer is the same on every machine.
"""

import pytest

from benchmarks.scale_data import make
from benchmarks.scale_steps import costs
from tests.figures import figure

pytestmark = pytest.mark.slow

SMALL, BIG = 1_500, 6_000
MOST_TIMES, MOST_MORE = 1.5, 3_000
# Why a call may cost more: how far it reads is bounded by something else.
BOUNDED = {
    "message_list peer": "one's own messages",
    "message_list kind": "one's own messages",
    "message_list lane": "one's own messages",
    "conversation_read": "one's own messages, and handoffs that retention keeps",
    "search": "10,000 entries of each table",
    "event_list": "20,000 events a page",
    "event_list types": "20,000 events a page",
    "event_list subjects": "20,000 events a page",
    "handoff_list": "handoffs that retention keeps",
    "handoff_list mine": "handoffs that retention keeps",
    "handoff_list states": "handoffs that retention keeps",
}


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """Return what each call costs in the small and in the big installation."""
    folder = tmp_path_factory.mktemp("growth")
    for messages in (SMALL, BIG):
        make(folder / str(messages), folder / f"project-{messages}", messages)
    small, big = (costs(folder / str(messages)) for messages in (SMALL, BIG))
    return {name: (small[name].steps, big[name].steps) for name in small}


def call(name):
    """Return the call of a name, without its agent and number."""
    return name.split(" ", 2)[2]


def grows(before, after):
    return after > max(before * MOST_TIMES, before + MOST_MORE)


def test_no_call_costs_more_in_a_bigger_installation(measured):
    growing = {name: cost for name, cost in measured.items() if grows(*cost) and call(name) not in BOUNDED}
    assert growing == {}
    steady = [name for name in measured if call(name) not in BOUNDED]
    most = max(after / max(before, MOST_MORE) for before, after in map(measured.get, steady))
    figure(
        "S", f"database work a call with {BIG:,} messages against {SMALL:,}", f"{len(steady)} calls, {most:.2f} at most"
    )


def test_what_is_bounded_otherwise_is_a_call_that_is_measured(measured):
    assert set(BOUNDED) <= {call(name) for name in measured}


def test_mail_of_others_costs_a_newcomer_nothing(measured):
    own = [cost for name, cost in measured.items() if name.startswith("newcomer") and "message_list" in name]
    assert len(own) == 4
    assert max(after for _, after in own) < 1_000
