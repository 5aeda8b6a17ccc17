"""What a check found, and how findings are shown."""

import argparse
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from nexus_site.cli.command import REFUSED, aligned, show

__all__ = ["FAIL", "OK", "WARN", "Finding", "lines_of", "report"]

OK, WARN, FAIL = "ok", "warning", "failed"


@dataclass(frozen=True)
class Finding:
    """What one check found, and the command that mends it."""

    state: str
    subject: str
    text: str
    fix: str = ""


def lines_of(found: Iterable[Finding]) -> list[str]:
    """Return findings under each other, each with its remedy."""
    return aligned(
        [(each.state, each.subject, each.text + (f"  Run: {each.fix}" if each.fix else "")) for each in found]
    )


def report(given: argparse.Namespace, found: Iterable[Finding]) -> int:
    """Show findings, each with its remedy; exit code 1 when a check failed."""
    findings = list(found)
    failed = any(each.state == FAIL for each in findings)
    show(given, {"ok": not failed, "findings": [asdict(each) for each in findings]}, lines_of(findings))
    return REFUSED if failed else 0
