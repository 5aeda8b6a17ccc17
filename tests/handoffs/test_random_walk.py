"""Whatever a cast does in whatever order, the log adds up to the tables and the rules hold."""

import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import combinations

import pytest

from bus import checkpoints, clock, door, fold, identity
from bus.errors import Refusal
from bus.verifier import verify
from handoffs import globs, sweeps
from handoffs.fold import actual
from handoffs.models import CLOSED, Handoff, PathClaim, State

STEPS = 80
REASONS = {"forbidden", "not_found", "stale_epoch", "not_open", "already_claimed", "path_taken"}
ADDRESSES = [
    "bob",
    "carol",
    {"capability": "review"},
    "broadcast",
    {"agent": "carol", "fallback": "broadcast", "fallback_after": 45},
]


class Walk:
    """Random calls by random agents, with a clock that jumps on."""

    def __init__(self, seed, callers, operator):
        self.random = random.Random(seed)
        self.callers, self.operator = callers, operator
        self.now = clock.now()
        self.claims = {}

    def step(self):
        self.now += timedelta(seconds=self.random.choice([0, 1, 10, 35]))
        name, order = self.pick()
        caller = self.somebody(order or {})
        if name == "sweep":
            for work in (sweeps.end_leases, sweeps.expire, sweeps.fall_back):
                door.run_work(lambda work=work: work(replace(identity.system(), now=self.now)))
            return
        answer = self.call(name, replace(caller, now=self.now), order)
        if name == "handoff_claim" and answer is not None and answer.claimed:
            self.claims[answer.handoff] = self.claims.get(answer.handoff, 0) + 1
            assert answer.epoch == self.claims[answer.handoff]

    def call(self, name, caller, order):
        """Return the answer, or None when the call is refused for a reason that a handoff may have."""
        try:
            return door.run(name, caller, order)
        except Refusal as refusal:
            if refusal.code not in REASONS:
                raise
            return None

    def somebody(self, order):
        """Mostly who has or gave the job, so that things move."""
        row = Handoff.objects.filter(public_id=order.get("handoff", "")).first()
        if row is not None and self.random.random() < 0.7:
            wanted = row.last_claimant_id if row.state == "claimed" else row.creator_id
            return next((each for each in self.callers if each.agent.id == wanted), self.operator)
        return self.random.choice([*self.callers, self.operator])

    def pick(self):
        rows = list(Handoff.objects.values_list("public_id", "epoch"))
        if not rows or self.random.random() < 0.15:
            return "handoff_create", self.job()
        handoff, epoch = self.random.choice(rows)
        order = {"handoff": handoff}
        held = order | {"epoch": epoch}
        return self.random.choice(
            [
                ("sweep", None),
                ("handoff_claim", {}),
                ("handoff_claim", order),
                ("handoff_claim", order),
                ("handoff_renew", held),
                ("handoff_release", held),
                ("handoff_complete", held | {"result": "x"}),
                ("handoff_complete", held | {"result": "x"}),
                ("handoff_complete", held | {"error": "x"}),
                ("handoff_verify", held | {"verdict": "pass"}),
                ("handoff_verify", held | {"verdict": "fail"}),
                ("handoff_reject", order),
                ("handoff_cancel", order),
                ("handoff_reassign", order | {"to": self.random.choice(ADDRESSES)}),
                ("lease_break", order),
            ]
        )

    def job(self):
        order = {"title": "Job", "to": self.random.choice(ADDRESSES), "lease_seconds": 30}
        order["max_attempts"] = self.random.choice([1, 2, 5])
        order["visibility"] = self.random.choice(["public", "eligible", "private"])
        if self.random.random() < 0.4:
            order["acceptance_criteria"] = ["x"]
        if self.random.random() < 0.3:
            order["paths"] = [self.random.choice(["a/**", "a/b", "c"])]
        if self.random.random() < 0.2:
            order["due_at"] = (self.now + timedelta(seconds=120)).isoformat()
        return order


def assert_files_have_one_holder(now):
    """No two agents hold files that overlap, and whoever has a claim now holds all the files of it."""
    held = list(PathClaim.objects.in_force(now))
    for one, other in combinations(held, 2):
        assert one.agent_id == other.agent_id or not globs.overlap(one.glob, other.glob)
    counts = Counter((each.handoff_id, each.agent_id) for each in held)
    for job in Handoff.objects.filter(state=State.CLAIMED, lease_until__gt=now):
        assert counts[job.pk, job.claimant_id] == len(job.paths)


@pytest.mark.parametrize("seed", range(6))
def test_the_log_and_the_tables_never_part(seed, alice, bob, carol, dave, operator, workspace):
    walk = Walk(seed, [alice, bob, carol, dave], operator)
    state, seq = fold.empty(), 0
    for _ in range(STEPS):
        walk.step()
        assert_files_have_one_holder(walk.now)
        head = checkpoints.head(workspace.id)
        for entry in checkpoints.entries(workspace.id, seq, head):
            fold.fold(state, entry)
        seq = head
        assert state["handoffs"] == actual(workspace.id)
    assert dict(Handoff.objects.filter(epoch__gt=0).values_list("public_id", "epoch")) == walk.claims
    assert Handoff.objects.filter(state__in=CLOSED).exists()
    report = verify()
    assert report.is_clean, report.problems
