"""What a board of handoffs and files does, said once more in dictionaries and without a line of the product."""

from datetime import timedelta

from tests.model.stage import AGENTS

__all__ = ["Board"]

LIVE = ("open", "claimed", "verifying")
LEASE = timedelta(seconds=30)
ALIKE = {frozenset(pair) for pair in (("a/**", "a/b"), ("a/**", "*/b"), ("a/b", "*/b"))}


class Board:
    """Handoffs in the order of their making, and files by holder."""

    def __init__(self):
        """Begin with nothing; `told` are those that the newest call offered something to."""
        self.jobs, self.with_jobs, self.reserved, self.told = [], {}, {}, set()

    def job(self, pick, wanted=LIVE):
        """Return a job, those in the wanted states first, the newest of them first; None past the last."""
        order = self.jobs[::-1]
        order.sort(key=lambda job: job["state"] not in wanted)
        return order[pick] if pick < len(order) else None

    # Who.

    @staticmethod
    def target(to):
        name = to["agent"] if isinstance(to, dict) and "agent" in to else to
        return name if isinstance(name, str) and name != "broadcast" else None

    def address(self, now, to):
        target, pool, fallback, at = self.target(to), [], None, None
        if target is None:
            pool = to if isinstance(to, list) else [to]
        elif isinstance(to, dict):
            fallback, at = [to["fallback"]], now + timedelta(seconds=to["fallback_after"])
        return {"target": target, "pool": pool, "fallback": fallback, "fallback_at": at}

    @staticmethod
    def fits(who, part):
        if isinstance(part, dict):
            return part["capability"] in AGENTS.get(who, ())
        return part in (who, "broadcast")

    def may_claim(self, now, who, job):
        parts = list(job["pool"])
        if job["fallback"] and job["fallback_at"] <= now:
            parts += job["fallback"]
        return who == job["target"] or any(self.fits(who, part) for part in parts)

    def offer(self, job, caller, but=()):
        named = {part for part in [job["target"], *job["pool"]] if isinstance(part, str) and part in AGENTS}
        fitting = {who for who in AGENTS if who != caller and any(self.fits(who, part) for part in job["pool"])}
        reached = (named | fitting) - set(but)
        if job["target"] != job["creator"]:
            reached.discard(job["creator"])
        job["shown"] |= {who for who in reached if job["seen"] != "private" or who == job["target"]}
        self.told = reached

    def verifier(self, job):
        """Return a name, a selector, or None for a person."""
        wanted = job["verify_by"] or job["creator"]
        if isinstance(wanted, dict):
            return wanted
        return None if wanted in ("human", job["last"]) else wanted

    def may_verify(self, who, job):
        asked = self.verifier(job)
        if who == job["last"]:
            return False
        return who == "operator" or (self.fits(who, asked) if isinstance(asked, dict) else who == asked)

    def may_see(self, now, who, job):
        if who == "operator" or job["seen"] == "public" or who in (job["creator"], job["target"], job["last"]):
            return True
        if (job["seen"] == "eligible" or self.state_at(now, job) == "open") and self.may_claim(now, who, job):
            return True
        return (job["state"] == "verifying" and self.may_verify(who, job)) or who in job["shown"]

    # When.

    def has_lapsed(self, now, job):
        return job["state"] == "claimed" and job["until"] <= now

    def state_at(self, now, job):
        if job["state"] in LIVE and job["due"] is not None and job["due"] <= now:
            return "expired"
        if self.has_lapsed(now, job):
            return "failed" if job["attempts"] + 1 >= job["most"] else "open"
        return job["state"]

    # Files.

    def files(self):
        for public_id, (who, until, globs) in self.with_jobs.items():
            yield from ((public_id, who, glob, until) for glob in globs)
        yield from ((None, who, glob, until) for (who, glob), until in self.reserved.items())

    def are_taken(self, now, who, globs):
        held = [glob for _, name, glob, until in self.files() if name != who and (until is None or until > now)]
        return any(a == b or frozenset((a, b)) in ALIKE for a in globs for b in held)

    def hold(self, job):
        if job["paths"]:
            self.with_jobs[job["id"]] = (job["claimant"], job["until"], job["paths"])

    def free(self, job):
        self.with_jobs.pop(job["id"], None)

    def reserve(self, now, who, globs, until):
        if self.are_taken(now, who, globs):
            return "path_taken"
        for glob in globs:
            self.reserved[who, glob] = max(until, self.reserved.get((who, glob), until))
        return None

    # How things end.

    def close(self, job, state):
        job.update(state=state, claimant=None, until=None)
        self.free(job)

    def let_go(self, now, job, caller, *, counts=True, offers=True):
        job["attempts"] += counts
        executor = job["claimant"]
        if counts and job["attempts"] >= job["most"]:
            self.close(job, "failed")
            return
        job.update(state="open", claimant=None, until=None)
        self.free(job)
        if offers and job["fallback"] and job["fallback_at"] <= now:
            self.fall_back(job, caller)
        elif offers:
            self.offer(job, caller, but=(executor,))

    def fall_back(self, job, caller):
        told = (job["target"], job["last"])
        job.update(pool=job["fallback"], fallback=None, fallback_at=None)
        self.offer(job, caller, but=told)

    # What is asked: each returns the code of a refusal, or None.

    def create(self, now, who, public_id, *, to, visibility, max_attempts, criteria, due, **more):
        job = {"id": public_id, "creator": who, "seen": visibility, "most": max_attempts, "criteria": criteria}
        job |= {"state": "open", "epoch": 0, "attempts": 0, "claimant": None, "last": None, "until": None}
        job |= {"due": due, "error": False, "shown": {who}} | self.address(now, to) | more
        self.jobs.append(job)
        self.offer(job, who)

    def best(self, now, who):
        could = [job for job in self.jobs if self.state_at(now, job) == "open" and self.may_claim(now, who, job)]
        could = [job for job in could if not self.are_taken(now, who, job["paths"])]
        return max(could, key=lambda job: job["priority"], default=None)

    def handoff_claim(self, now, who, job):
        if not self.may_claim(now, who, job):
            return "forbidden" if self.may_see(now, who, job) else "not_found"
        state = self.state_at(now, job)
        if state != "open":
            return "already_claimed" if state in ("claimed", "verifying") else "not_open"
        if self.are_taken(now, who, job["paths"]):
            return "path_taken"
        if self.has_lapsed(now, job):
            self.let_go(now, job, who, offers=False)
        job.update(state="claimed", claimant=who, last=who, until=now + LEASE, epoch=job["epoch"] + 1)
        job["shown"].add(who)
        self.hold(job)
        return None

    def not_mine(self, now, who, job, epoch):
        if not self.may_see(now, who, job):
            return "not_found"
        if epoch != job["epoch"] or job["last"] is None:
            return "stale_epoch"
        return None if who == job["last"] else "forbidden"

    def not_held(self, now, who, job, epoch):
        if code := self.not_mine(now, who, job, epoch):
            return code
        if self.has_lapsed(now, job) or job["state"] in ("open", "failed"):
            return "stale_epoch"
        return None if self.state_at(now, job) == "claimed" else "not_open"

    def handoff_renew(self, now, who, job, *, epoch):
        if code := self.not_held(now, who, job, epoch):
            return code
        job["until"] = now + LEASE
        self.hold(job)
        return None

    def handoff_release(self, now, who, job, *, epoch):
        if code := self.not_held(now, who, job, epoch):
            return code
        return self.let_go(now, job, who)

    def handoff_complete(self, now, who, job, *, epoch, result=None, error=None):
        code = (self.not_held if error else self.not_mine)(now, who, job, epoch)
        if code or error:
            return code or job.update(error=True) or self.close(job, "failed")
        state = self.state_at(now, job)
        if state not in ("claimed", "open") and (state != "failed" or job["error"]):
            return "not_open"
        if not job["criteria"]:
            return self.close(job, "completed")
        job.update(state="verifying", claimant=job["last"], until=None)
        self.hold(job) if state == "claimed" else self.free(job)
        asked = self.verifier(job)
        if isinstance(asked, dict):
            job["shown"] |= {name for name in AGENTS if self.fits(name, asked) and name != job["last"]}
        elif asked:
            job["shown"].add(asked)
        return None

    def handoff_verify(self, now, who, job, *, epoch, verdict):
        if not self.may_see(now, who, job):
            return "not_found"
        if epoch != job["epoch"]:
            return "stale_epoch"
        if self.state_at(now, job) != "verifying":
            return "not_open"
        if not self.may_verify(who, job):
            return "forbidden"
        if verdict == "pass":
            return self.close(job, "completed")
        job.update(state="claimed", until=now + LEASE)
        if job["id"] not in self.with_jobs and self.are_taken(now, job["claimant"], job["paths"]):
            return self.let_go(now, job, who, counts=False)
        self.hold(job)
        return None

    def handoff_reject(self, now, who, job):
        if not self.may_see(now, who, job):
            return "not_found"
        if job["target"] != who or job["pool"]:
            return "forbidden"
        if self.state_at(now, job) != "open":
            return "not_open"
        if self.has_lapsed(now, job):
            self.let_go(now, job, who, offers=False)
        return self.close(job, "rejected")

    def not_own(self, now, who, job, states):
        if not self.may_see(now, who, job):
            return "not_found"
        if who not in ("operator", job["creator"]):
            return "forbidden"
        return None if self.state_at(now, job) in states else "not_open"

    def handoff_cancel(self, now, who, job):
        return self.not_own(now, who, job, LIVE) or self.close(job, "cancelled")

    def handoff_reassign(self, now, who, job, *, to):
        if code := self.not_own(now, who, job, ("open", "claimed")):
            return code
        job.update(state="open", claimant=None, last=None, until=None, **self.address(now, to))
        self.free(job)
        if job["seen"] == "private":
            job["shown"] &= {job["creator"]}
        return self.offer(job, who)

    def lease_break(self, now, who, job):
        if self.state_at(now, job) != "claimed":
            return "not_open"
        return self.let_go(now, job, who, counts=False)

    # What time does.

    def sweep_leases(self, now):
        over = [job for job in self.jobs if self.has_lapsed(now, job)]
        for job in over:
            if self.state_at(now, job) == "expired":
                self.close(job, "expired")
            else:
                self.let_go(now, job, "system")
        return len(over)

    def sweep_due(self, now):
        over = [job for job in self.jobs if self.state_at(now, job) == "expired" and job["state"] in LIVE]
        for job in over:
            self.close(job, "expired")
        return len(over)

    def sweep_fallbacks(self, now):
        over = [job for job in self.jobs if job["state"] == "open" and job["fallback"] and job["fallback_at"] <= now]
        for job in over:
            self.fall_back(job, "system")
        return len(over)

    def sweep_reservations(self, now):
        over = [key for key, until in self.reserved.items() if until <= now]
        for key in over:
            del self.reserved[key]
        return len(over)
