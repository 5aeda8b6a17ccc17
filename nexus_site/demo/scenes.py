"""The story: a plan, a question, a contested job, a failed verification and its repair, and one who falls silent."""

import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from nexus_site.demo.client import Refused
from nexus_site.demo.team import LEAD, SILENT, Team

__all__ = ["play"]

BUILDERS = ("bo", "cy")
PRIORITY = (5, 7, 8)
# What the reviewer misses, and how it is repaired.
FAULTS = (
    ("One error path has no test: what happens when the file is empty?", "Test for the empty file added"),
    ("A name says what it does and not what it is: `process2`.", "Renamed, and its callers with it"),
    ("It logs the whole request, with the password in it.", "Logs the path only; a test looks for the password"),
)
PATIENCE = 45.0  # real seconds for a lease of 30 to end


def play(team: Team) -> None:
    """Play rounds until the time is over; the one who falls silent does so in the first and stays so."""
    _fall_silent(team)
    number = 0
    while True:
        _plan(team, number)
        _ask(team, number)
        _work(team, number)
        if number == 0:
            _rescue(team)
        number += 1


def _plan(team: Team, number: int) -> None:
    repository, file = team.repository, team.repository.file(number)
    sent = team.do(
        LEAD,
        "message_create",
        to=team.everybody,
        subject=f"Round {number + 1}: what follows on “{repository.subject[:80]}”",
        body=f"We start from `{repository.commit}`. Next is `{file}`; I hand the pieces over in a moment.",
        references=[{"kind": "file", "id": file}],
    )
    reached = [each["agent"] for each in sent["recipients"]]
    left_out = [*sent["excluded_stale"], *sent["excluded_offline"]]
    team.say(f"{team.name(LEAD)} writes to everybody: {len(reached)} reached" + _not_reached(left_out))
    team.pause(4)
    for who in (*BUILDERS, "dee"):
        _read(team, who)
        team.pause(1)


def _not_reached(names: list[str]) -> str:
    return f"; not reached, as stale or offline: {', '.join(names)}" if names else ""


def _read(team: Team, who: str) -> list[Any]:
    messages = list(team.do(who, "inbox_pull", limit=20)["messages"])
    if messages:
        team.do(who, "inbox_ack", messages=[each["message"] for each in messages])
    return messages


def _ask(team: Team, number: int) -> None:
    asker, file = BUILDERS[number % 2], team.repository.file(number)
    question = team.do(
        asker,
        "message_create",
        to=team.name(LEAD),
        subject=f"Who calls {file.rpartition('/')[2]}?",
        body=f"I would like to change a signature in `{file}`. Is anybody else in there?",
        priority=PRIORITY[number % len(PRIORITY)],
    )
    team.say(f"{team.name(asker)} asks {team.name(LEAD)} about {file}")
    team.pause(4)
    _read(team, LEAD)
    body = "Nobody that I know of. Reserve it first, then go ahead; `paths_check` says who holds what."
    team.do(LEAD, "message_create", to=team.name(asker), reply_to=question["message"], subject="Go ahead", body=body)
    team.say(f"{team.name(LEAD)} answers")
    team.pause(3)
    _read(team, asker)


def _work(team: Team, number: int) -> None:
    file = team.repository.file(number)
    job = team.hand_over(
        LEAD,
        title=f"Tidy up {file}",
        to={"capability": "demo-code"},
        body=f"Shorter functions in `{file}`, and a test for each error path.",
        acceptance_criteria=["Every error path has a test", "No function is longer than before"],
        verify_by=team.name("dee"),
        paths=[file],
    )
    team.say(f"{team.name(LEAD)} hands over “Tidy up {file}” to whoever is first")
    team.pause(3)
    won = _contest(team, job)
    if won is None:
        team.do(LEAD, "handoff_cancel", handoff=job, reason="Somebody else holds the file.")
        team.done(job)
        return
    team.pause(3)
    _finish(team, job, *won, number)
    _read(team, LEAD)
    team.pause(4)


def _finish(team: Team, job: str, winner: str, epoch: int, number: int) -> None:
    """Complete the job, have it refused, repair it, and have it accepted."""
    held: dict[str, Any] = {"handoff": job, "epoch": epoch}
    feedback, repair = FAULTS[number % len(FAULTS)]
    team.do(winner, "handoff_renew", **held, note="Two functions split, tests next")
    team.pause(5)
    team.do(winner, "handoff_complete", **held, result={"tests": "31 passed"})
    team.say(f"{team.name(winner)} is done and waits for {team.name('dee')}")
    team.pause(4)
    team.do("dee", "handoff_verify", **held, verdict="fail", feedback=feedback)
    team.say(f"{team.name('dee')} refuses it: {feedback}")
    team.pause(5)
    team.do(winner, "handoff_renew", **held, note=repair)
    team.do(winner, "handoff_complete", **held, result={"tests": "32 passed"})
    team.pause(4)
    team.do("dee", "handoff_verify", **held, verdict="pass", feedback="Checked again. Thank you.")
    team.done(job)
    team.say(f"{team.name(winner)} repairs it, {team.name('dee')} accepts")


def _contest(team: Team, job: str) -> tuple[str, int] | None:
    """Let both builders claim at the same moment; return who won and under which epoch, None where nobody could."""

    def claim(who: str) -> Any:
        try:
            return team.do(who, "handoff_claim", handoff=job)["epoch"]
        except Refused as refused:
            return refused.code

    rivals = random.sample(BUILDERS, len(BUILDERS))  # nosec B311
    with ThreadPoolExecutor(len(rivals)) as pool:
        outcomes = dict(zip(rivals, pool.map(claim, rivals), strict=True))
    winner, loser = sorted(rivals, key=lambda who: isinstance(outcomes[who], str))
    if isinstance(outcomes[winner], str):
        return None
    team.say(f"{team.name(winner)} and {team.name(loser)} claim at once: {team.name(winner)} has it")
    thanks = f"You were faster ({outcomes[loser]}). I look at the tests around it meanwhile."
    team.do(loser, "message_create", to=team.name(winner), subject="It is yours", body=thanks, priority=2)
    team.pause(2)
    _read(team, winner)
    return winner, int(outcomes[winner])


def _fall_silent(team: Team) -> None:
    seconds = team.shortest_lease()
    order = {
        "title": "Say in the manual how to start",
        "to": [team.name(SILENT), {"capability": "demo-code"}],
        "lease_seconds": seconds,
    }
    try:
        job = team.hand_over(LEAD, **order)
    except Refused as refused:
        job = team.hand_over(LEAD, **{**order, "lease_seconds": refused.error["details"].get("low", 30)})
    team.silent_job = job
    team.do(SILENT, "handoff_claim", handoff=job)
    team.say(f"{team.name(SILENT)} claims a job and is not heard of again")
    team.pause(2)


def _rescue(team: Team) -> None:
    """Let somebody else finish what the silent one has claimed, once its lease is over."""
    job, who = team.silent_job, BUILDERS[1]

    def is_open() -> bool:
        return bool(team.do(who, "handoff_get", handoff=job)["state"] == "open")

    if not team.until(is_open, PATIENCE):
        return
    epoch = team.do(who, "handoff_claim", handoff=job)["epoch"]
    team.say(f"the lease of {team.name(SILENT)} has ended; {team.name(who)} takes over (epoch {epoch})")
    team.pause(4)
    team.do(who, "handoff_complete", handoff=job, epoch=epoch, result="Three commands, with their output.")
    team.done(job)
    team.pause(2)
