"""`verify`: whether the file is sound, the log whole, and the tables say what the log says."""

import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings

from bus import clock, storage
from bus.management.base import NexusCommand
from bus.verifier import Report, verify


class Command(NexusCommand):
    help = "Check the database, the log's chain and the tables against the log. Exit code 1 when something is wrong."

    def act(self, options: Mapping[str, Any]) -> None:
        began = time.monotonic()
        report = verify()
        seconds = round(time.monotonic() - began, 1)
        found = len(report.problems) + report.more
        storage.note_check(settings.NEXUS_HOME, storage.Check(clock.now(), report.events, found))
        self.say(options, report.as_dict() | {"seconds": seconds}, list(_lines(report, seconds)))
        if not report.is_clean:
            sys.exit(1)


def _lines(report: Report, seconds: float) -> Iterator[str]:
    counted = [(report.events, "event"), (report.workspaces, "workspace"), (report.checkpoints, "checkpoint")]
    yield f"Checked {', '.join(_count(*each) for each in counted)} in {seconds} s."
    if report.is_clean:
        yield "All is well: the log is whole, and the tables say what it says."
        return
    yield f"{_count(len(report.problems) + report.more, 'problem')}:"
    for problem in report.problems:
        yield f"  {problem.where}: {problem.what} {problem.means}"
    if report.more:
        yield f"  and {report.more:,} more."


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
