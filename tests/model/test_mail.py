"""Mail against plain dictionaries, whatever is done in whatever order and whatever the clock shows."""

from copy import deepcopy
from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from bus import leases, presence
from bus.models import Agent, Delivery
from tests.figures import figure
from tests.model.stage import AGENTS, CLOCK

pytestmark = pytest.mark.slow
WHO = st.sampled_from(sorted(AGENTS))
NAMES = st.lists(WHO, min_size=1, max_size=3)
PICK = st.sampled_from([0, 0, 0, 1, 1, 4])
SOME = st.lists(PICK, min_size=1, max_size=2)
MOST = 5
PLAYED = ["message_create", *(f"inbox_{verb}" for verb in ["pull", "peek", "ack", "extend", "release", "requeue"])]


class Mail(RuleBasedStateMachine):
    """Messages, leases, receipts, expiry and parking."""

    stage = None

    @initialize()
    def begin(self):
        self.stage.begin_anew()
        Agent.objects.filter(name__in=AGENTS).update(connected_until=None, last_seen_at=self.stage.now)
        self.seen = dict.fromkeys(AGENTS, self.stage.now)
        self.box = {}  # (message, agent): lane, attempt, until, expires, priority, place, reason
        self.sent = []

    # What the model says.

    def presence(self, name):
        age = (self.stage.now - self.seen[name]).total_seconds()
        return "present" if age < 300 else "stale" if age < 1800 else "offline"

    def unread(self, who, box=None):
        box = self.box if box is None else box
        rows = [(-each["priority"], each["place"], key) for key, each in box.items() if key[1] == who]
        return [key for *_, key in sorted(rows) if box[key]["lane"] == "unread"]

    def return_leases(self, box, who=None):
        over = [
            each
            for (_, name), each in box.items()
            if each["lane"] == "delivered" and each["until"] <= self.stage.now and who in (None, name)
        ]
        for each in over:
            parks = each["attempt"] >= MOST
            each.update(lane="parked" if parks else "unread", until=None)
            each["reason"] = f"no ack after {each['attempt']} attempts" if parks else ""
        return len(over)

    def is_over(self, each):
        return each["expires"] is not None and each["expires"] <= self.stage.now

    def named(self, picks, who=None, wanted="delivered"):
        """Return picked messages, each once: those in the wanted lane of somebody first; past the last one unknown."""
        has = {key[0] for key, row in self.box.items() if row["lane"] == wanted and who in (None, key[1])}
        order = self.sent[::-1]
        order.sort(key=lambda message: message not in has)
        return list(dict.fromkeys(order[pick] if pick < len(order) else "msg_none" for pick in picks))

    # What happens.

    @rule(seconds=st.sampled_from(CLOCK))
    def turn_the_clock(self, seconds):
        self.stage.turn(seconds)

    @rule(who=WHO)
    def hear(self, who):
        self.stage.sweep(lambda caller: presence.arrive(self.caller_at(who)) or 0)
        self.seen[who] = self.stage.now

    def caller_at(self, who):
        return replace(self.stage.callers[who], now=self.stage.now)

    @rule()
    def restart(self):
        self.stage.close()

    @rule(
        who=WHO,
        to=st.one_of(WHO, WHO, st.just("broadcast"), st.sampled_from(["broadcast", "nobody"]), NAMES),
        priority=st.sampled_from([0, 5, 9]),
        expires=st.sampled_from([None, None, 20, 400, 0, -5]),
    )
    def send(self, who, to, priority, expires):
        until = None if expires is None else self.stage.after(expires)
        more = {} if until is None else {"expires_at": until.isoformat()}
        answer = self.stage.call(
            "message_create", who, to=to, subject=f"n{len(self.sent)}", body="x", priority=priority, **more
        )
        names = [to] if isinstance(to, str) else list(dict.fromkeys(to))
        stale = offline = []
        if to == "broadcast":
            others = [name for name in AGENTS if name != who]
            names, stale, offline = (
                [name for name in others if self.presence(name) == state] for state in ("present", "stale", "offline")
            )
        if "nobody" in names or who in names:
            assert answer == "unknown_agent"
        elif not names:
            assert answer == "no_recipients"
        elif until is not None and until <= self.stage.now:
            assert answer == "invalid_input"
        else:
            self.deliver(answer.message, names, priority, until)
            told = {each.agent: (each.presence, each.unread) for each in answer.recipients}
            assert told == {name: (self.presence(name), len(self.unread(name))) for name in names}
            assert (set(answer.excluded_stale), set(answer.excluded_offline)) == (set(stale), set(offline))

    def deliver(self, message, names, priority, expires):
        for name in names:
            row = {"lane": "unread", "attempt": 0, "until": None, "expires": expires, "reason": ""}
            self.box[message, name] = row | {"priority": priority, "place": len(self.sent)}
        self.sent.append(message)

    @rule(who=WHO, limit=st.sampled_from([1, 2, 20]), lease=st.sampled_from([10, 30, 300, 3600, 9, 3601]))
    def pull(self, who, limit, lease):
        answer = self.stage.call("inbox_pull", who, limit=limit, lease_seconds=lease)
        if not 10 <= lease <= 3600:
            assert answer == "invalid_input"
            return
        self.return_leases(self.box, who)
        taken = []
        for key in self.unread(who):
            each = self.box[key]
            if self.is_over(each):
                each.update(lane="expired", reason="expired")
            elif len(taken) < limit:
                each.update(lane="delivered", attempt=each["attempt"] + 1, until=self.stage.after(lease))
                taken.append((key[0], each["attempt"], each["until"]))
            if len(taken) == limit:
                break
        assert [(each.message, each.attempt, each.lease_until) for each in answer.messages] == taken
        assert answer.waiting == len(self.unread(who))

    @rule(who=WHO)
    def peek(self, who):
        box = deepcopy(self.box)
        self.return_leases(box, who)
        could = [key[0] for key in self.unread(who, box) if not self.is_over(box[key])]
        assert [each.message for each in self.stage.call("inbox_peek", who, limit=200).messages] == could

    @rule(who=WHO, picks=SOME)
    def ack(self, who, picks):
        ids = self.named(picks, who)
        answer = self.stage.call("inbox_ack", who, messages=ids)
        rows = {each: self.box.get((each, who)) for each in ids}
        if None in rows.values():
            assert answer == "not_found"
            return
        over = [(each, "expired", row["reason"]) for each, row in rows.items() if row["lane"] == "expired"]
        assert [(each.message, each.lane, each.reason) for each in answer.not_acked or []] == over
        assert answer.acked == [each for each, row in rows.items() if row["lane"] != "expired"]
        for each in answer.acked:
            rows[each].update(lane="read", until=None, reason="")

    @rule(who=WHO, picks=SOME, seconds=st.sampled_from([10, 300, 3600, 9]))
    def extend(self, who, picks, seconds):
        ids = self.named(picks, who)
        answer = self.stage.call("inbox_extend", who, messages=ids, seconds=seconds)
        if seconds < 10:
            assert answer == "invalid_input"
        elif rows := self.leased(who, ids, answer):
            for row in rows:
                row["until"] = self.stage.after(seconds)
            assert {each.message for each in answer.messages} == set(ids)
            assert {each.lease_until for each in answer.messages} == {self.stage.after(seconds)}

    @rule(who=WHO, picks=SOME)
    def release(self, who, picks):
        ids = self.named(picks, who)
        answer = self.stage.call("inbox_release", who, messages=ids)
        if rows := self.leased(who, ids, answer):
            assert answer.released == ids
            for row in rows:
                row.update(lane="unread", until=None)

    def leased(self, who, ids, answer):
        """Return the rows if a lease is held on each, else see that the call was refused and changed nothing."""
        box = deepcopy(self.box)
        self.return_leases(box, who)
        rows = [box.get((each, who)) for each in ids]
        if None in rows:
            assert answer == "not_found"
        elif any(row["lane"] != "delivered" for row in rows):
            assert answer == "conflict"
        else:
            self.box = box
            return rows
        return []

    @rule(pick=PICK, who=st.one_of(st.none(), WHO))
    def requeue(self, pick, who):
        (message,) = self.named([pick], who, "parked")
        order = {"message": message} | ({"agent": who} if who else {})
        answer = self.stage.call("inbox_requeue", "operator", **order)
        parked = [key for key, row in self.box.items() if key[0] == message and row["lane"] == "parked"]
        parked = [key for key in parked if who in (None, key[1])]
        if not parked:
            assert answer == "not_found"
            return
        assert sorted(answer.agents) == sorted(key[1] for key in parked)
        for key in parked:
            self.box[key].update(lane="unread", attempt=0, reason="")

    @rule(
        who=WHO,
        by=WHO,
        to=st.sampled_from(["broadcast", "alice", "bob"]),
        wait=st.sampled_from([0, 9, 31]),
        then=st.sampled_from(["ack", "extend", "release", "none"]),
    )
    def send_and_pull(self, who, by, to, wait, then):
        """Play the usual course of things, in time or late."""
        self.send(by, to, 5, None)
        self.pull(who, 2, 30)
        self.stage.turn(wait)
        if then == "extend":
            self.extend(who, [0], 300)
        elif then != "none":
            (self.ack if then == "ack" else self.release)(who, [0])

    @rule(who=WHO)
    def die_with_it_again_and_again(self, who):
        """Pull and never answer, until what was taken is parked."""
        for _ in range(MOST + 1):
            self.pull(who, 2, 10)
            self.stage.turn(11)

    @rule()
    def sweep_leases(self):
        assert self.stage.sweep(leases.end_over) == self.return_leases(self.box)

    @rule()
    def sweep_expiry(self):
        over = [each for each in self.box.values() if each["lane"] == "unread" and self.is_over(each)]
        assert self.stage.sweep(leases.expire_over) == len(over)
        for each in over:
            each.update(lane="expired", reason="expired")

    @rule()
    def sweep_presence(self):
        self.stage.sweep(presence.sweep)

    @invariant()
    def tables_are_as_the_model_says(self):
        if not hasattr(self, "box"):
            return
        rows = Delivery.objects.values_list(
            "message__public_id", "recipient__name", "lane", "attempt", "lease_until", "reason"
        )
        said = {key: (row["lane"], row["attempt"], row["until"], row["reason"]) for key, row in self.box.items()}
        assert {(message, name): tuple(rest) for message, name, *rest in rows} == said
        self.stage.counts["steps"] += 1

    def teardown(self):
        if hasattr(self, "box"):
            self.stage.assert_whole()


def test_mail_is_as_plain_dictionaries_say(stage):
    Mail.stage = stage
    run_state_machine_as_test(Mail, settings=settings(stateful_step_count=40))
    counts = stage.counts
    figure(
        "G6",
        "mail beside its model",
        f"{counts['examples']:,} runs, {counts['steps']:,} steps, {counts['calls']:,} calls, "
        f"{counts['refusals']:,} of them refused as foretold",
    )
    assert counts["refusals"] > counts["examples"]
    rare = [name for name in PLAYED if not stage.done[name]]
    assert len(rare) < 3, rare  # chance leaves one out now and then
