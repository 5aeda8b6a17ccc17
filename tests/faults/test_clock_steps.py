"""A clock that jumps an hour either way while serving: epochs decide, so nothing has two winners and nothing is lost."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.faults.harm import Agent, add
from tests.figures import figure
from tests.serving.processes import ROOT, Serve, nexus

pytestmark = pytest.mark.slow
HOUR = 3600
STEPS = (HOUR, 0, -HOUR, 0, HOUR, -HOUR, 0)
HANDOFFS, MESSAGES = 40, 60
WORK: dict[str, Any] = {"title": "Work", "to": {"capability": "work"}, "max_attempts": 100}


class Clock:
    """The clock that the server reads."""

    def __init__(self, file: Path) -> None:
        """Show the true time."""
        self.file = file
        self.set(0)

    def set(self, seconds: int) -> None:
        """Show another time, at once and whole."""
        part = self.file.with_suffix(".part")
        part.write_text(str(seconds))
        part.rename(self.file)


class Stage(NamedTuple):
    """A server whose clock can be set, and who is there."""

    clock: Clock
    alice: Agent
    bob: Agent
    carol: Agent


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A server that the tests of this module share, at the true time for each."""
    folder = tmp_path_factory.mktemp("clock")
    clock = Clock(folder / "clock")
    path = f"{Path(__file__).parent / 'stepped'}:{ROOT}"
    server = Serve(folder / "home", PYTHONPATH=path, STEPPED_CLOCK=str(clock.file))
    try:
        alice, bob, carol = (add(server, name, capabilities=["work"]) for name in ("alice", "bob", "carol"))
        for agent in (alice, bob, carol):
            assert agent.rest("whoami")[0] == 200
        yield Stage(clock, alice, bob, carol)
        server.stop()
    finally:
        server.clear_away()


@pytest.fixture(autouse=True)
def at_the_true_time(stage: Stage) -> None:
    """Begin each test at the true time."""
    stage.clock.set(0)


def _given(stage: Stage, **more: Any) -> str:
    status, answer = stage.alice.rest("handoffs", WORK | more)
    assert status == 201, answer
    return str(answer["handoff"])


def test_after_a_step_forward_and_back_only_the_newer_epoch_counts(stage: Stage) -> None:
    job = _given(stage)
    assert stage.bob.rest(f"handoffs/{job}/claim", {})[1]["epoch"] == 1
    stage.clock.set(HOUR)
    assert stage.carol.mcp("handoff_claim", handoff=job)["epoch"] == 2
    stage.clock.set(0)  # by this clock bob's lease still runs
    status, late = stage.bob.rest(f"handoffs/{job}/complete", {"epoch": 1, "result": "bob's"})
    assert (status, late["error"]["code"]) == (409, "stale_epoch")
    assert stage.bob.mcp("handoff_renew", handoff=job, epoch=1)["error"]["code"] == "stale_epoch"
    assert stage.carol.rest(f"handoffs/{job}/complete", {"epoch": 2, "result": "carol's"})[1]["state"] == "completed"


def test_after_a_step_back_a_lease_lasts_and_its_holder_still_finishes(stage: Stage) -> None:
    job = _given(stage)
    stage.clock.set(HOUR)
    assert stage.bob.rest(f"handoffs/{job}/claim", {})[1]["epoch"] == 1
    stage.clock.set(-HOUR)
    status, held = stage.carol.rest(f"handoffs/{job}/claim", {})
    assert (status, held["error"]["code"]) == (409, "already_claimed")
    assert stage.bob.rest(f"handoffs/{job}/complete", {"epoch": 1, "result": "bob's"})[1]["state"] == "completed"


