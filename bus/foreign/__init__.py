"""Bringing in what another program kept: agents, letters and threads become rows and events as if they had come here."""

from bus.foreign.letters import Letter, Receipt, post
from bus.foreign.people import Person, enrol
from bus.foreign.settling import DryRun, Report, Settling, begun, settle
from bus.foreign.threads import Cursor, Say, Thread, say, take_part

__all__ = [
    "Cursor",
    "DryRun",
    "Letter",
    "Person",
    "Receipt",
    "Report",
    "Say",
    "Settling",
    "Thread",
    "begun",
    "enrol",
    "post",
    "say",
    "settle",
    "take_part",
]