def test_mail_that_was_leased_in_the_hour_to_come_is_not_lost(stage: Stage) -> None:
    stage.clock.set(HOUR)
    assert stage.alice.send("carol", "early")[0] == 201
    (taken,) = stage.carol.mcp("inbox_pull")["messages"]
    stage.clock.set(0)
    assert stage.carol.rest("inbox")[1]["messages"] == []  # it is still hers
    assert stage.carol.rest("inbox/release", {"messages": [taken["message"]]})[0] == 200
    (again,) = stage.carol.mcp("inbox_pull")["messages"]
    assert (again["message"], again["attempt"]) == (taken["message"], 2)
    assert stage.carol.rest("inbox/ack", {"messages": [again["message"]]})[1]["acked"] == [again["message"]]


class Race:
    """Senders, readers and claimers at work while the clock steps, and what each was answered."""

    def __init__(self, stage: Stage) -> None:
        """Keep who is there."""
        self.stage = stage
        self.sent: set[str] = set()
        self.read: set[str] = set()
        self.won: Counter[tuple[str, int]] = Counter()
        self.completed: Counter[str] = Counter()
        self.is_over = threading.Event()
        self.steps, self.holding = 0, threading.Semaphore(2)

    def send(self) -> None:
        for number in range(MESSAGES):
            self.steps = number * len(STEPS) // MESSAGES
            self.stage.clock.set(STEPS[self.steps])
            status, answer = self.stage.alice.send("bob", f"n{number}")
            assert status == 201, answer
            self.sent.add(answer["message"])
            if number < HANDOFFS:
                _given(self.stage)

    def pull(self) -> None:
        def once() -> bool:
            taken = self.stage.bob.rest("inbox/pull", {"limit": 5})[1]["messages"]
            for each in taken:
                self.stage.bob.rest("inbox/ack", {"messages": [each["message"]]})
            self.read.update(each["message"] for each in taken)
            return bool(taken)

        self._until_over(once)

    def work(self, agent: Agent) -> None:
        def once() -> bool:
            claim = agent.rest("handoffs/claim", {})[1]
            if not claim.get("claimed"):
                return False
            job, epoch = claim["handoff"], claim["epoch"]
            self.won[job, epoch] += 1
            self._hold()
            status, answer = agent.rest(f"handoffs/{job}/complete", {"epoch": epoch, "result": agent.name})
            self.completed[job] += status == 200 and answer["state"] == "completed"
            return True

        self._until_over(once)

    def _hold(self) -> None:
        """Let the clock step twice under a claim, while no more than two claims wait for it."""
        if self.holding.acquire(blocking=False):
            begun = self.steps
            while self.steps < begun + 2 and not self.is_over.wait(0.02):
                continue
            self.holding.release()

    def _until_over(self, once: Callable[[], bool]) -> None:
        """Go on until nothing is left after everything was sent, by a clock at which every lease is over."""
        while once() or not self.is_over.wait(0.05):
            continue
        while once():
            continue

    def run(self) -> None:
        with ThreadPoolExecutor(8) as pool:
            workers = [pool.submit(self.pull)]
            workers += [pool.submit(self.work, agent) for agent in (self.stage.bob, self.stage.carol) for _ in range(2)]
            try:
                pool.submit(self.send).result()
                self.stage.clock.set(2 * HOUR)
            finally:
                self.is_over.set()
            for worker in workers:
                worker.result()


def test_while_the_clock_steps_nothing_has_two_winners_and_no_message_is_lost(stage: Stage) -> None:
    race = Race(stage)
    race.run()
    assert len(race.sent) == MESSAGES
    assert race.sent <= race.read
    assert set(race.won.values()) == {1}
    assert len(race.completed) == HANDOFFS
    assert set(race.completed.values()) == {1}
    epochs: dict[str, list[int]] = {}
    for job, epoch in sorted(race.won):
        epochs.setdefault(job, []).append(epoch)
    assert all(found == list(range(1, len(found) + 1)) for found in epochs.values())
    assert nexus(stage.alice.server.home, "verify").returncode == 0
    figure("G12", f"claims and messages while the clock stepped by an hour {len(STEPS) - 1} times", _figure(race))


def _figure(race: Race) -> str:
    return f"{len(race.won)} claims of {HANDOFFS} handoffs, one winner each; {len(race.sent)} messages, 0 lost"
